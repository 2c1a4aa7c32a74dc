"""A real customer's last closed billing period, as it was and on the new version of their plan. Pure.

What was billed is rated from the plan version that they are on; it is checked against the subscription itself, so that
a price somebody agreed with one customer is never taken for the catalogue's. What cannot be told faithfully raises
``PricingError`` with the reason, which names no customer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import simplejson

from reconciler.errors import PricingError
from reconciler.model import (
    Action,
    Address,
    Change,
    ChangeClass,
    Desired,
    Metered,
    Mover,
    Observation,
    Plan,
    Rerated,
    Spread,
    Subscriber,
    Tree,
)
from reconciler.planning.options import PlanOptions
from reconciler.planning.sides import Sides
from reconciler.planning.work import Work
from reconciler.pricing import FlatPrice, ServicePeriod, Subscription, rate, service_periods, subscribed
from reconciler.pricing.lines import Period
from reconciler.pricing.money import ZERO, exact
from reconciler.pricing.offers import card_of, items
from reconciler.pricing.periods import Recurrence, later, utc

_MOVERS = 10
_HUNDRED = Decimal(100)

Spec = Mapping[str, Tree]
Units = Mapping[tuple[str, Metered], Decimal]
"""What customers (by id) used of what was asked; nothing where it is not there."""


@dataclass(frozen=True, slots=True)
class Due:
    """One card in one service period; ``metered`` None where no usage counts."""

    period: ServicePeriod
    metered: Metered | None


@dataclass(frozen=True, slots=True)
class Rateable:
    """A customer whose period can be rated both ways, once their usage is known."""

    who: Subscriber
    currency: str
    before: tuple[Due, ...]
    after: tuple[Due, ...]

    def asked(self) -> frozenset[Metered]:
        """The usage that has to be known."""
        return frozenset(due.metered for due in (*self.before, *self.after) if due.metered is not None)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A plan's versions as they are live, the new one, and what measures features before and after.

    Measures are (meter, filters as JSON text); None: usage of it cannot be known.
    """

    versions: Mapping[int, Spec]
    new: Spec
    before: Mapping[str, tuple[str, str] | None]
    after: Mapping[str, tuple[str, str] | None]


def catalogue(
    address: Address, both: Sides, made: Plan, desired: Desired, observation: Observation, options: PlanOptions
) -> Catalogue:
    """What the subscribers of a plan are rated with."""
    work = Work(desired, observation, options)
    rows = [row for row in observation.objects.get("Plan", ()) if row.key == address.key]
    versions = {row.version: work.live_spec(row) for row in rows if row.version is not None and row.state != "draft"}
    live = {str(row.key): work.live_spec(row) for row in observation.objects.get("Feature", ())}
    declared = {
        item.key: work.wanted(resource)
        for item, resource in desired.resources.items()
        if item.kind == "Feature" and resource.spec
    }
    meters = {str(row.key) for row in observation.objects.get("Meter", ())}
    moved = {change.address.key for change in made.changes if _counts_otherwise(change)}
    return Catalogue(
        versions,
        both.after.plan,
        {key: _measure(spec, meters) for key, spec in live.items()},
        {key: _measure(spec, meters - moved) for key, spec in {**live, **declared}.items()},
    )


def _counts_otherwise(change: Change) -> bool:
    otherwise = change.action is Action.REPLACE or ChangeClass.METERING_SEMANTIC in change.classes
    return change.address.kind == "Meter" and otherwise


def _measure(feature: Spec, meters: frozenset[str] | set[str]) -> tuple[str, str] | None:
    """The meter and filters of a feature, as billing uses them (OpenMeter v1: the advanced ones win)."""
    meter = feature.get("meterSlug")
    if not isinstance(meter, str) or meter not in meters:
        return None
    simple = feature.get("meterGroupByFilters")
    filters = feature.get("advancedMeterGroupByFilters") or (
        {name: {"$eq": value} for name, value in simple.items()} if isinstance(simple, Mapping) else {}
    )
    return meter, simplejson.dumps(filters, use_decimal=True, sort_keys=True, separators=(",", ":")) if filters else ""


@exact
def rateable(who: Subscriber, subscription: Spec, known: Catalogue, now: datetime) -> Rateable:
    """What one customer is billed for, both ways; ``subscription`` is what the server shows of theirs.

    Raises ``PricingError`` where that cannot be told.
    """
    old = known.versions.get(who.version)
    if old is None:
        raise PricingError("their plan version is not there any more")
    if (old.get("currency"), old.get("billingCadence")) != (known.new.get("currency"), known.new.get("billingCadence")):
        raise PricingError("the new version is billed in another currency or rhythm")
    start, anchor = (utc(str(subscription.get(name))) for name in ("activeFrom", "billingAnchor"))
    ends = subscription.get("activeTo")
    end = utc(ends) if isinstance(ends, str) else None
    before = subscribed(old, start, anchor=anchor, end=end)
    period = _last_closed(before, now)
    _require_as_sold(subscription, before, period)
    after = subscribed(known.new, start, anchor=anchor, end=end)
    return Rateable(
        who,
        before.currency,
        tuple(_dues(before, period, known.before)),
        tuple(_dues(after, period, known.after)),
    )


