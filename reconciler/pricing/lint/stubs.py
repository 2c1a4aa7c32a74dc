"""Phases that end within a billing period: what the rest of that period costs.

Phases do not move the anchor. Source: OpenMeter, ``billing/worker/subscriptionsync``; the bills are the engine's, of a
customer who signs up on the first day that shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from reconciler.kinds.durations import Period as Duration
from reconciler.kinds.kind import Finding, Rule
from reconciler.kinds.plan import PlanSpec
from reconciler.pricing.lint.charges import Charge
from reconciler.pricing.lint.words import moment, money, span
from reconciler.pricing.money import ZERO
from reconciler.pricing.periods import duration, later
from reconciler.pricing.prices import FlatPrice
from reconciler.pricing.rating import rate
from reconciler.pricing.subscriptions import Phase, ServicePeriod, Subscription, service_periods

_SOURCE = "OpenMeter rating, subscriptions"

STUB = Rule(
    "money.phase.stub",
    "A phase does not begin a new billing period: what is left of the running one is prorated.",
    _SOURCE,
    "warning",
)
MINIMUM = Rule(
    "money.minimum.stub", "A minimum is never prorated: a part of a period owes all of it.", _SOURCE, "warning"
)
NEVER = Rule(
    "money.fee.never_billed",
    "A one-time fee in arrears is billed when its phase ends, and the last phase has no end.",
    _SOURCE,
    "warning",
)

RULES = (STUB, MINIMUM, NEVER)

_STARTS = tuple(datetime(*day, tzinfo=UTC) for day in ((2026, 1, 1), (2026, 2, 1), (2026, 4, 1), (2028, 1, 1)))
"""Days to sign up on: months of every length follow them, and a leap year."""

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class _Boundary:
    """Where a phase ends and the next one begins, so long after the start."""

    number: int
    after: Duration
    length: str


def check(plan: PlanSpec, charges: Sequence[Charge]) -> Iterator[Finding]:
    """What the lengths of a plan's phases do to its fees."""
    for boundary in _boundaries(plan):
        yield from _prorated(plan, boundary, charges)
        yield from _minimums(plan, boundary, charges)
    last = len(plan.phases) - 1
    for charge in charges:
        if charge.phase == last:
            yield from never_billed(charge)


def never_billed(charge: Charge) -> Iterator[Finding]:
    """A fee of the last phase, or of an add-on, that no period ever bills."""
    price = charge.price
    if not isinstance(price, FlatPrice) or not price.amount or charge.card.cadence is not None:
        return
    phase = Phase("main", Duration(), (charge.card,))
    subscription = Subscription(charge.currency, Duration(months=Decimal(1)), (phase,), _STARTS[0])
    due = service_periods(subscription, later(_STARTS[0], subscription.cadence, 12))
    if due and all(one.invoice_at is None for one in due):
        billed = sum((rate(line).totals.total for one in due if (line := one.line(charge.currency, ZERO))), ZERO)
        message = (
            f"of {money(price.amount, charge.currency)} {money(billed, charge.currency)} are billed after a year, and "
            "nothing before the subscription is cancelled; write `paymentTerm: in_advance`"
        )
        yield Finding(NEVER, charge.at("price", "paymentTerm"), message, at_key=True)


def _boundaries(plan: PlanSpec) -> Iterator[_Boundary]:
    months = seconds = ZERO
    for number, phase in enumerate(plan.phases[:-1]):
        if phase.duration is None:
            return
        length = duration(phase.duration)
        months, seconds = months + _months(length), seconds + _seconds(length)
        yield _Boundary(number, Duration(months=months, seconds=seconds), phase.duration)


