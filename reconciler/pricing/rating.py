"""Rating a line: usage and a rate card become what an invoice says, to the last rounding.

Steps and their order are the server's: conversion, free units, price, percentage, maximum, minimum. Credits, custom
currencies and taxes are not computed: the server's own totals leave taxes at zero, and for the others this module
raises ``PricingError`` instead of guessing. Source: OpenMeter, ``billing/rating/service``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from reconciler.errors import PricingError
from reconciler.pricing.lines import (
    AmountDiscount,
    Conversion,
    DetailedLine,
    Invoice,
    Line,
    RatedLine,
    Totals,
    UsageDiscount,
    added,
)
from reconciler.pricing.money import (
    HUNDRED,
    ONE,
    ZERO,
    divided,
    downwards,
    exact,
    rounded,
    subunits,
    text,
    upwards,
)
from reconciler.pricing.pricers import details
from reconciler.pricing.prices import FlatPrice, TieredPrice, UnitPrice


@exact
def rate(line: Line) -> RatedLine:
    """Work out one line. Raises ``PricingError`` for what the server would refuse or cannot bill."""
    places = subunits(line.currency)
    _check(line)
    if isinstance(line.price, FlatPrice):
        found = _less_percentage(line, details(line, ONE, ZERO), places)
        return _positive(RatedLine(line, ONE, ZERO, found))
    quantity, before = _converted(line, line.quantity), _converted(line, line.before)
    free = _free(line, quantity, before)
    if free is not None:
        quantity, before = quantity - free.quantity, before - free.before
    found = _less_percentage(line, details(line, quantity, before), places)
    found = _capped(line, found, places)
    found += _topped_up(line, found, places)
    return _positive(RatedLine(line, quantity, before, found, free if free and free.quantity else None))


@exact
def invoice(lines: Iterable[Line]) -> Invoice:
    """Rate several lines and put them into the order of an invoice: by name, then by period."""
    rated = [rate(line) for line in lines]
    if not rated:
        raise PricingError("an invoice needs at least one line")
    return Invoice(tuple(sorted(rated, key=lambda one: (one.name, _start(one.line)))))


def _start(line: Line) -> datetime:
    return line.period.start if line.period is not None else datetime.min.replace(tzinfo=UTC)


def _check(line: Line) -> None:
    metered = not isinstance(line.price, FlatPrice)
    if metered and line.feature is None:
        raise PricingError(f"{line.name}: a price for usage needs a feature")
    if line.period is not None:
        period = line.period.to_seconds()
        if period.is_empty and (metered or period.start > period.end):
            raise PricingError(f"{line.name}: the period from {period.start} to {period.end} is empty")
        if metered and line.invoice_at is not None and line.invoice_at < line.period.end:
            raise PricingError(
                f"{line.name}: usage is not invoiced at {line.invoice_at}, before its period ends, {line.period.end}"
            )
    percentage = line.discounts.percentage
    if percentage is not None and not 0 <= percentage <= HUNDRED:
        raise PricingError(f"{line.name}: a discount of {percentage} % is not between 0 and 100")
    if line.discounts.usage is not None and isinstance(line.price, FlatPrice):
        raise PricingError(f"{line.name}: a flat price has no usage that could be free")
    if line.discounts.usage is not None and line.discounts.usage < 0:
        raise PricingError(f"{line.name}: {line.discounts.usage} free units are negative")


def _converted(line: Line, quantity: Decimal) -> Decimal:
    """In billing units. The part and what was before it are converted each for itself, as the server does."""
    conversion = line.conversion
    if conversion is None:
        return quantity
    if not isinstance(line.price, UnitPrice | TieredPrice):
        raise PricingError(f"{line.name}: only unit and tiered prices take converted units")
    if conversion.operation not in ("multiply", "divide"):
        raise PricingError(f"{line.name}: `{conversion.operation}` is no conversion; one of multiply, divide")
    if conversion.factor <= 0:
        raise PricingError(f"{line.name}: the conversion factor {conversion.factor} is not greater than 0")
    scaled = (
        quantity * conversion.factor if conversion.operation == "multiply" else divided(quantity, conversion.factor)
    )
    return _to_precision(conversion, scaled)


def _to_precision(conversion: Conversion, quantity: Decimal) -> Decimal:
    match conversion.rounding:
        case "none":
            return quantity
        case "ceiling":
            return upwards(quantity, conversion.precision)
        case "floor":
            return downwards(quantity, conversion.precision)
        case "half_up":
            return rounded(quantity, conversion.precision)
        case _:
            raise PricingError(f"`{conversion.rounding}` is no rounding; one of none, ceiling, floor, half_up")


def _free(line: Line, quantity: Decimal, before: Decimal) -> UsageDiscount | None:
    """Free units are used up in the order of the parts, once per service period."""
    granted = line.discounts.usage
    if granted is None:
        return None
    if quantity < 0 or before < 0:
        raise PricingError(f"{line.name}: a usage discount cannot be applied to a negative quantity")
    used = min(granted, before)
    return UsageDiscount(min(granted - used, quantity), used, granted)


def _less_percentage(line: Line, found: tuple[DetailedLine, ...], places: int) -> tuple[DetailedLine, ...]:
    percentage = line.discounts.percentage
    if percentage is None:
        return found
    return tuple(
        _discounted(
            detail,
            AmountDiscount(
                rounded(divided(detail.totals.total * percentage, HUNDRED), places), "ratecard_percentage", percentage
            ),
        )
        for detail in found
    )


def _discounted(detail: DetailedLine, discount: AmountDiscount) -> DetailedLine:
    totals = replace(detail.totals, discounts=detail.totals.discounts + discount.amount)
    return replace(detail, totals=totals, discounts=(*detail.discounts, discount))


def _capped(line: Line, found: tuple[DetailedLine, ...], places: int) -> tuple[DetailedLine, ...]:
    """The maximum is used up line by line; what goes beyond is a discount."""
    if isinstance(line.price, FlatPrice) or line.price.commitment.maximum is None:
        return found
    cap, billed = rounded(line.price.commitment.maximum, places), line.billed
    said = f"Maximum spend discount for charges over {text(cap)}"
    capped: list[DetailedLine] = []
    for detail in found:
        total = detail.totals.total
        beyond = min(total, billed + total - cap)
        billed += total
        if beyond > 0:
            detail = _discounted(detail, AmountDiscount(beyond, "maximum_spend", description=said))
        capped.append(detail)
    return tuple(capped)


def _topped_up(line: Line, found: tuple[DetailedLine, ...], places: int) -> tuple[DetailedLine, ...]:
    """One more line where less than the minimum was billed in the whole period."""
    if isinstance(line.price, FlatPrice) or line.price.commitment.minimum is None or not line.last:
        return ()
    missing = line.price.commitment.minimum - line.billed - added(detail.totals for detail in found).total
    if missing <= 0:
        return ()
    charge = rounded(missing, places)
    name = f"{line.name}: minimum spend"
    period = None if line.first else line.service
    return (DetailedLine(name, ONE, charge, Totals(charges=charge), category="commitment", period=period),)


def _positive(rated: RatedLine) -> RatedLine:
    if rated.totals.total < 0:
        raise PricingError(f"{rated.name}: the total, {rated.totals.total}, is negative")
    return rated
