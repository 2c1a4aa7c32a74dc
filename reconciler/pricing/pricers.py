"""From a billable quantity to detailed lines, for every price model. Source: OpenMeter, ``billing/rating``.

The order of the lines matters: a maximum is used up by them one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import assert_never

from reconciler.errors import PricingError
from reconciler.pricing.lines import DetailedLine, Line, Totals
from reconciler.pricing.money import ONE, ZERO, divided, downwards, rounded, subunits
from reconciler.pricing.prices import (
    DynamicPrice,
    FlatPrice,
    PackagePrice,
    PaymentTerm,
    Tier,
    TieredPrice,
    UnitPrice,
)


def details(line: Line, quantity: Decimal, before: Decimal) -> tuple[DetailedLine, ...]:
    """The detailed lines of ``quantity`` billable units after ``before`` others, without discounts and commitments."""
    match line.price:
        case FlatPrice(amount, term):
            return (_detail(line, line.name, ONE, amount, term),)
        case UnitPrice(amount):
            return tuple(_unit(line, amount, quantity))
        case DynamicPrice(multiplier):
            return tuple(_dynamic(line, multiplier, quantity))
        case PackagePrice(amount, size):
            return tuple(_package(line, amount, size, quantity, before))
        case TieredPrice("volume"):
            return tuple(_volume(line, line.price, quantity, before))
        case TieredPrice():
            return tuple(_graduated(line, line.price, quantity, before))
        case _:
            assert_never(line.price)


def _detail(
    line: Line, name: str, quantity: Decimal, unit_amount: Decimal, term: PaymentTerm = "in_arrears"
) -> DetailedLine:
    """Only the product is rounded: a unit may cost less than the smallest coin."""
    amount = rounded(quantity * unit_amount, subunits(line.currency))
    return DetailedLine(name, quantity, unit_amount, Totals(amount), term)


def _unit(line: Line, amount: Decimal, quantity: Decimal) -> Iterator[DetailedLine]:
    if quantity > 0:
        yield _detail(line, f"{line.name}: usage in period", quantity, amount)


def _dynamic(line: Line, multiplier: Decimal, quantity: Decimal) -> Iterator[DetailedLine]:
    if quantity > 0:
        amount = rounded(quantity * multiplier, subunits(line.currency))
        yield _detail(line, f"{line.name}: usage in period", ONE, amount)


def _package(line: Line, amount: Decimal, size: Decimal, quantity: Decimal, before: Decimal) -> Iterator[DetailedLine]:
    opened = _packages(quantity + before, size) - (ZERO if line.first else _packages(before, size))
    if opened != 0:
        yield _detail(line, f"{line.name}: usage in period", opened, amount)


def _packages(units: Decimal, size: Decimal) -> Decimal:
    """How many packages hold so many units. The server rounds the quotient before it cuts off the fraction."""
    whole = downwards(divided(units, size))
    return whole + 1 if units % size else whole


def _volume(line: Line, price: TieredPrice, quantity: Decimal, before: Decimal) -> Iterator[DetailedLine]:
    if before:
        raise PricingError(f"{line.name}: a volume price is not billed before its period ends")
    for index, tier in enumerate(price.ordered, 1):
        if tier.up_to is None or quantity <= tier.up_to:
            if tier.flat is not None:
                yield _detail(line, f"{line.name}: flat price for tier {index}", ONE, tier.flat)
            if tier.unit is not None and quantity:
                yield _detail(line, f"{line.name}: unit price for tier {index}", quantity, tier.unit)
            return
    raise PricingError(f"{line.name}: no tier takes {quantity} units")


def _graduated(line: Line, price: TieredPrice, quantity: Decimal, before: Decimal) -> Iterator[DetailedLine]:
    if quantity < 0 or before < 0:
        raise PricingError(f"{line.name}: a graduated price cannot be applied to a negative quantity")
    if quantity + before == 0:
        # The server takes the tiers as they were written here, not sorted.
        if line.first:
            yield from _tier(line, price.tiers[0], 1, ZERO, entered=True)
        return
    start = ZERO
    for index, tier in enumerate(price.ordered, 1):
        end = quantity + before if tier.up_to is None else min(tier.up_to, quantity + before)
        units = max(ZERO, end - max(start, before))
        entered = line.first and before == 0 if index == 1 else before <= start < quantity + before
        if units or entered:
            yield from _tier(line, tier, index, units, entered=entered)
        if tier.up_to is None or quantity + before <= tier.up_to:
            return
        start = tier.up_to
    raise PricingError(f"{line.name}: no tier takes more than {start} units")


def _tier(line: Line, tier: Tier, index: int, units: Decimal, *, entered: bool) -> Iterator[DetailedLine]:
    if tier.unit is not None:
        yield _detail(line, f"{line.name}: usage price for tier {index}", units, tier.unit)
    if tier.flat is not None and entered:
        yield _detail(line, f"{line.name}: flat price for tier {index}", ONE, tier.flat)
