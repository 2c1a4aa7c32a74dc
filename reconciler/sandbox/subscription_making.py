"""Making a subscription out of a plan version (OpenMeter v1, subscription create, change and migrate).

The subscription copies the plan's phases and rate cards, so that whatever happens to the plan later
leaves it alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.sandbox.clock import parse_instant, rfc3339
from reconciler.sandbox.context import Context
from reconciler.sandbox.customers import live_customer, set_currency
from reconciler.sandbox.durations import parse_duration
from reconciler.sandbox.features import find_feature
from reconciler.sandbox.http import Problem, invalid
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.subscription_views import ends, priced_items, starts, subscriptions_of
from reconciler.sandbox.tables import SUBSCRIPTIONS
from reconciler.sandbox.values import present

_ITEM_FIELDS = ("key", "name", "description", "metadata", "featureKey", "billingCadence", "discounts", "taxConfig")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a subscription is to be besides its plan: when it starts and what the request says of it.

    `own` holds the fields that replace or join the plan's: name, description, metadata,
    settlementMode, annotations.
    """

    start: datetime
    anchor: datetime
    starting_phase: str | None = None
    own: Mapping[str, object] = field(default_factory=dict)


def make_subscription(ctx: Context, customer: Doc, plan: Doc, terms: Terms) -> Doc:
    """Create the subscription with its phases, items and entitlements."""
    live_customer(customer)
    lengths = dict(_lengths(plan, terms.starting_phase))
    phases = [_phase(ctx, plan, phase, start, end) for phase, start, end in _timeline(plan, lengths, terms.start)]
    subscription = {
        "id": ctx.new_id(),
        "activeFrom": rfc3339(terms.start),
        "billingAnchor": rfc3339(terms.anchor),
        "customerId": customer["id"],
        "plan": present(plan, ["id", "key", "version"]),
        **present(plan, ["name", "currency", "billingCadence", "proRatingConfig", "settlementMode"]),
        **terms.own,
        "phases": phases,
    }
    _check_currency(customer, subscription)
    _check_alone(ctx, subscription)
    now = ctx.later()
    if priced_items(subscription):
        set_currency(ctx, customer, subscription["currency"])
    return put_subscription(ctx, {**subscription, "createdAt": now, "updatedAt": now})


def put_subscription(ctx: Context, subscription: Doc) -> Doc:
    """Store a subscription."""
    key, parent = subscription["plan"]["key"], subscription["customerId"]
    return ctx.store.put(SUBSCRIPTIONS, subscription, key=key, parent=parent)


def _lengths(plan: Doc, starting_phase: str | None) -> Iterator[tuple[str, str | None]]:
    """How long each phase lasts; those before the starting one shrink to nothing."""
    keys = [phase["key"] for phase in plan["phases"]]
    if starting_phase is not None and starting_phase not in keys:
        raise invalid(f"starting phase {starting_phase} not found in plan {plan['key']}@{plan['version']}")
    skipped = keys[: keys.index(starting_phase)] if starting_phase is not None else []
    for phase in plan["phases"]:
        yield phase["key"], "P0D" if phase["key"] in skipped else phase["duration"]


def _timeline(
    plan: Doc, lengths: Mapping[str, str | None], start: datetime
) -> Iterator[tuple[Doc, datetime, datetime | None]]:
    for phase in plan["phases"]:
        length = lengths[phase["key"]]
        end = parse_duration(length).after(start) if length is not None else None
        yield phase, start, end
        start = end or start


def _phase(ctx: Context, plan: Doc, phase: Doc, start: datetime, end: datetime | None) -> Doc:
    now = ctx.later()
    return {
        "id": ctx.new_id(),
        **present(phase, ["key", "name", "description", "metadata"]),
        "activeFrom": rfc3339(start),
        **({} if end is None else {"activeTo": rfc3339(end)}),
        "createdAt": now,
        "updatedAt": now,
        "items": [_item(ctx, plan, card) for card in phase["rateCards"]],
    }


def _item(ctx: Context, plan: Doc, card: Doc) -> Doc:
    now = ctx.later()
    item = {
        "id": ctx.new_id(),
        **{name: value for name, value in present(card, _ITEM_FIELDS).items() if value is not None},
        "price": card.get("price"),
        "currency": plan["currency"],
        "createdAt": now,
        "updatedAt": now,
    }
    if "featureKey" in card:
        item["featureId"] = find_feature(ctx, card["featureKey"])["id"]
    if card.get("entitlementTemplate") is not None:
        own = {"id": ctx.new_id(), "createdAt": ctx.later()}
        item["entitlement"] = {**own, "template": card["entitlementTemplate"]}
    return item


def _check_currency(customer: Doc, subscription: Doc) -> None:
    currency = subscription["currency"]
    if priced_items(subscription) and customer.get("currency", currency) != currency:
        raise invalid(
            f"currency mismatch: customer currency is {customer['currency']}, "
            f"but subscription invoice currency is {currency}"
        )


def _check_alone(ctx: Context, new: Doc) -> None:
    """409, without a detail, while another subscription of the customer is running or to come."""
    others = subscriptions_of(ctx, new["customerId"])
    overlapping = [other for other in others if (end := ends(other)) is None or end > starts(new)]
    if overlapping:
        pairs = [each for other in overlapping for each in (other, new)]
        raise Problem(409, extensions={"validationErrors": [_overlap(each) for each in pairs]})


def _overlap(subscription: Doc) -> Doc:
    plan, start = subscription["plan"], parse_instant(subscription["activeFrom"])
    of_plan = f"@.key=='{plan['key']}' && @.version=='{plan['version']}' && @.id=='{plan['id']}'"
    time = f"{start:%Y-%m-%d %H:%M:%S.%f} +0000 UTC"
    itself = f"@.customerId=='{subscription['customerId']}' && @.activeFrom=='{time}'"
    return {
        "code": "only_single_subscription_allowed_per_customer_at_a_time",
        "field": f"$.plans[?({of_plan})].subscriptions[?({itself})]",
        "message": "only single subscription is allowed per customer at a time",
        "severity": "critical",
    }
