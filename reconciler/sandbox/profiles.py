"""Billing profiles (OpenMeter v1, `/billing/profiles`).

One live profile is the default. It cannot be unset or deleted; making another one the default demotes
it, and if the two use apps of different types, customers with open subscription lines stay behind on
the old one through an override of their own.
"""

from __future__ import annotations

from typing import Final

from reconciler.sandbox import apps
from reconciler.sandbox.context import Context
from reconciler.sandbox.http import NO_CONTENT, Problem, Request, Response
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.listing import PAGE, order_by, page_of
from reconciler.sandbox.marketplace import SANDBOX
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.schema import NULLABLE_METADATA, ULID, Arr, Bool, Obj, Schema, Str
from reconciler.sandbox.store import EVERYTHING, LIVE, Where
from reconciler.sandbox.tables import APPS, GATHERING_INVOICES, OVERRIDES, PROFILES
from reconciler.sandbox.values import present
from reconciler.sandbox.workflow import WORKFLOW, check_periods, check_tax_code, read_workflow

routes: Final = Routes()

ADDRESS_FIELDS: Final = ("country", "postalCode", "state", "city", "line1", "line2", "phoneNumber")
ADDRESS: Final = Obj(
    optional={
        "country": Str(min=2, max=2, pattern="^[A-Z]{2}$"),
        **{name: Str() for name in ADDRESS_FIELDS if name != "country"},
    }
)
_ROLES: Final = ("tax", "invoicing", "payment")
_SUPPLIER: Final = Obj(
    optional={
        "key": Str(min=1, max=256),
        "name": Str(),
        "taxId": Obj(optional={"code": Str(min=1, max=32)}),
        "addresses": Arr(ADDRESS, max_items=1),
    }
)
_COMMON: Final[dict[str, Schema]] = {
    "name": Str(min=1, max=256),
    "supplier": _SUPPLIER,
    "default": Bool(),
    "workflow": WORKFLOW,
}
_OPTIONAL: Final[dict[str, Schema]] = {"description": Str(max=1024), "metadata": NULLABLE_METADATA}
_CREATE: Final = Obj(
    name="BillingProfileCreate",
    required={**_COMMON, "apps": Obj(required=dict.fromkeys(_ROLES, ULID))},
    optional=_OPTIONAL,
)
_REPLACE: Final = Obj(name="BillingProfileReplaceUpdateWithWorkflow", required=_COMMON, optional=_OPTIONAL)

_COLLECTION: Final = "/api/v1/billing/profiles"
_ITEM: Final = f"{_COLLECTION}/{{id}}"
_PATH: Final = {"id": ULID}
_EXPAND: Final = {"expand": Arr(Str(enum=("apps",)))}
_LIST: Final = {
    **PAGE,
    **_EXPAND,
    **order_by("createdAt", "updatedAt", "default", "name"),
    "includeArchived": Bool(),
}


def seed(ctx: Context) -> None:
    """Make the default profile on the sandbox app where no default is: at every start of the server."""
    app = ctx.store.first(APPS, Where(keys=[SANDBOX]))
    if app is not None and default_profile(ctx) is None:
        profile = {
            **_born(ctx),
            "name": "openmeter-sandbox",
            "description": "Default profile for OpenMeter sandbox",
            "default": True,
            "supplier": {"name": "OpenMeter", "addresses": [{"country": "US"}]},
            "workflow": read_workflow({}),
            "app": app["id"],
        }
        _put(ctx, profile)


@routes.get(_COLLECTION, query=_LIST)
def list_profiles(ctx: Context, request: Request) -> Response:
    """Newest first; `expand` is accepted and ignored."""
    where = EVERYTHING if request.args.get("includeArchived") else LIVE
    order = request.args.get("orderBy", "createdAt")
    page = page_of(ctx, request, PROFILES, where, order=order, descending=True)
    return Response(200, {**page, "items": [view(ctx, profile) for profile in page["items"]]})


@routes.post(_COLLECTION, body=_CREATE)
def create_profile(ctx: Context, request: Request) -> Response:
    """All three apps must be the same; an uninstalled one will do. The answer shows them in full."""
    body = request.body
    content = _content(body)
    named = [apps.find_app(ctx, body["apps"][role]) for role in _ROLES]
    if len({app["id"] for app in named}) > 1:
        raise Problem(400, "all apps must be the same")
    check_tax_code(content["workflow"], {})
    demoted = _demoted(ctx, None) if content["default"] else None
    profile = {**_born(ctx), **content, **present(body, ["description"]), "app": named[0]["id"]}
    return Response(201, _written(ctx, profile, demoted))


@routes.get(_ITEM, path=_PATH, query=_EXPAND)
def get_profile(ctx: Context, request: Request, id: str) -> Response:  # noqa: A002
    """Deleted ones too, with `deletedAt`."""
    expanded = "apps" in request.args.get("expand", [])
    return Response(200, view(ctx, find_profile(ctx, id), expanded=expanded))


@routes.put(_ITEM, path=_PATH, body=_REPLACE)
def replace_profile(ctx: Context, request: Request, id: str) -> Response:  # noqa: A002
    """The apps stay; an omitted description is kept, everything else omitted is reset."""
    check_periods(request.body["workflow"])
    old = find_profile(ctx, id)
    if "deletedAt" in old:
        raise coded("profile_already_deleted", "profile already deleted", f"id={id}")
    if old["default"] and not request.body["default"]:
        raise coded("default_profile_cannot_be_unset", "default profile cannot be unset", f"id={id}")
    content = _content(request.body, old["workflow"]["invoicing"]["subscriptionEndProrationMode"])
    check_tax_code(content["workflow"], old["workflow"])
    kept = present(old, ["id", "createdAt", "description", "app"])
    described = present(request.body, ["description"])
    demoted = _demoted(ctx, id) if content["default"] else None
    profile = {**kept, **content, **described, "updatedAt": ctx.later()}
    return Response(200, _written(ctx, profile, demoted))


