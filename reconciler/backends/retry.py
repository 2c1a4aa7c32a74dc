"""When a request is sent again, and when not. Bounded by attempts and by time, with jitter.

A refusal by a rate limit is no failed attempt: see ``gate``.

A POST is never sent again once it may have arrived: OpenMeter knows no idempotency key.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import stamina

from reconciler.backends.clock import Clock
from reconciler.errors import ReconcilerError

# stamina reports each retry as a warning, which Python prints for programs that set up no logging at all.
logging.getLogger("stamina").addHandler(logging.NullHandler())

BUSY = frozenset({429, 502, 503, 504})
"""Statuses that may be better a moment later."""

LONGEST_ASKED = 366 * 86_400.0
"""A year, in seconds: no server means more."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request is worth repeating. Times in seconds."""

    attempts: int = 6
    total: float = 60.0
    first_wait: float = 0.2
    longest_wait: float = 8.0
    jitter: float = 0.4


class FailedAttempt(Exception):  # noqa: N818 - not an error of its own: it carries one
    """One attempt that failed: with what, whether another may follow, and how long the server asked to wait."""

    def __init__(self, error: ReconcilerError, *, again: bool, wait: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.again = again
        self.wait = wait


def persist(patience: Patience, attempt: Callable[[], T], clock: Clock) -> T:
    """Run ``attempt`` until it answers or may not be repeated; raises the last failure's error.

    What else ``attempt`` raises goes through. Between attempts stamina sleeps, which its test mode leaves out.
    """
    started = clock.monotonic()

    def backoff(failure: Exception) -> bool | float:
        if not isinstance(failure, FailedAttempt) or not failure.again:
            return False
        if failure.wait is None:
            return True
        wait = failure.wait + random.uniform(0, patience.jitter)  # noqa: S311 - spreads clients, guards nothing
        return wait if clock.monotonic() - started + wait <= patience.total else False

    try:
        for trial in stamina.retry_context(
            on=backoff,
            attempts=patience.attempts,
            timeout=patience.total,
            wait_initial=patience.first_wait,
            wait_max=patience.longest_wait,
            wait_jitter=patience.jitter,
        ):
            with trial:
                return attempt()
    except FailedAttempt as failure:
        raise failure.error from None
    raise AssertionError("stamina ends with an answer or an exception")


def retry_after(value: str | None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float | None:
    """Seconds asked for by a ``Retry-After`` header (a number or a date); None where it says nothing usable.

    Never more than ``LONGEST_ASKED``.
    """
    if not value:
        return None
    if value.strip().isdecimal():
        return min(LONGEST_ASKED, float(value))
    try:
        moment = parsedate_to_datetime(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(LONGEST_ASKED, max(0.0, (moment - now()).total_seconds()))
    except (ValueError, OverflowError):
        return None


class _NotYet(Exception):  # noqa: N818 - a signal between two lines of this file
    """Nothing to see so far."""


def eventually(look: Callable[[], T | None]) -> T | None:
    """Look a few times within seconds, for what a server that is still at it may finish; None if nothing shows."""
    try:
        for trial in stamina.retry_context(on=_NotYet, attempts=3, timeout=15, wait_initial=1.0, wait_jitter=0.5):
            with trial:
                seen = look()
                if seen is None:
                    raise _NotYet
                return seen
    except _NotYet:
        pass
    return None
