"""Test messages of notification rules, and the list of messages (OpenMeter v1, `/notification/events`).

A rule can be tried out with an invented message. It is kept and shown as waiting for its delivery;
here nothing is ever delivered, and no other message is ever made.
"""

from __future__ import annotations

from typing import Final

from reconciler.sandbox import samples
from reconciler.sandbox.clock import parse_instant
from reconciler.sandbox.context import Context
from reconciler.sandbox.http import Problem, Request, Response, invalid
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.listing import PAGE, order_by, page_of
from reconciler.sandbox.profiles import default_profile, view
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.rules import rule_by_id, view_rule
from reconciler.sandbox.schema import DATE_TIME, ULID
from reconciler.sandbox.store import LIVE
from reconciler.sandbox.tables import EVENTS

routes: Final = Routes()

_COLLECTION: Final = "/api/v1/notification/events"
_LIST: Final = {**PAGE, **order_by("id", "createdAt"), "from": DATE_TIME, "to": DATE_TIME}


@routes.post("/api/v1/notification/rules/{rule_id}/test", path={"rule_id": ULID})
def test_rule(ctx: Context, request: Request, rule_id: str) -> Response:  # noqa: ARG001
    """Answers 200, not 201. A deleted rule is not found, a disabled one refused."""
    rule = rule_by_id(ctx, rule_id)
    if "deletedAt" in rule:
        raise Problem(404, f"resource with id {rule_id} not found in default namespace")
    if rule["disabled"]:
        raise invalid("failed to send event: rule is disabled")
    shown = view_rule(ctx, rule)
    event = {"id": ctx.new_id(), "type": rule["type"], "createdAt": ctx.now(), "rule": shown}
    waiting = {"state": "PENDING", "reason": "", "attempts": [], "updatedAt": ctx.later()}
    event["deliveryStatus"] = [{"channel": channel, **waiting} for channel in shown["channels"]]
    event["annotations"] = {"notification.rule.test": True}
    data = _payload(ctx, rule["type"])
    event["payload"] = {"id": event["id"], "type": rule["type"], "timestamp": event["createdAt"], "data": data}
    return Response(200, ctx.store.put(EVENTS, event, key=rule_id))


@routes.get(_COLLECTION, query=_LIST)
def list_events(ctx: Context, request: Request) -> Response:
    """Newest first; the filters are checked and let everything through."""
    order = request.args.get("orderBy", "id")
    return Response(200, page_of(ctx, request, EVENTS, LIVE, order=order, descending=True))


@routes.get(f"{_COLLECTION}/{{event_id}}", path={"event_id": ULID})
def get_event(ctx: Context, request: Request, event_id: str) -> Response:  # noqa: ARG001
    """One message."""
    event = ctx.store.get(EVENTS, event_id)
    if event is None:
        raise Problem(404, f"resource with id {event_id} not found in default namespace")
    return Response(200, event)


def _payload(ctx: Context, kind: str) -> Doc:
    now = parse_instant(ctx.present())
    if kind.startswith("invoice."):
        ids = [ctx.new_id() for _ in range(3)]
        return samples.invoice(now, ids, _sender(ctx))
    return samples.entitlement(now, with_threshold=kind.endswith(".threshold"))


def _sender(ctx: Context) -> Doc:
    """The default profile with its apps; one always exists."""
    profile = default_profile(ctx)
    if profile is None:
        raise Problem(500)
    return view(ctx, profile, expanded=True)
