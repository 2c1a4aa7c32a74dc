"""Invoicing a period in parts, before it ends (progressive billing).

OpenMeter does that only when somebody asks for an invoice in the middle of a period; its own collection waits for the
end. What earlier parts were billed at counts against maximum and minimum *before* their discounts: that is what the
server does, so customers with a percentage discount pay less in parts. Source: OpenMeter, ``billing``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from reconciler.errors import PricingError
from reconciler.pricing.lines import Line, Period, RatedLine, added
from reconciler.pricing.money import exact
from reconciler.pricing.prices import FlatPrice, TieredPrice
from reconciler.pricing.rating import rate

Meter = Callable[[Period], Decimal]
"""The usage in a period; an event at its very end belongs to the next one."""


@exact
def rate_part(line: Line, meter: Meter, earlier: Sequence[RatedLine], at: datetime) -> RatedLine | None:
    """Rate what an invoice at this moment would hold of a line's period; None where nothing can be billed yet.

    ``line.period`` is the whole period; ``earlier`` are the parts billed so far, in order.
    """
    whole = line.period
    if whole is None:
        raise PricingError(f"{line.name}: a part of a period needs the period")
    if not may_split(line):
        return None if earlier else _at_the_end(line, whole, meter, at)
    start = earlier[-1].line.period.end if earlier and earlier[-1].line.period else whole.start
    part = Period(start, min(at, whole.end)).to_seconds()
    if part.is_empty:
        return None
    before = meter(Period(whole.start, start)) if earlier else Decimal(0)
    return rate(
        replace(
            line,
            period=part,
            service=whole,
            quantity=meter(Period(whole.start, part.end)) - before,
            before=before,
            billed=added(one.totals for one in earlier).amount,
            first=not earlier,
            last=part.end >= whole.end,
            invoice_at=None,
        )
    )


def may_split(line: Line) -> bool:
    """Whether the server bills it before its period ends: not flat fees and volume prices."""
    volume = isinstance(line.price, TieredPrice) and line.price.mode == "volume"
    return not volume and not isinstance(line.price, FlatPrice)


def _at_the_end(line: Line, whole: Period, meter: Meter, at: datetime) -> RatedLine | None:
    due = line.invoice_at or whole.end
    if at < due:
        return None
    if isinstance(line.price, FlatPrice):
        return rate(line)
    return rate(replace(line, quantity=meter(whole)))
