"""What depends on the calendar: when a change is due, and when none may be made. Instants are in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reconciler.model.base import Address, Location


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which nothing that concerns money may change: from ``start``, until just before ``end``."""

    start: datetime
    end: datetime
    because: str

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies inside."""
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A patch that is held back: which object it is about, from when on it holds, and where it stands."""

    address: Address
    at: datetime
    location: Location | None = None
