"""ISO-8601 durations as the server reads and prints them.

Source: OpenMeter v1 parses with rickb777/period and prints the parsed value back: zero components are dropped, a
comma becomes a point, nothing is converted from one unit into another (``P12M`` stays, ``PT60M`` stays).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Self

_DATE, _TIME = "YMWD", "HMS"
_FIELD = re.compile(r"([+-]?\d+(?:[.,]\d*)?|[+-]?[.,]\d+)([A-Z])")
_SHAPE = re.compile(r"[+-]?P(?P<date>[^T]*)(?:T(?P<time>.*))?")


@dataclass(frozen=True, slots=True)
class Period:
    """A duration by component; weeks may stand beside the others. ``negative`` applies to all components."""

    years: Decimal = Decimal(0)
    months: Decimal = Decimal(0)
    weeks: Decimal = Decimal(0)
    days: Decimal = Decimal(0)
    hours: Decimal = Decimal(0)
    minutes: Decimal = Decimal(0)
    seconds: Decimal = Decimal(0)
    negative: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``P1Y2M3W4DT5H6M7.5S``; raises ``ValueError`` with what to write instead."""
        shape = _SHAPE.fullmatch(text)
        fields = _fields(text, shape["date"], _DATE) if shape else []
        if shape and shape["time"] is not None:
            fields += _fields(text, shape["time"], _TIME)
        if not fields:
            raise ValueError(_refusal(text))
        if any(_has_fraction(number) for number, _ in fields[:-1]):
            raise ValueError(f"`{text}`: only the last part of a duration can have a fraction")
        values = {name: Decimal(number.replace(",", ".")) for number, name in fields}
        negative = text.startswith("-")
        if all(value <= 0 for value in values.values()) and any(values.values()):
            values, negative = {name: -value for name, value in values.items()}, not negative
        return cls(**values, negative=negative and any(values.values()))

    def __str__(self) -> str:
        date = _print(zip((self.years, self.months, self.weeks, self.days), _DATE, strict=True))
        time = _print(zip((self.hours, self.minutes, self.seconds), _TIME, strict=True))
        if not (date or time):
            return "P0D"
        return f"{'-' if self.negative else ''}P{date}{'T' + time if time else ''}"

    @property
    def is_zero(self) -> bool:
        """No component has a value."""
        return str(self) == "P0D"

    def at_least_an_hour(self) -> bool:
        """Whether the server takes it as an hour or more (a month counts 28 days, a day 23 hours at least)."""
        months = self.years * 12 + self.months
        days = months * 28 + self.weeks * 7 + self.days
        hours = days * 23 + self.hours + self.minutes / 60 + self.seconds / 3600
        return not self.negative and hours >= 1


_NAMES = {
    _DATE: dict(zip(_DATE, ("years", "months", "weeks", "days"), strict=True)),
    _TIME: dict(zip(_TIME, ("hours", "minutes", "seconds"), strict=True)),
}


def _fields(text: str, part: str, designators: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    for match in _FIELD.finditer(part):
        name = _NAMES[designators].get(match[2])
        if match.start() != at or name is None or name in (known for _, known in found):
            raise ValueError(_refusal(text))
        found.append((match[1], name))
        at = match.end()
    if at != len(part):
        raise ValueError(_refusal(text))
    return found


def _has_fraction(number: str) -> bool:
    return bool(re.search(r"[.,]\d", number))


def _print(fields: zip[tuple[Decimal, str]]) -> str:
    return "".join(f"{plain(value)}{designator}" for value, designator in fields if value)


def plain(value: Decimal) -> str:
    """A decimal without exponent, trailing zeros or a negative zero: the server's own way to print one."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _refusal(text: str) -> str:
    return f"`{text}` is not an ISO-8601 duration; write it like `P1M` (a month), `P14D` (14 days) or `PT1H` (an hour)"


@lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """The duration as the server prints it; text that is no duration comes back as it is."""
    try:
        return str(Period.parse(text))
    except ValueError:
        return text