@routes.delete(_ITEM, path=_PATH)
def delete_profile(ctx: Context, request: Request, id: str) -> Response:  # noqa: A002, ARG001
    """Repeatable. An override of a customer that is itself deleted still counts as a reference."""
    profile = find_profile(ctx, id)
    if "deletedAt" in profile:
        return NO_CONTENT
    if profile["default"]:
        raise coded("default_profile_cannot_be_deleted", "default profile cannot be deleted", f"id={id}")
    if overrides := ctx.store.find(OVERRIDES, Where(parent=id)):
        customers = " ".join(override["customerId"] for override in overrides)
        message = "profile is referenced by customer overrides"
        raise coded("profile_referenced", message, f"profile_id={id}, customer_ids=[{customers}]")
    now = ctx.now()
    _put(ctx, {**profile, "updatedAt": now, "deletedAt": now})
    return NO_CONTENT


def find_profile(ctx: Context, profile_id: str) -> Doc:
    """The profile with this id, deleted or not; else a Problem 404."""
    profile = ctx.store.get(PROFILES, profile_id)
    if profile is None:
        raise coded("profile_not_found", "profile not found", f"id={profile_id}", status=404)
    return profile


def default_profile(ctx: Context) -> Doc | None:
    """The live profile that applies to customers without an override."""
    return ctx.store.first(PROFILES, Where(keys=["default"]))


def view(ctx: Context, profile: Doc, *, expanded: bool = False) -> Doc:
    """A profile as shown, its apps as references or in full."""
    shown = {name: value for name, value in profile.items() if name != "app"}
    app = apps.view(apps.find_app(ctx, profile["app"])) if expanded else {"id": profile["app"]}
    return {**shown, "apps": dict.fromkeys(_ROLES, app)}


def coded(code: str, message: str, where: str, *, status: int = 400) -> Problem:
    """A refusal of the billing service: its extensions are flat (OpenMeter v1, billing errors)."""
    detail = f"{message} [{where}]"
    return Problem(status, detail, extensions={"code": code, "message": message, "severity": "critical"})


def _content(body: Doc, end_proration: str | None = None) -> Doc:
    """What POST and PUT have in common, normalised and checked."""
    workflow = read_workflow(body["workflow"], *([end_proration] if end_proration else []))
    content = {
        "name": body["name"],
        "default": body["default"],
        "supplier": _supplier(body["supplier"]),
        "workflow": workflow,
    }
    return {**content, "metadata": body["metadata"]} if body.get("metadata") else content


def _supplier(body: Doc) -> Doc:
    """Only a name, one address and a tax code are stored; a tax code without an address is lost."""
    address: Doc = next(iter(body.get("addresses", [])), {})
    if not body.get("name"):
        raise Problem(400, "invalid supplier: name is required")
    if "country" not in address:
        raise Problem(400, "invalid supplier: country is required")
    supplier = {"name": body["name"], "addresses": [present(address, ADDRESS_FIELDS)]}
    code = present(body.get("taxId", {}), ["code"])
    return {**supplier, "taxId": code} if code else supplier


def _born(ctx: Context) -> Doc:
    now = ctx.later()
    return {"id": ctx.new_id(), "createdAt": now, "updatedAt": now}


def _demoted(ctx: Context, own_id: str | None) -> Doc | None:
    """The default that makes room for another; it is written first, so it is the older of the two."""
    old = default_profile(ctx)
    if old is None or old["id"] == own_id:
        return None
    return _put(ctx, {**old, "default": False, "updatedAt": ctx.later()})


def _written(ctx: Context, profile: Doc, demoted: Doc | None) -> Doc:
    """Store a profile and show it with its apps in full."""
    _put(ctx, profile)
    if demoted is not None:
        _keep_customers(ctx, demoted, profile)
    return view(ctx, profile, expanded=True)


def _keep_customers(ctx: Context, old: Doc, new: Doc) -> None:
    """Pin customers with subscription lines waiting to be invoiced, if the app's type changes."""
    types = {apps.find_app(ctx, profile["app"])["type"] for profile in (old, new)}
    if len(types) == 1:
        return
    for invoice in ctx.store.find(GATHERING_INVOICES):
        override = ctx.store.first(OVERRIDES, Where(keys=[invoice["customerId"]], live=None))
        if override is None or "deletedAt" in override or override["billingProfileId"] is None:
            pin(ctx, invoice["customerId"], old["id"], override)


def pin(ctx: Context, customer_id: str, profile_id: str | None, override: Doc | None) -> Doc:
    """Write a customer's override, over a given one or as a new one."""
    if override is None:
        now = ctx.later()
        override = {"id": ctx.new_id(), "customerId": customer_id, "createdAt": now, "updatedAt": now}
    else:
        override = {**override, "updatedAt": ctx.now()}
    new = {**override, "billingProfileId": profile_id}
    return ctx.store.put(OVERRIDES, new, key=customer_id, parent=profile_id)


def _put(ctx: Context, profile: Doc) -> Doc:
    key = "default" if profile["default"] else None
    return ctx.store.put(PROFILES, profile, key=key, parent=profile["app"])
