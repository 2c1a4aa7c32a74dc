"""Whether two billing cadences go together. Source: OpenMeter v1, cadence alignment of plans and rate cards.

Two cadences align when they are the same, or one is a whole multiple of the other whatever a month or a day is long:
28 to 31 days, 23 to 25 hours. So P1M aligns with P1D, PT1H, P3M and P1Y, and never with P1W or PT8H.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import product

from reconciler.kinds.durations import Period

_HOUR = 3600


def aligned(one: str, other: str) -> bool:
    """Whether the server takes these two cadences together; durations that do not parse never align."""
    try:
        first, second = Period.parse(one), Period.parse(other)
    except ValueError:
        return False
    if str(first) == str(second):
        return True
    return _divisible(first, second) or _divisible(second, first)


def same_length(one: str, other: str) -> bool:
    """Whether two cadences are the same however they are written: P12M is P1Y, P7D is P1W."""
    first, second = Period.parse(one), Period.parse(other)
    return all(_seconds(first, *calendar) == _seconds(second, *calendar) for calendar in _CALENDARS)


_CALENDARS = tuple(product((28, 29, 30, 31), (23, 24, 25)))
"""Days in a month, hours in a day."""


def _divisible(larger: Period, smaller: Period) -> bool:
    for calendar in _CALENDARS:
        whole, part = _seconds(larger, *calendar), _seconds(smaller, *calendar)
        if part <= 0 or whole < part or whole % part:
            return False
    return True


def _seconds(period: Period, days_in_month: int, hours_in_day: int) -> Decimal:
    day = hours_in_day * _HOUR
    months = period.years * 12 + period.months
    total = (months * days_in_month + period.weeks * 7 + period.days) * day
    total += period.hours * _HOUR + period.minutes * 60 + period.seconds
    return -total if period.negative else total
