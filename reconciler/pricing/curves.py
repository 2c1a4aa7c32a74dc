"""A price against quantity: what a customer pays at many points, for reading and for drawing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

from reconciler.errors import PricingError
from reconciler.pricing.bills import Customer, bill
from reconciler.pricing.money import ONE, ZERO, exact
from reconciler.pricing.offers import Spec, card_of, items
from reconciler.pricing.probes import edges

STEPS = 25
"""About how many points a curve has, edges not counted."""


@dataclass(frozen=True, slots=True)
class Point:
    """So many units in every service period, and what the customer pays for all of the bill."""

    quantity: Decimal
    total: Decimal


@exact
def curve(plan: Spec, customer: Customer, feature: str, quantities: Iterable[Decimal]) -> tuple[Point, ...]:
    """What a customer pays for each quantity of one feature, everything else being equal."""
    points = []
    for quantity in quantities:
        usage = {**customer.usage, feature: quantity}
        points.append(Point(quantity, bill(plan, replace(customer, usage=usage)).total))
    return tuple(points)


@exact
def grid(plan: Spec, feature: str, least: Decimal, most: Decimal) -> tuple[Decimal, ...]:
    """Round numbers from least to most, the ends themselves, and both sides of every edge of the feature's prices."""
    if least < 0 or most <= least:
        raise PricingError(f"{least}..{most} is no range of quantities: write it like 0..1000000")
    step = _round_step((most - least) / STEPS)
    first = (least / step).to_integral_value(ROUND_CEILING)
    even = [step * (first + number) for number in range(int((most - least) / step) + 1)]
    near = [edge + offset for edge in edges_of(plan, feature) for offset in (ZERO, ONE)]
    return tuple(sorted({least, most, *(point for point in (*even, *near) if least <= point <= most)}))


def _round_step(width: Decimal) -> Decimal:
    """1, 2 or 5 times a power of ten: the first that is not smaller."""
    power = ONE.scaleb(width.adjusted())
    return next(power * times for times in (1, 2, 5, 10) if power * times >= width)


def edges_of(plan: Spec, feature: str) -> tuple[Decimal, ...]:
    """Where any price of a feature in a plan changes, free units included; ascending."""
    found: set[Decimal] = set()
    for phase in items(plan.get("phases")):
        for spec in items(phase.get("rateCards")):
            if spec.get("featureKey") != feature:
                continue
            card = card_of(spec)
            free = card.discounts.usage or ZERO
            found |= {free + edge for edge in edges(card.price)} if card.price is not None else set()
            found |= {free} if free else set()
    return tuple(sorted(found))
