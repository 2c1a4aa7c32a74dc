"""How long a saved plan is valid: the part of ISO-8601 that is a fixed time."""

from __future__ import annotations

import re
from datetime import timedelta

_PERIOD = re.compile(
    r"P(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,4})D)?(?:T(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,6})M)?)?"
)


def parse_period(text: str) -> timedelta | None:
    """``P3D``, ``PT72H`` and the like; None for what is no time, no fixed time (months) or nothing."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        return None
    found = timedelta(**{name: int(value) for name, value in match.groupdict().items() if value})
    return found or None
