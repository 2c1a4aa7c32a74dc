"""The long form of a subscription: its phases, their items, and the entitlements these grant."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from reconciler.sandbox.clock import parse_instant, rfc3339
from reconciler.sandbox.context import Context
from reconciler.sandbox.durations import parse_duration
from reconciler.sandbox.features import feature_view
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.periods import period_at, shown_period, shown_recurrence
from reconciler.sandbox.subscription_views import ends, is_active, short_view, starts
from reconciler.sandbox.tables import CUSTOMERS, FEATURES
from reconciler.sandbox.values import present

_STORED_ONLY: Final = ("entitlement", "featureId", "currency")
_METERED: Final = ("issueAfterReset", "issueAfterResetPriority")


def long_view(ctx: Context, subscription: Doc, at: datetime) -> Doc:
    """A subscription as GET shows it: with its phases and the billing period it is in."""
    phases = _bounded_phases(subscription)
    alignment: Doc = {"billablesMustAlign": True}
    if starts(subscription) <= at:
        alignment["currentAlignedBillingPeriod"] = shown_period(*billing_period(subscription, at))
    return {
        **short_view(subscription, at),
        "alignment": alignment,
        "phases": [_phase_view(ctx, subscription, phase, at) for phase in phases],
    }


def billing_period(subscription: Doc, at: datetime) -> tuple[datetime, datetime]:
    """The billing period around a moment, cut to the phase it lies in (the last one after the end)."""
    anchor = parse_instant(subscription["billingAnchor"])
    start, end = period_at(anchor, parse_duration(subscription["billingCadence"]), at)
    phases = _bounded_phases(subscription)
    phase = next((phase for phase in phases if is_active(phase, at)), phases[-1])
    phase_end = ends(phase)
    return max(start, starts(phase)), end if phase_end is None else min(end, phase_end)


def _bounded_phases(subscription: Doc) -> list[Doc]:
    """The phases that begin before the subscription ends, none of them outlasting it."""
    end = ends(subscription)
    if end is None:
        return list(subscription["phases"])
    begun = [phase for phase in subscription["phases"] if starts(phase) < end]
    return [_cut(phase, end) for phase in begun or subscription["phases"][:1]]


def _cut(phase: Doc, end: datetime) -> Doc:
    own = ends(phase)
    return {**phase, "activeTo": rfc3339(end if own is None else min(own, end))}


def _phase_view(ctx: Context, subscription: Doc, phase: Doc, at: datetime) -> Doc:
    span = present(phase, ["activeFrom", "activeTo"])
    items = [_item_view(ctx, subscription, item, span, at) for item in phase["items"]]
    return {**phase, "items": items, "itemTimelines": {item["key"]: [item] for item in items}}


def _item_view(ctx: Context, subscription: Doc, item: Doc, span: Doc, at: datetime) -> Doc:
    shown = {"billingCadence": None, **{name: item[name] for name in item if name not in _STORED_ONLY}}
    if item["price"] is not None:
        shown["currency"] = item["currency"]
    feature = ctx.store.get(FEATURES, item["featureId"]) if "featureId" in item else None
    if feature is not None:
        included = {"feature": feature_view(feature)}
        if "entitlement" in item:
            included["entitlement"] = _entitlement_view(ctx, subscription, item, span, at)
        shown["included"] = included
    return {**shown, **span}


def _entitlement_view(ctx: Context, subscription: Doc, item: Doc, span: Doc, at: datetime) -> Doc:
    """An entitlement that came with a subscription; its subject is the customer's first."""
    entitlement, template = item["entitlement"], item["entitlement"]["template"]
    customer = ctx.store.get(CUSTOMERS, subscription["customerId"]) or {}
    return {
        "id": entitlement["id"],
        "type": template["type"],
        "featureId": item["featureId"],
        "featureKey": item["featureKey"],
        "subjectKey": next(iter(customer.get("subjectKeys", [])), ""),
        "annotations": {"subscription.id": subscription["id"]},
        "createdAt": entitlement["createdAt"],
        "updatedAt": entitlement["createdAt"],
        **span,
        **_access(template, subscription, span, at),
    }


def _access(template: Doc, subscription: Doc, span: Doc, at: datetime) -> Doc:
    """What the entitlement's type adds; metered usage is counted in whole minutes."""
    if template["type"] != "metered":
        return present(template, ["config"])
    interval = parse_duration(str(template.get("usagePeriod", subscription["billingCadence"])))
    anchor = _minute(subscription["billingAnchor"])
    since = _minute(span["activeFrom"])
    start, end = period_at(anchor, interval, max(at, since))
    return {
        **present(template, _METERED),
        "isSoftLimit": template.get("isSoftLimit", False),
        "isUnlimited": False,
        "preserveOverageAtReset": template.get("preserveOverageAtReset", False),
        "measureUsageFrom": rfc3339(since),
        "lastReset": rfc3339(max(start, since)),
        "currentUsagePeriod": shown_period(start, end),
        "usagePeriod": shown_recurrence(anchor, interval),
    }


def _minute(instant: str) -> datetime:
    return parse_instant(instant).replace(second=0, microsecond=0)
