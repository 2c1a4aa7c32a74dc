"""ISO-8601 durations as the server reads, prints and adds them (OpenMeter v1, durations).

Units are never converted into each other: `PT60M` stays, and `P7D` is not `P1W`. Zero components
are dropped, zero itself prints as `P0D`, and a sign in front of the one component moves to the front.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

_NUMBER: Final = r"([+-]?\d+(?:[.,]\d+)?)"
_DURATION: Final = re.compile(
    rf"([+-]?)P(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?"
)


class DurationError(ValueError):
    """A text that is no ISO-8601 duration."""


@dataclass(frozen=True, slots=True)
class Duration:
    """Components as written; a negative duration has negative components."""

    years: Decimal = Decimal(0)
    months: Decimal = Decimal(0)
    weeks: Decimal = Decimal(0)
    days: Decimal = Decimal(0)
    hours: Decimal = Decimal(0)
    minutes: Decimal = Decimal(0)
    seconds: Decimal = Decimal(0)

    def components(self) -> tuple[Decimal, ...]:
        """From years to seconds."""
        return (self.years, self.months, self.weeks, self.days, self.hours, self.minutes, self.seconds)

    @property
    def is_negative(self) -> bool:
        """Whether any component points backwards."""
        return any(component < 0 for component in self.components())

    @property
    def is_zero(self) -> bool:
        """Whether it lasts no time at all."""
        return not any(self.components())

    def __str__(self) -> str:
        if self.is_zero:
            return "P0D"
        backwards = all(component <= 0 for component in self.components())
        amounts = [-component if backwards else component for component in self.components()]
        dates = "".join(_shown(amount, unit) for amount, unit in zip(amounts[:4], "YMWD", strict=True))
        times = "".join(_shown(amount, unit) for amount, unit in zip(amounts[4:], "HMS", strict=True))
        return f"{'-' if backwards else ''}P{dates}{'T' + times if times else ''}"

    def after(self, instant: datetime, times: int = 1) -> datetime:
        """The instant this long after another, `times` times over; a month's end stays in its month."""
        months = int(self.years * 12 + self.months) * times
        clock = timedelta(
            weeks=float(self.weeks),
            days=float(self.days),
            hours=float(self.hours),
            minutes=float(self.minutes),
            seconds=float(self.seconds),
        )
        return _add_months(instant, months) + clock * times


def parse_duration(text: str) -> Duration:
    """Read a duration; raises DurationError on anything else, `P` alone included."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise DurationError(text)
    sign, *amounts = match.groups()
    given = [amount for amount in amounts if amount is not None]
    # A fraction may only stand in the last component.
    if not given or text.endswith("T") or any(re.search("[.,]", amount) for amount in given[:-1]):
        raise DurationError(text)
    factor = -1 if sign == "-" else 1
    return Duration(*(factor * Decimal((amount or "0").replace(",", ".")) for amount in amounts))


def _shown(amount: Decimal, unit: str) -> str:
    return f"{amount.normalize():f}{unit}" if amount else ""


def _add_months(instant: datetime, months: int) -> datetime:
    year, month = divmod(instant.year * 12 + instant.month - 1 + months, 12)
    day = min(instant.day, calendar.monthrange(year, month + 1)[1])
    return instant.replace(year=year, month=month + 1, day=day)
