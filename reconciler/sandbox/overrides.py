"""Customer billing overrides (OpenMeter v1, `/billing/customers`): which profile a customer is pinned to.

The row outlives its deletion and is revived by the next PUT. An override without a profile follows the
default until the second such PUT, which pins it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reconciler.sandbox import profiles
from reconciler.sandbox.context import Context
from reconciler.sandbox.customers import customer_by_id
from reconciler.sandbox.customers import view as customer_view
from reconciler.sandbox.http import NO_CONTENT, Problem, Request, Response
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.listing import PAGE, is_descending, order_by, page_body
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.schema import ULID, Arr, Bool, Obj, Str
from reconciler.sandbox.store import Where
from reconciler.sandbox.tables import CUSTOMERS, OVERRIDES
from reconciler.sandbox.values import present

routes: Final = Routes()

_COLLECTION: Final = "/api/v1/billing/customers"
_ITEM: Final = f"{_COLLECTION}/{{customer_id}}"
_PATH: Final = {"customer_id": ULID}
_BODY: Final = Obj(name="BillingProfileCustomerOverrideCreate", optional={"billingProfileId": ULID})
_EXPAND: Final = {"expand": Arr(Str(enum=("apps", "customer")))}
_ORDERS: Final = {
    "customerId": "id",
    "customerName": "name",
    "customerKey": "key",
    "customerPrimaryEmail": "primaryEmail",
    "customerCreatedAt": "createdAt",
}
_LIST: Final = {
    **PAGE,
    **_EXPAND,
    **order_by(*_ORDERS),
    "billingProfile": Arr(ULID),
    "customerId": Arr(ULID),
    "customersWithoutPinnedProfile": Bool(),
    "includeAllCustomers": Bool(),
    **{name: Str() for name in ("customerName", "customerKey", "customerPrimaryEmail")},
}


@routes.get(_COLLECTION, query=_LIST)
def list_overrides(ctx: Context, request: Request) -> Response:
    """Without page parameters everything, as page 0; with `page` alone everything on every page.

    Source: OpenMeter v1, customer override list: `pageSize` alone makes a negative offset, a 500 unless
    there is nothing to list anyway.
    """
    page, size = request.args.get("page", 0), request.args.get("pageSize", 0)
    found = _listed(ctx, request.args)
    if size and not page and found:
        raise Problem(500)
    shown = found[(page - 1) * size : page * size] if size else found
    expand = request.args.get("expand", [])
    items = [_view(ctx, customer, _live(ctx, customer["id"]), expand, listed=True) for customer in shown]
    return Response(200, page_body(items, page, size, len(found)))


@routes.get(_ITEM, path=_PATH, query=_EXPAND)
def get_override(ctx: Context, request: Request, customer_id: str) -> Response:
    """Answered for every customer, a deleted one too: without an override the default applies."""
    customer = customer_by_id(ctx, customer_id)
    return Response(200, _view(ctx, customer, _live(ctx, customer_id), request.args.get("expand", [])))


@routes.put(_ITEM, path=_PATH, body=_BODY)
def put_override(ctx: Context, request: Request, customer_id: str) -> Response:
    """Create, change or revive; a deleted profile is accepted."""
    customer = customer_by_id(ctx, customer_id)
    profile_id = request.body.get("billingProfileId")
    if profile_id is not None:
        profiles.find_profile(ctx, profile_id)
    row = ctx.store.first(OVERRIDES, Where(keys=[customer_id], live=None))
    if row is not None:
        row = {name: value for name, value in row.items() if name != "deletedAt"}
        profile_id = profile_id or _default(ctx)["id"]
    return Response(200, _view(ctx, customer, profiles.pin(ctx, customer_id, profile_id, row), []))


@routes.delete(_ITEM, path=_PATH)
def delete_override(ctx: Context, request: Request, customer_id: str) -> Response:  # noqa: ARG001
    """Not repeatable; the customer itself is not looked up."""
    override = _live(ctx, customer_id)
    if override is None:
        where = f"BillingCustomerOverride/{customer_id}"
        raise profiles.coded("customer_override_not_found", "customer override not found", where, status=404)
    deleted = {**override, "deletedAt": ctx.now()}
    ctx.store.put(OVERRIDES, deleted, key=customer_id, parent=override["billingProfileId"])
    return NO_CONTENT


def _live(ctx: Context, customer_id: str) -> Doc | None:
    return ctx.store.first(OVERRIDES, Where(keys=[customer_id]))


def _default(ctx: Context) -> Doc:
    profile = profiles.default_profile(ctx)
    if profile is None:
        raise profiles.coded("default_profile_not_found", "default profile not found", "", status=404)
    return profile


def _view(ctx: Context, customer: Doc, override: Doc | None, expand: list[str], *, listed: bool = False) -> Doc:
    """The effective profile, and the override if there is one.

    `customerOverride.customerId` is the override's own id: the server confuses them. The apps of a
    profile that applies by default come in full, those of a pinned one as references.
    """
    pinned = override["billingProfileId"] if override else None
    profile = profiles.find_profile(ctx, pinned) if pinned else _default(ctx)
    by_default = override is None or (listed and pinned is None)
    shown = profiles.view(ctx, profile, expanded=by_default or "apps" in expand)
    view = {
        "baseBillingProfileId": profile["id"],
        "customerProfile": present(shown, ["supplier", "workflow", "apps"]),
    }
    if override is not None:
        named = {} if listed and pinned is None else {"billingProfileId": profile["id"]}
        times = present(override, ["createdAt", "updatedAt"])
        view["customerOverride"] = {"customerId": override["id"], **named, **times}
    if "customer" in expand:
        view["customer"] = customer_view(customer)
    return view


def _listed(ctx: Context, args: Mapping[str, Any]) -> list[Doc]:
    """The customers the list is about, in its order: highest id first."""
    where = Where(
        ids=args.get("customerId"),
        keys=[args["customerKey"]] if "customerKey" in args else None,
        contains={
            field: args[name]
            for name, field in (("customerName", "name"), ("customerPrimaryEmail", "primaryEmail"))
            if name in args
        },
    )
    order = _ORDERS[args.get("orderBy", "customerId")]
    found = ctx.store.find(CUSTOMERS, where, order=order, descending=is_descending(args, default=True))
    return [customer for customer in found if _is_meant(ctx, customer["id"], args)]


def _is_meant(ctx: Context, customer_id: str, args: Mapping[str, Any]) -> bool:
    """Whether the filters let a customer through.

    A customer whose override was deleted counts neither as having one nor as having none.
    """
    row = ctx.store.first(OVERRIDES, Where(keys=[customer_id], live=None))
    wanted = args.get("billingProfile", [])
    pinned = row is not None and "deletedAt" not in row and (not wanted or row["billingProfileId"] in wanted)
    if args.get("customersWithoutPinnedProfile"):
        return not pinned
    if pinned or not args.get("includeAllCustomers"):
        return pinned
    return row is None and (not wanted or _default(ctx)["id"] in wanted)
