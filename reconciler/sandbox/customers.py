"""Customers (OpenMeter v1, `/customers`): they exist here because subscriptions pin plan versions.

A PUT treats omitted fields in three ways: most are cleared, email and currency are kept, and an
address that is sent keeps the parts it does not mention.
"""

from __future__ import annotations

from typing import Final

from reconciler.sandbox.context import Context
from reconciler.sandbox.customer_checks import check_body, check_key, owner_of, subject_conflict, subjects_of
from reconciler.sandbox.http import NO_CONTENT, PROBLEM_JSON, Problem, Request, Response, conflict, invalid, not_found
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.listing import INCLUDE_DELETED, PAGE, order_by, page_of
from reconciler.sandbox.profiles import ADDRESS, ADDRESS_FIELDS
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.schema import NULLABLE_METADATA, Arr, Obj, Str
from reconciler.sandbox.store import Where
from reconciler.sandbox.subjects import provide_subjects
from reconciler.sandbox.subscription_views import (
    active_subscriptions,
    has_entitlements,
    moment,
    priced_items,
    short_view,
    subscribers_of_plan,
    subscriptions_of,
)
from reconciler.sandbox.tables import CUSTOMERS, GATHERING_INVOICES
from reconciler.sandbox.values import present

routes: Final = Routes()

_BODY: Final = Obj(
    name="CustomerCreate",
    required={"name": Str(min=1, max=256)},
    optional={
        "key": Str(min=1, max=256),
        "description": Str(max=1024),
        "usageAttribution": Obj(required={"subjectKeys": Arr(Str(min=1))}),
        "primaryEmail": Str(),
        "currency": Str(min=3, max=3, pattern="^[A-Z]{3}$"),
        "billingAddress": ADDRESS,
        "metadata": NULLABLE_METADATA,
    },
)
_COLLECTION: Final = "/api/v1/customers"
_ITEM: Final = f"{_COLLECTION}/{{id_or_key}}"
_EXPAND: Final = {"expand": Arr(Str(enum=("subscriptions",)))}
_FILTERS: Final = ("key", "name", "primaryEmail", "subject", "planKey")
_LIST: Final = {
    **PAGE,
    **order_by("id", "name", "createdAt"),
    **INCLUDE_DELETED,
    **_EXPAND,
    **{name: Str() for name in _FILTERS},
}


@routes.get(_COLLECTION, query=_LIST)
def list_customers(ctx: Context, request: Request) -> Response:
    """By name; the filters look for a part and ignore case, except `planKey`, which is exact."""
    args = request.args
    for name in _FILTERS:
        if args.get(name) == "":
            raise invalid(f"validation error: invalid {name} filter: filter is invalid")
    where = Where(
        ids=subscribers_of_plan(ctx, args["planKey"]) if "planKey" in args else None,
        live=None if args.get("includeDeleted") else True,
        contains={
            **present(dict(args), ["key", "name", "primaryEmail"]),
            **({"subjectKeys": args["subject"]} if "subject" in args else {}),
        },
    )
    page = page_of(ctx, request, CUSTOMERS, where, order=args.get("orderBy", "name"), descending=False)
    return Response(200, {**page, "items": [_expanded(ctx, customer) for customer in page["items"]]})


@routes.post(_COLLECTION, body=_BODY)
def create_customer(ctx: Context, request: Request) -> Response:
    """Needs a key or a subject; makes the subjects. A subject given twice is a conflict."""
    body, subjects = request.body, subjects_of(request.body)
    check_body(body, "creating")
    check_key(ctx, body, None)
    if len(set(subjects)) < len(subjects) or owner_of(ctx, subjects, None):
        raise subject_conflict(subjects)
    now = ctx.later()
    customer = {"id": ctx.new_id(), "createdAt": now, "updatedAt": now, **_content(body)}
    return Response(201, view(_put(ctx, {**customer, "billingAddress": _address(body, {})})))


@routes.get(_ITEM, query=_EXPAND)
def get_customer(ctx: Context, request: Request, id_or_key: str) -> Response:  # noqa: ARG001
    """By id deleted ones too, with `deletedAt`; by key only a live one."""
    return Response(200, _expanded(ctx, customer_by_id_or_key(ctx, id_or_key)))


@routes.put(_ITEM, body=_BODY)
def replace_customer(ctx: Context, request: Request, id_or_key: str) -> Response:
    """A running subscription guards the subject keys, unless `usageAttribution` is left out."""
    body, old = request.body, live_customer(customer_by_id_or_key(ctx, id_or_key))
    check_body(body, "updating")
    # The server compares with the stored order, which is sorted.
    moved = "usageAttribution" in body and subjects_of(body) != old["subjectKeys"]
    if moved and active_subscriptions(ctx, old["id"]):
        raise invalid("cannot change subject keys for customer with active subscriptions")
    check_key(ctx, body, old["id"])
    added = [key for key in subjects_of(body) if key not in old["subjectKeys"]]
    if owner_of(ctx, added, old["id"]):
        raise subject_conflict(added)
    kept = present(old, ["id", "createdAt", "primaryEmail", "currency"])
    customer = {**kept, "updatedAt": ctx.now(), **_content(body)}
    return Response(200, view(_put(ctx, {**customer, "billingAddress": _address(body, old["billingAddress"])})))


