"""When two cadences fit each other, and which are too short (OpenMeter v1, cadence alignment)."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from itertools import product
from typing import Final

from reconciler.sandbox.durations import Duration, parse_duration

_DAYS_OF_A_MONTH: Final = (28, 29, 30, 31)
_HOURS_OF_A_DAY: Final = (23, 24, 25)
_HOUR: Final = 3600


@lru_cache(maxsize=4096)
def aligned(one: str, other: str) -> bool:
    """Whether one cadence divides the other for every length of a month and, with clock changes, of a day.

    So hours divide a month only if they divide 23, 24 and 25 hours: eight hours do not.
    """
    first, second = parse_duration(one), parse_duration(other)
    return first == second or _divides(first, second) or _divides(second, first)


def is_under_an_hour(duration: Duration) -> bool:
    """Whether it lasts less than an hour, negative ones included."""
    return _seconds(duration, 30, 24) < _HOUR


def same_length(text: str) -> tuple[Decimal, Decimal, Decimal]:
    """Months, days and seconds: equal for cadences that are equal once units are carried over."""
    duration = parse_duration(text)
    return (
        duration.years * 12 + duration.months,
        duration.weeks * 7 + duration.days,
        duration.hours * _HOUR + duration.minutes * 60 + duration.seconds,
    )


def _divides(small: Duration, large: Duration) -> bool:
    return all(
        _is_multiple(_seconds(large, days, hours), _seconds(small, days, hours))
        for days, hours in product(_DAYS_OF_A_MONTH, _HOURS_OF_A_DAY)
    )


def _is_multiple(large: Decimal, small: Decimal) -> bool:
    return small != 0 and large % small == 0 and large / small > 0


def _seconds(duration: Duration, days_of_a_month: int, hours_of_a_day: int) -> Decimal:
    months = duration.years * 12 + duration.months
    days = months * days_of_a_month + duration.weeks * 7 + duration.days
    hours = days * hours_of_a_day + duration.hours
    return hours * _HOUR + duration.minutes * 60 + duration.seconds
