"""Calendar periods: an anchor, and every so many months, days or hours from it, in both directions. UTC.

Each boundary is computed from the anchor, never from the one before, and a month that is too short ends with its last
day: January 31, February 28, March 31. Source: OpenMeter, ``pkg/datetime``.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from reconciler.errors import PricingError
from reconciler.kinds import durations
from reconciler.pricing.lines import Period

_SHORTEST = 28
"""Days that every month has."""


def duration(text: str) -> durations.Period:
    """Read an ISO-8601 duration; raises ``PricingError``."""
    try:
        return durations.Period.parse(text)
    except ValueError as error:
        raise PricingError(str(error)) from None


def later(moment: datetime, length: durations.Period, times: int = 1) -> datetime:
    """A moment so many durations later (or earlier, for negative ``times``)."""
    months, rest = _step(length)
    return _months_later(moment, months * times) + rest * times


@lru_cache(maxsize=1024)
def _step(length: durations.Period) -> tuple[int, timedelta]:
    """A duration as whole months and what is of one length whenever it is."""
    sign = -1 if length.negative else 1
    months = _whole(length.years * 12 + length.months) * sign
    days = length.weeks * 7 + length.days
    seconds = length.hours * 3600 + length.minutes * 60 + length.seconds
    return months, sign * timedelta(days=float(days), seconds=float(seconds))


def _whole(months: Decimal) -> int:
    if months != months.to_integral_value():
        raise PricingError(f"{months} months are no whole number of months")
    return int(months)


def _months_later(moment: datetime, months: int) -> datetime:
    if not months:
        return moment
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = moment.day if moment.day <= _SHORTEST else min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The periods of one cadence."""

    anchor: datetime
    cadence: durations.Period

    def containing(self, moment: datetime) -> int:
        """The number of the period that a moment lies in; 0 begins at the anchor."""
        if later(self.anchor, self.cadence) <= self.anchor:
            raise PricingError(f"a cadence of {self.cadence} never gets anywhere")
        number = int((moment - self.anchor) / (later(self.anchor, self.cadence) - self.anchor))
        while self.start(number) > moment:
            number -= 1
        while self.start(number + 1) <= moment:
            number += 1
        return number

    def start(self, number: int) -> datetime:
        """Where a period begins."""
        return later(self.anchor, self.cadence, number)

    def period(self, number: int) -> Period:
        """A period by its number."""
        return Period(self.start(number), self.start(number + 1))


def common(one: Period, other_start: datetime, other_end: datetime | None) -> Period:
    """What a period has in common with an activity that may be open-ended."""
    end = one.end if other_end is None else min(one.end, other_end)
    return Period(max(one.start, other_start), end)


def utc(text: str) -> datetime:
    """A moment as the API writes it (RFC 3339), in UTC; raises ``PricingError``."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise PricingError(f"`{text}` is no moment; write it like 2027-01-01T00:00:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