def _prorated(plan: PlanSpec, boundary: _Boundary, charges: Sequence[Charge]) -> Iterator[Finding]:
    """The dearest fee of the next phase whose first period is cut."""
    config = plan.pro_rating_config
    if config is not None and config.enabled is False:
        return
    dearest: Finding | None = None
    most = ZERO
    for charge in charges:
        price, cadence = charge.price, charge.card.cadence
        if charge.phase != boundary.number + 1 or not isinstance(price, FlatPrice) or cadence is None:
            continue
        due = _first_cut(plan, boundary, charge) if price.amount > most else None
        if due is None:
            continue
        whole, part = charge.cost(), _billed(due, charge)
        if part != whole:
            most = price.amount
            message = (
                f"who signs up on {moment(_start(boundary, due))} pays {money(part, charge.currency)} for "
                f"`{charge.card.key}` from {span(due.service)}, not {money(whole, charge.currency)} for a whole "
                f"period; a phase of `{charge.spec.billing_cadence}` leaves no rest"
            )
            dearest = Finding(STUB, ("phases", boundary.number, "duration"), message, at_key=True)
    if dearest is not None:
        yield dearest


def _minimums(plan: PlanSpec, boundary: _Boundary, charges: Sequence[Charge]) -> Iterator[Finding]:
    for charge in charges:
        price = charge.price
        if charge.phase != boundary.number + 1 or price is None or isinstance(price, FlatPrice):
            continue
        if not price.commitment.minimum or (due := _first_cut(plan, boundary, charge)) is None:
            continue
        owed = _billed(due, charge)
        if owed:
            again = "; the phase before owes one, too" if _in_phase_before(boundary, charge, charges) else ""
            message = (
                f"who signs up on {moment(_start(boundary, due))} and uses nothing pays {money(owed, charge.currency)} "
                f"for {span(due.service)}, as much as for a whole period{again}"
            )
            yield Finding(MINIMUM, charge.at("price", "minimumAmount"), message, at_key=True)


def _in_phase_before(boundary: _Boundary, charge: Charge, charges: Sequence[Charge]) -> bool:
    return any(
        other.phase == boundary.number
        and other.card.key == charge.card.key
        and other.price is not None
        and not isinstance(other.price, FlatPrice)
        and bool(other.price.commitment.minimum)
        for other in charges
    )


def _billed(due: ServicePeriod, charge: Charge) -> Decimal:
    line = due.line(charge.currency, ZERO)
    return rate(line).totals.total if line is not None else ZERO


def _start(boundary: _Boundary, due: ServicePeriod) -> datetime:
    return next(start for start in _STARTS if later(start, boundary.after) == due.service.start)


def _first_cut(plan: PlanSpec, boundary: _Boundary, charge: Charge) -> ServicePeriod | None:
    """The first period of a card after a phase, where it is shorter than a whole one; None where it never is."""
    cadence = charge.card.cadence
    if cadence is None or _whole(boundary.after, cadence):
        return None
    billing = duration(plan.billing_cadence)
    phase = Phase("next", boundary.after, (charge.card,))
    for start in _STARTS:
        subscription = Subscription(charge.currency, billing, (phase,), start)
        begin = later(start, boundary.after)
        until = max(later(begin, cadence), later(begin, billing))
        first = next((due for due in service_periods(subscription, until) if due.index == 0), None)
        if first is not None and first.service != first.full:
            return first
    return None


def _whole(offset: Duration, cadence: Duration) -> bool:
    """Whether so long is a whole number of periods on whatever day it begins; True where that is not known."""
    months, seconds = _months(cadence), _seconds(cadence)
    if months and seconds:
        return True
    if months:
        return not offset.seconds and not offset.months % months
    if not seconds:
        return True
    # Months have whole days, so only what divides a day divides them.
    return not offset.seconds % seconds and (not offset.months or not _DAY % seconds)


def _months(length: Duration) -> Decimal:
    sign = -1 if length.negative else 1
    return sign * (length.years * 12 + length.months)


def _seconds(length: Duration) -> Decimal:
    sign = -1 if length.negative else 1
    days = length.weeks * 7 + length.days
    return sign * (days * _DAY + length.hours * 3600 + length.minutes * 60 + length.seconds)
