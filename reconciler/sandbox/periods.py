"""Recurring periods: which one a moment falls into (OpenMeter v1, billing and usage periods)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from reconciler.sandbox.clock import rfc3339
from reconciler.sandbox.durations import Duration
from reconciler.sandbox.http import Problem
from reconciler.sandbox.jsontext import Doc

_NAMED: Final = {"P1D": "DAY", "P1W": "WEEK", "P1M": "MONTH", "P1Y": "YEAR"}


def period_at(anchor: datetime, interval: Duration, at: datetime) -> tuple[datetime, datetime]:
    """The period around a moment, of those that begin at the anchor and every interval before and after."""
    length = (interval.after(anchor) - anchor).total_seconds()
    if length <= 0:
        # A recurrence that does not move on is an error the server has no answer for.
        raise Problem(500)
    times = int((at - anchor).total_seconds() // length)
    # Months differ in length, so the estimate can be off by a few.
    while interval.after(anchor, times) > at:
        times -= 1
    while interval.after(anchor, times + 1) <= at:
        times += 1
    return interval.after(anchor, times), interval.after(anchor, times + 1)


def shown_period(start: datetime, end: datetime) -> Doc:
    """A period as the API shows it."""
    return {"from": rfc3339(start), "to": rfc3339(end)}


def shown_recurrence(anchor: datetime, interval: Duration) -> Doc:
    """A recurrence as the API shows it; the usual intervals have names."""
    iso = str(interval)
    return {"anchor": rfc3339(anchor), "interval": _NAMED.get(iso, iso), "intervalISO": iso}
