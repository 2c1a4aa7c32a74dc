"""Times in files: fixed periods of ISO-8601, and dates and instants, which are in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

_PERIOD = re.compile(
    r"P(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,4})D)?(?:T(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,6})M)?)?"
)

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:[Zz]|[+-]\d\d:\d\d)")

MOMENT = "a date such as `2027-01-31` (in UTC), or an instant with its zone such as `2027-01-31T09:00:00+01:00`"
"""What ``parse_moment`` reads, for messages."""


def parse_moment(text: str, *, through: bool = False) -> datetime | None:
    """A date or an RFC 3339 instant, as an instant in UTC; None for anything else, an instant without zone included.

    A date is its first moment in UTC; with ``through``, where it is the last day of something, the first one after.
    """
    try:
        if _DATE.fullmatch(text):
            midnight = datetime.combine(date.fromisoformat(text), time(), UTC)
            return midnight + timedelta(days=1) if through else midnight
        return datetime.fromisoformat(text).astimezone(UTC) if _INSTANT.fullmatch(text) else None
    except (ValueError, OverflowError):
        return None


def parse_period(text: str) -> timedelta | None:
    """``P3D``, ``PT72H`` and the like; None for what is no time, no fixed time (months) or nothing."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        return None
    found = timedelta(**{name: int(value) for name, value in match.groupdict().items() if value})
    return found or None
