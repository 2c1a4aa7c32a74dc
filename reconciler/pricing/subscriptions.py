"""From a plan to the periods that are billed: phases, cadences, proration, and when each line is invoiced.

Phases do not move the anchor: a trial of 14 days is followed by a stub. Only flat fees are prorated, by the second;
minimum commitments, tiers and free units never are. Source: OpenMeter, ``billing/worker/subscriptionsync``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from reconciler.kinds import durations
from reconciler.pricing.lines import NO_DISCOUNTS, Discounts, Line, Period
from reconciler.pricing.money import ONE, divided, exact, rounded, subunits
from reconciler.pricing.periods import Recurrence, common, later
from reconciler.pricing.prices import FlatPrice, Price

EndProration = Literal["bill_actual_period", "bill_full_period"]


@dataclass(frozen=True, slots=True)
class Card:
    """A rate card. ``price`` None: free; ``cadence`` None: charged once."""

    key: str
    name: str
    price: Price | None
    cadence: durations.Period | None = None
    discounts: Discounts = NO_DISCOUNTS
    feature: str | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a plan's life, ``after`` so long since the subscription began."""

    key: str
    after: durations.Period
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A customer on a plan. ``anchor`` None: the billing periods begin with the subscription; ``end`` None: open."""

    currency: str
    cadence: durations.Period
    phases: tuple[Phase, ...]
    start: datetime
    anchor: datetime | None = None
    end: datetime | None = None
    prorate: bool = True
    end_proration: EndProration = "bill_actual_period"


@dataclass(frozen=True, slots=True)
class ServicePeriod:
    """One card in one period. ``invoice_at`` None: it is not billed as long as the subscription has no end.

    ``share`` is how much of the full period is served, from 0 to 1, with 16 decimals. ``index`` counts the periods of
    a card, from 0; None for a card that is charged once.
    """

    phase: Phase
    card: Card
    index: int | None
    service: Period
    full: Period
    billing: Period
    invoice_at: datetime | None
    share: Decimal
    price: Price | None
    """What is rated: a flat fee is prorated and rounded here already; None where nothing is left of it."""

    @property
    def ident(self) -> str:
        """A name that is unique in the subscription: ``main/base/period[0]``."""
        where = f"{self.phase.key}/{self.card.key}"
        return where if self.index is None else f"{where}/period[{self.index}]"

    def line(self, currency: str, quantity: Decimal) -> Line | None:
        """What is to be rated for so much usage; None where nothing is billed."""
        if self.price is None or self.invoice_at is None:
            return None
        return Line(
            self.card.name,
            self.price,
            currency,
            quantity,
            discounts=self.card.discounts,
            feature=self.card.feature,
            period=self.service,
            invoice_at=self.invoice_at,
        )


@exact
def service_periods(subscription: Subscription, until: datetime) -> tuple[ServicePeriod, ...]:
    """All periods that are invoiced up to a moment, and those that are not invoiced at all; by phase, card, time."""
    whole = replace(subscription, start=subscription.start.replace(microsecond=0))
    return tuple(_periods(whole, until))


def _periods(subscription: Subscription, until: datetime) -> Iterator[ServicePeriod]:
    phases = subscription.phases
    for phase, following in zip(phases, (*phases[1:], None), strict=True):
        start = later(subscription.start, phase.after)
        ends = [later(subscription.start, following.after)] if following else []
        ends += [subscription.end] if subscription.end else []
        end = min(ends, default=None)
        if end is not None and end <= start:
            continue
        for card in phase.cards:
            if card.price is not None:
                yield from _of_card(subscription, phase, card, Period(start, end or datetime.max), end, until)


def _of_card(
    subscription: Subscription, phase: Phase, card: Card, life: Period, end: datetime | None, until: datetime
) -> Iterator[ServicePeriod]:
    anchor = (subscription.anchor or subscription.start).replace(microsecond=0)
    billing = Recurrence(anchor, subscription.cadence)
    if card.cadence is None:
        service = Period(life.start, end or life.start)
        found = _period(subscription, phase, card, None, service, service, billing, life.start, end)
        if found.invoice_at is None or found.invoice_at <= until:
            yield found
        return
    recurrence = Recurrence(anchor, card.cadence)
    first = number = recurrence.containing(life.start)
    while True:
        full = recurrence.period(number)
        service = common(full, life.start, end)
        if service.is_empty:
            return
        found = _period(subscription, phase, card, number - first, service, full, billing, life.start, end)
        if found.invoice_at is None or found.invoice_at > until:
            return
        yield found
        number += 1


def _period(
    subscription: Subscription,
    phase: Phase,
    card: Card,
    index: int | None,
    service: Period,
    full: Period,
    billing: Recurrence,
    start: datetime,
    end: datetime | None,
) -> ServicePeriod:
    billed = common(billing.period(billing.containing(service.start)), start, end)
    share = ONE if full.is_empty else divided(service.seconds, full.seconds)
    in_advance = isinstance(card.price, FlatPrice) and card.price.payment_term == "in_advance"
    if in_advance:
        at: datetime | None = billed.start
    else:
        at = None if index is None and end is None else max(service.end, billed.end)
    return ServicePeriod(
        phase, card, index, service, full, billed, at, share, _rated_price(subscription, card, service, share)
    )


def _rated_price(subscription: Subscription, card: Card, service: Period, share: Decimal) -> Price | None:
    if not isinstance(card.price, FlatPrice):
        return card.price
    at_end = subscription.end is not None and service.end >= subscription.end
    full = not subscription.prorate or (subscription.end_proration == "bill_full_period" and at_end)
    amount = card.price.amount if full else card.price.amount * share
    amount = rounded(amount, subunits(subscription.currency))
    return replace(card.price, amount=amount) if amount else None