@routes.delete(_ITEM)
def delete_customer(ctx: Context, request: Request, id_or_key: str) -> Response:  # noqa: ARG001
    """Refused with live entitlements (409), running subscriptions or open invoices (400).

    The refused attempt itself bills the subscriptions, onto a gathering invoice that then stands in
    the way: so it is answered here without undoing what was written.
    """
    customer = live_customer(customer_by_id_or_key(ctx, id_or_key))
    invoice = _gather(ctx, customer["id"])
    active = active_subscriptions(ctx, customer["id"])
    who = f"customer {customer['id']} still"
    if any(has_entitlements(subscription) for subscription in active):
        return _refused(
            ctx, conflict(f"{who} has active entitlements, please remove them before deleting the customer")
        )
    if active:
        return _refused(
            ctx, invalid(f"{who} have active subscriptions, please cancel them before deleting the customer")
        )
    if invoice is not None:
        return _refused(ctx, invalid(f"invoice {invoice['id']} is still in gathering state"))
    now = ctx.now()
    _put(ctx, {**customer, "updatedAt": now, "deletedAt": now})
    return NO_CONTENT


def customer_by_id(ctx: Context, customer_id: str) -> Doc:
    """The customer with this id, deleted or not; else a Problem 404."""
    customer = ctx.store.get(CUSTOMERS, customer_id)
    if customer is None:
        raise _unknown("id", customer_id)
    return customer


def customer_by_key(ctx: Context, key: str) -> Doc:
    """The live customer with this key; else a Problem 404."""
    customer = ctx.store.first(CUSTOMERS, Where(keys=[key]))
    if customer is None:
        raise _unknown("key", key)
    return customer


def live_customer(customer: Doc) -> Doc:
    """The same customer, unless it is deleted: then a Problem 412."""
    if "deletedAt" in customer:
        where = f"[namespace=default customer.id={customer['id']}]"
        raise Problem(412, f"precondition failed error: customer is deleted {where}")
    return customer


def set_currency(ctx: Context, customer: Doc, currency: str) -> None:
    """Give a customer without a currency that of its first billed subscription."""
    if "currency" not in customer:
        _put(ctx, {**customer, "currency": currency})


def view(customer: Doc) -> Doc:
    """A customer as shown: without subjects, address or metadata where there are none."""
    hidden = ("subjectKeys", "billingAddress", "metadata")
    shown = {name: value for name, value in customer.items() if name not in hidden}
    shown.update({name: customer[name] for name in ("billingAddress", "metadata") if customer.get(name)})
    if customer["subjectKeys"]:
        shown["usageAttribution"] = {"subjectKeys": customer["subjectKeys"]}
    return shown


def _expanded(ctx: Context, customer: Doc) -> Doc:
    """With the running subscriptions, which reads show even when not asked to."""
    active = active_subscriptions(ctx, customer["id"])
    if not active:
        return view(customer)
    at = moment(ctx)
    subscriptions = [short_view(subscription, at) for subscription in active]
    return {**view(customer), "currentSubscriptionId": active[0]["id"], "subscriptions": subscriptions}


def _content(body: Doc) -> Doc:
    content = present(body, ["name", "key", "description", "primaryEmail", "currency"])
    return {**content, "metadata": body.get("metadata") or {}, "subjectKeys": sorted(set(subjects_of(body)))}


def _address(body: Doc, stored: Doc) -> Doc:
    """An omitted address is cleared; one that is sent is laid over the stored one."""
    return {**stored, **present(body["billingAddress"], ADDRESS_FIELDS)} if "billingAddress" in body else {}


def _gather(ctx: Context, customer_id: str) -> Doc | None:
    """The customer's gathering invoice, made if a subscription has anything to bill."""
    invoice = ctx.store.first(GATHERING_INVOICES, Where(keys=[customer_id]))
    if invoice is None and any(priced_items(each) for each in subscriptions_of(ctx, customer_id)):
        new = {"id": ctx.new_id(), "customerId": customer_id}
        invoice = ctx.store.put(GATHERING_INVOICES, new, key=customer_id)
    return invoice


def _refused(ctx: Context, problem: Problem) -> Response:
    response = problem.response(f"sandbox-{ctx.new_id()}")
    return Response(response.status, response.body, PROBLEM_JSON)


def _put(ctx: Context, customer: Doc) -> Doc:
    provide_subjects(ctx, customer["id"], customer["subjectKeys"])
    return ctx.store.put(CUSTOMERS, customer, key=customer.get("key"))


def customer_by_id_or_key(ctx: Context, id_or_key: str) -> Doc:
    """The customer with this id, deleted or not, or the live one with this key; else a Problem 404."""
    found = ctx.store.get(CUSTOMERS, id_or_key) or ctx.store.first(CUSTOMERS, Where(keys=[id_or_key]))
    if found is None:
        raise _unknown("id or key", id_or_key)
    return found


def _unknown(what: str, value: str) -> Problem:
    return not_found(f"customer with {what} {value} not found in default namespace")
