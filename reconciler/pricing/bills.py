"""What a customer pays: a plan, a phase of it, add-ons and usage over some billing periods.

A customer who is in a phase is taken to have been there since a billing period began, so that nothing is prorated;
one who signs up goes through all phases, trials and stubs included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from reconciler.errors import PricingError
from reconciler.kinds import durations
from reconciler.pricing.lines import Period, RatedLine, Totals, added
from reconciler.pricing.money import ZERO, exact
from reconciler.pricing.offers import Extra, Spec, Tariff, subscribed
from reconciler.pricing.periods import Recurrence, later
from reconciler.pricing.prices import FlatPrice
from reconciler.pricing.rating import rate
from reconciler.pricing.subscriptions import ServicePeriod, Subscription, service_periods

START = datetime(2026, 1, 1, tzinfo=UTC)
"""Where the periods of a customer begin who has no dates: a year of 365 days that begins a month and a quarter."""

Usage = Mapping[str, Decimal | tuple[Decimal, ...]]
"""Feature key → units in every service period of a card, or in each of them in order (none after the last).

Service periods are counted over all phases, free ones too: two weeks of trial and what is left of the month are two.
"""


@dataclass(frozen=True, slots=True)
class Customer:
    """Who is billed. ``phase`` None: the last one. ``signs_up``: the whole life of the plan instead of one phase.

    ``periods`` counts billing periods of the plan. Add-ons are bought from the beginning.
    """

    usage: Usage
    extras: tuple[Extra, ...] = ()
    phase: str | None = None
    signs_up: bool = False
    periods: int = 1
    start: datetime = START


@dataclass(frozen=True, slots=True)
class Item:
    """One card in one of its service periods, rated."""

    due: ServicePeriod
    rated: RatedLine


@dataclass(frozen=True, slots=True)
class Bill:
    """Everything whose service begins within the billing periods, in the order of the plan's cards and of time."""

    currency: str
    items: tuple[Item, ...]
    totals: Totals

    @property
    def total(self) -> Decimal:
        """What is to be paid."""
        return self.totals.total

    def by_card(self) -> dict[str, Decimal]:
        """What each card comes to, over all its periods."""
        found: dict[str, Decimal] = {}
        for item in self.items:
            found[item.due.card.key] = found.get(item.due.card.key, ZERO) + item.rated.totals.total
        return found


@dataclass(frozen=True, slots=True)
class Course:
    """When a customer is billed for what, whatever they use: worked out once for all who differ in usage only."""

    subscription: Subscription
    due: tuple[ServicePeriod, ...]
    """The service periods that begin within the billing periods."""


@exact
def course(plan: Spec | Tariff, customer: Customer) -> Course:
    """What a customer is billed for; their usage does not matter. Raises ``PricingError`` for what cannot be billed."""
    if customer.periods < 1:
        raise PricingError(f"{customer.periods} billing periods cannot be billed")
    whole = subscribed(plan, customer.start, extras=customer.extras)
    subscription = whole if customer.signs_up else _in_phase(whole, customer.phase)
    end = later(customer.start, subscription.cadence, customer.periods)
    return Course(subscription, tuple(due for due in service_periods(subscription, end) if due.service.start < end))


@exact
def bill(plan: Spec | Tariff | Course, customer: Customer) -> Bill:
    """Work out what a customer pays.

    ``plan`` is its spec as a manifest or the API has it; or, for many customers, read by ``tariff``, or the ``course``
    of somebody who differs in usage only. Raises ``PricingError`` for usage of a feature that no card of the plan
    prices, and for what cannot be billed.
    """
    found = plan if isinstance(plan, Course) else course(plan, customer)
    _check_usage(found.subscription, customer)
    items = tuple(_items(found, customer))
    return Bill(found.subscription.currency, items, added(item.rated.totals for item in items))


def _in_phase(whole: Subscription, key: str | None) -> Subscription:
    phase = next((phase for phase in reversed(whole.phases) if key is None or phase.key == key), None)
    if phase is None:
        raise PricingError(f"the plan has no phase `{key}`" if key else "the plan has no phases")
    return replace(whole, phases=(replace(phase, after=durations.Period()),))


def _check_usage(subscription: Subscription, customer: Customer) -> None:
    cards = [card for phase in subscription.phases for card in phase.cards if not isinstance(card.price, FlatPrice)]
    known = {card.feature for card in cards}
    for feature in customer.usage:
        if feature not in known:
            priced = sorted(card.feature for card in cards if card.feature and card.price is not None)
            said = ", ".join(dict.fromkeys(priced)) or "none"
            raise PricingError(f"nothing prices the usage of `{feature}` here; priced by usage: {said}")


def _items(found: Course, customer: Customer) -> Iterator[Item]:
    earlier = _earlier(found.subscription, customer.usage)
    for due in found.due:
        line = due.line(found.subscription.currency, _used(customer.usage, due, earlier))
        if line is not None:
            yield Item(due, rate(line))


_Earlier = Mapping[tuple[str, str], int]
"""By phase and feature: how many service periods the feature has had in the phases before."""


def _used(usage: Usage, due: ServicePeriod, earlier: _Earlier) -> Decimal:
    feature = due.card.feature
    if feature is None or isinstance(due.price, FlatPrice):
        return ZERO
    found = usage.get(feature, ZERO)
    if isinstance(found, Decimal):
        return found
    at = (due.index or 0) + earlier.get((due.phase.key, feature), 0)
    return found[at] if at < len(found) else ZERO


def _earlier(subscription: Subscription, usage: Usage) -> _Earlier:
    if len(subscription.phases) == 1 or not any(isinstance(units, tuple) for units in usage.values()):
        return {}
    found: dict[tuple[str, str], int] = {}
    counts = dict.fromkeys(usage, 0)
    for phase, following in pairwise(subscription.phases):
        life = Period(*(later(subscription.start, one.after) for one in (phase, following)))
        for card in phase.cards:
            if card.feature in counts and card.cadence is not None and not isinstance(card.price, FlatPrice):
                counts[card.feature] += _count(subscription, card.cadence, life)
        found |= {(following.key, feature): count for feature, count in counts.items()}
    return found


def _count(subscription: Subscription, cadence: durations.Period, life: Period) -> int:
    """How many periods of a cadence a part of a subscription has something of."""
    if life.is_empty:
        return 0
    periods = Recurrence(subscription.anchor or subscription.start, cadence)
    last = life.end - timedelta(microseconds=1)
    return periods.containing(last) - periods.containing(life.start) + 1
