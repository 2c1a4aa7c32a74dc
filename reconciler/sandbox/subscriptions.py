"""Subscriptions to plans (OpenMeter v1, `/subscriptions`): made, read, cancelled, moved to other plans.

They are here for what they do to the catalogue: a subscription stays on its plan version, keeps its
features from being archived and its customer from being deleted.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from reconciler.sandbox.clock import parse_instant, rfc3339
from reconciler.sandbox.context import Context
from reconciler.sandbox.customers import customer_by_id, customer_by_id_or_key, customer_by_key, live_customer
from reconciler.sandbox.http import Problem, Request, Response, invalid, not_found
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.listing import PAGE, is_descending, order_by, page_body, page_numbers
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.schema import DATE_TIME, KEY, METADATA, ULID, Arr, Num, Obj, OneOf, Schema, Str
from reconciler.sandbox.store import Where
from reconciler.sandbox.subscription_making import Terms, make_subscription, put_subscription
from reconciler.sandbox.subscription_phases import billing_period, long_view
from reconciler.sandbox.subscription_views import moment, short_view, status, subscriptions_of
from reconciler.sandbox.tables import PLANS, SUBSCRIPTIONS
from reconciler.sandbox.values import present

routes: Final = Routes()

_STATUSES: Final = ("active", "inactive", "canceled", "scheduled")
_TIMING: Final = OneOf((Str(enum=("immediate", "next_billing_cycle")), DATE_TIME))
_TOLERANCE: Final = timedelta(minutes=2)
_OWN: Final = ("name", "description", "metadata", "settlementMode")
_PLAN: Final = Obj(required={"key": KEY}, optional={"version": Num(integer=True)})
_WANTED: Final[dict[str, Schema]] = {
    "metadata": METADATA,
    "startingPhase": Str(min=1),
    "name": Str(),
    "description": Str(),
    "settlementMode": Str(enum=("credit_then_invoice", "credit_only")),
    "costBasisMode": Str(enum=("dynamic", "pinned")),
    "billingAnchor": DATE_TIME,
}
_WHO: Final[dict[str, Schema]] = {"timing": _TIMING, "customerId": ULID, "customerKey": Str(min=1, max=256)}
_CREATE: Final = OneOf(
    (
        Obj(name="PlanSubscriptionCreate", required={"plan": _PLAN}, optional={**_WANTED, **_WHO}),
        Obj(name="CustomSubscriptionCreate", required={"customPlan": Obj()}, optional=_WHO),
    )
)
_CHANGE: Final = OneOf(
    (
        Obj(name="PlanSubscriptionChange", required={"timing": _TIMING, "plan": _PLAN}, optional=_WANTED),
        Obj(name="CustomSubscriptionChange", required={"timing": _TIMING, "customPlan": Obj()}),
    )
)
_CANCEL: Final = Obj(optional={"timing": _TIMING})
_MIGRATE: Final = Obj(
    optional={
        "timing": _TIMING,
        "targetVersion": Num(minimum=1, integer=True),
        "startingPhase": Str(min=1),
        "billingAnchor": DATE_TIME,
    }
)
_ITEM: Final = "/api/v1/subscriptions/{subscription_id}"
_PATH: Final = {"subscription_id": ULID}
_LIST: Final = {**PAGE, **order_by("activeFrom", "activeTo"), "status": Arr(Str(enum=_STATUSES))}


@routes.get("/api/v1/customers/{id_or_key}/subscriptions", query=_LIST)
def list_subscriptions(ctx: Context, request: Request, id_or_key: str) -> Response:
    """Latest start first; without page parameters everything, as page 0."""
    customer, args = live_customer(customer_by_id_or_key(ctx, id_or_key)), request.args
    at, order = moment(ctx), args.get("orderBy", "activeFrom")
    shown = [short_view(each, at) for each in subscriptions_of(ctx, customer["id"])]
    shown = [each for each in shown if each["status"] in args.get("status", _STATUSES)]
    shown.sort(key=lambda each: each.get(order, ""), reverse=is_descending(args, default=True))
    page, size = page_numbers(args) if args.keys() & PAGE.keys() else (0, 0)
    items = shown[(page - 1) * size : page * size] if size else shown
    return Response(200, page_body(items, page, size, len(shown)))


@routes.post("/api/v1/subscriptions", body=_CREATE)
def create_subscription(ctx: Context, request: Request) -> Response:
    """Always the active version of the plan: `plan.version` is ignored."""
    body = request.body
    _check_plan(body)
    customer = _customer(ctx, body)
    plan = _plan(ctx, body["plan"]["key"], None)
    start = _start(ctx, body.get("timing", "immediate"))
    made = make_subscription(ctx, customer, plan, _terms(body, start, rfc3339(start)))
    return Response(201, short_view(made, moment(ctx)))


@routes.get(_ITEM, path=_PATH)
def get_subscription(ctx: Context, request: Request, subscription_id: str) -> Response:  # noqa: ARG001
    """With its phases and items."""
    return Response(200, long_view(ctx, _found(ctx, subscription_id), moment(ctx)))


@routes.post(f"{_ITEM}/cancel", path=_PATH, body=_CANCEL)
def cancel_subscription(ctx: Context, request: Request, subscription_id: str) -> Response:
    """At once unless told otherwise; only a running subscription without an end can be cancelled."""
    cancelled = _cancel(ctx, _found(ctx, subscription_id), request.body.get("timing", "immediate"))
    return Response(200, short_view(cancelled, moment(ctx)))


@routes.post(f"{_ITEM}/migrate", path=_PATH, body=_MIGRATE)
def migrate_subscription(ctx: Context, request: Request, subscription_id: str) -> Response:
    """To a later version of the same plan, the active one unless told, which may be archived by now."""
    old, body = _found(ctx, subscription_id), request.body
    plan = _plan(ctx, old["plan"]["key"], body.get("targetVersion"))
    if plan["version"] <= old["plan"]["version"]:
        reason = f"is already at version {old['plan']['version']}, cannot migrate to version {plan['version']}"
        raise invalid(f"subscription {old['id']} {reason}")
    _check_usable(plan, ("active", "archived"))
    own = present(old, ["name", "description", "metadata"])
    return _moved(ctx, old, plan, {**body, **own}, body.get("timing", "immediate"))


@routes.post(f"{_ITEM}/change", path=_PATH, body=_CHANGE)
def change_subscription(ctx: Context, request: Request, subscription_id: str) -> Response:
    """To any plan; a version that is named must be the active one."""
    old, body = _found(ctx, subscription_id), request.body
    _check_plan(body)
    plan = _plan(ctx, body["plan"]["key"], body["plan"].get("version"))
    _check_usable(plan, ("active",))
    return _moved(ctx, old, plan, body, body["timing"])


def _moved(ctx: Context, old: Doc, plan: Doc, body: Doc, timing: str) -> Response:
    """End one subscription and begin another at that very instant; each names the other."""
    ended = _cancel(ctx, old, timing)
    terms = _terms(body, parse_instant(ended["activeTo"]), old["billingAnchor"])
    own = {**terms.own, "annotations": {"subscription.previous.id": old["id"]}}
    linked = Terms(terms.start, terms.anchor, terms.starting_phase, own)
    made = make_subscription(ctx, customer_by_id(ctx, old["customerId"]), plan, linked)
    annotations = {**ended.get("annotations", {}), "subscription.superseding.id": made["id"]}
    current = put_subscription(ctx, {**ended, "annotations": annotations, "updatedAt": ctx.later()})
    at = moment(ctx)
    return Response(200, {"current": short_view(current, at), "next": long_view(ctx, made, at)})


def _terms(body: Doc, start: datetime, anchor: str) -> Terms:
    anchored = parse_instant(body.get("billingAnchor", anchor))
    own = {name: value for name, value in present(body, _OWN).items() if value}
    return Terms(start, anchored, body.get("startingPhase"), own)


def _cancel(ctx: Context, subscription: Doc, timing: str) -> Doc:
    state = status(subscription, moment(ctx))
    if state != "active":
        raise Problem(403, f"forbidden error: transition cancel in state {state} not allowed")
    now = ctx.now()
    end = _end(subscription, timing, parse_instant(now))
    return put_subscription(ctx, {**subscription, "activeTo": rfc3339(end), "updatedAt": now})


def _start(ctx: Context, timing: str) -> datetime:
    now = parse_instant(ctx.now())
    if timing == "immediate":
        return now
    if timing == "next_billing_cycle":
        raise invalid(f"unsupported enum value: {timing}")
    start = parse_instant(timing)
    if start < now - _TOLERANCE:
        raise invalid("cannot create subscription in the past")
    return start


def _end(subscription: Doc, timing: str, now: datetime) -> datetime:
    if timing == "immediate":
        return now
    if timing == "next_billing_cycle":
        return billing_period(subscription, now)[1]
    end = parse_instant(timing)
    if end not in billing_period(subscription, end):
        raise invalid("cannot cancel aligned subscription with custom misaligned timing")
    return end


def _check_plan(body: Doc) -> None:
    if "plan" not in body:
        raise Problem(501, "the sandbox knows no subscriptions to custom plans")


def _customer(ctx: Context, body: Doc) -> Doc:
    if "customerId" in body:
        return live_customer(customer_by_id(ctx, body["customerId"]))
    if "customerKey" in body:
        return customer_by_key(ctx, body["customerKey"])
    raise invalid("customer id or key is required")


def _plan(ctx: Context, key: str, version: int | None) -> Doc:
    """The active version, or the one that is asked for in whatever state."""
    versions: list[Any] = ctx.store.find(PLANS, Where(keys=[key], live=True if version is None else None))
    for plan in versions:
        if plan["status"] == "active" if version is None else plan["version"] == version:
            return dict(plan)
    raise not_found(f"plan {key} with version {version or 0} not found")


def _check_usable(plan: Doc, states: tuple[str, ...]) -> None:
    name = f"plan {plan['key']}@{plan['version']}"
    if "deletedAt" in plan:
        raise invalid(f"{name} is deleted")
    if plan["status"] not in states:
        raise invalid(f"{name} is not {' or '.join(states)}")


def _found(ctx: Context, subscription_id: str) -> Doc:
    subscription = ctx.store.get(SUBSCRIPTIONS, subscription_id)
    if subscription is None:
        raise not_found(f"subscription {subscription_id} not found")
    return subscription