def _last_closed(subscription: Subscription, now: datetime) -> Period:
    """The billing period that ended last, in whole seconds as billing has it."""
    anchor = (subscription.anchor or subscription.start).replace(microsecond=0)
    billing = Recurrence(anchor, subscription.cadence)
    period = billing.period(billing.containing(now) - 1)
    if period.end <= subscription.start.replace(microsecond=0):
        raise PricingError("their first billing period has not ended yet")
    return period


def _require_as_sold(shown: Spec, expected: Subscription, period: Period) -> None:
    """The subscription has the cards of its plan version and nothing else, from the moments that the plan says."""
    phases = {str(phase.get("key")): phase for phase in items(shown.get("phases"))}
    for phase in expected.phases:
        begins = later(expected.start, phase.after)
        if begins >= period.end:
            continue
        found = phases.get(phase.key)
        if found is None or abs((utc(str(found.get("activeFrom"))) - begins).total_seconds()) >= 1:
            raise PricingError("they have add-ons, or their subscription was changed by hand")
        timelines = found.get("itemTimelines")
        edited = isinstance(timelines, Mapping) and any(len(items(line)) > 1 for line in timelines.values())
        sold = {card.key: card for card in phase.cards}
        has = {card.key: card for card in map(card_of, items(found.get("items")))}
        if edited or sold != has:
            raise PricingError("they have add-ons, or their subscription was changed by hand")


def _dues(subscription: Subscription, period: Period, measures: Mapping[str, tuple[str, str] | None]) -> Iterator[Due]:
    """What the period's invoices bill: fees in advance when it begins, the rest when it ends."""
    for due in service_periods(subscription, period.end):
        at = due.invoice_at
        if at is None or due.price is None:
            continue
        flat = due.price if isinstance(due.price, FlatPrice) else None
        in_advance = flat is not None and flat.payment_term == "in_advance"
        if not (period.start <= at < period.end if in_advance else period.start < at <= period.end):
            continue
        yield Due(due, None if flat is not None else _metered(due, measures))


def _metered(due: ServicePeriod, measures: Mapping[str, tuple[str, str] | None]) -> Metered:
    feature = due.card.feature or ""
    found = measures.get(feature)
    if found is None:
        raise PricingError(f"what is used of `{feature}` is not measured yet, or will be counted otherwise")
    meter, filters = found
    return Metered(meter, filters, due.service.start, due.service.end)


@exact
def rerated(
    plan: Address, found: Sequence[Rateable], units: Units, unrated: Iterable[str], subscriptions: int, *, names: bool
) -> Rerated:
    """What became of everybody who was looked at. ``names``: movers carry the customers' names, else none."""
    reasons, bills = Counter(unrated), []
    for one in found:
        try:
            bills.append(_billed(one, units, names=names))
        except PricingError as error:
            reasons[error.message] += 1
    rises = [bill.difference for bill in bills]
    return Rerated(
        plan,
        found[0].currency if found else "",
        subscriptions,
        len(bills) + sum(reasons.values()),
        len(bills),
        tuple(sorted(reasons.items(), key=lambda each: (-each[1], each[0]))),
        sum((bill.before for bill in bills), ZERO),
        sum((bill.after for bill in bills), ZERO),
        sum(rise > 0 for rise in rises),
        sum(rise < 0 for rise in rises),
        _spread(sorted(rises)),
        max((_HUNDRED * bill.difference / bill.before for bill in bills if bill.before > 0), default=ZERO),
        sum(bill.before <= 0 < bill.after for bill in bills),
        tuple(sorted((bill for bill in bills if bill.difference), key=lambda bill: (-abs(bill.difference), bill.key)))[
            :_MOVERS
        ],
    )


def _billed(one: Rateable, units: Units, *, names: bool) -> Mover:
    def total(dues: Iterable[Due]) -> Decimal:
        lines = (due.period.line(one.currency, _units(one, due, units)) for due in dues)
        return sum((rate(line).totals.total for line in lines if line is not None), ZERO)

    return Mover(one.who.key, one.who.name if names else "", total(one.before), total(one.after))


def _units(one: Rateable, due: Due, units: Units) -> Decimal:
    return ZERO if due.metered is None else units.get((one.who.customer, due.metered), ZERO)


def _spread(rises: list[Decimal]) -> Spread | None:
    """By nearest rank: every figure is somebody's."""
    if not rises:
        return None
    last = len(rises) - 1
    return Spread(rises[0], rises[last // 2], rises[-(-9 * len(rises) // 10) - 1], rises[last])


def sampled(found: Sequence[Subscriber], cap: int) -> tuple[Subscriber, ...]:
    """At most so many, evenly spread over all: the same ones each time."""
    if len(found) <= cap:
        return tuple(found)
    return tuple(found[at * len(found) // cap] for at in range(cap))
