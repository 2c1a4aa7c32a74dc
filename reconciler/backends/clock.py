"""Time as the waiting of this room sees it, in one value: a test gives one in which nothing takes time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _utc() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """``monotonic`` and ``sleep`` in seconds; ``utc`` for headers that name a date."""

    monotonic: Callable[[], float] = time.monotonic
    utc: Callable[[], datetime] = _utc
    sleep: Callable[[float], None] = time.sleep


CLOCK = Clock()
"""The clock of the machine."""
