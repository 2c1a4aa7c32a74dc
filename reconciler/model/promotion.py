"""A promotion: one bundle, proven in one environment, planned for the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.model.base import Address
from reconciler.model.plan import Plan, Target

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class LastChange:
    """The youngest instant, by the server's own clock, at which something of a catalogue changed, and what it was."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of a bundle in the environment that it comes from, all of it read from the live catalogue.

    ``reasons`` has one sentence per thing that is not as the bundle declares it there; none: it is applied and active.
    ``soak`` is how long the next environment asks for it to have been so. ``extra`` is live there, this project's,
    and not in the bundle: it is not promoted.
    """

    source: Target
    objects: int
    reasons: tuple[str, ...] = ()
    changed: LastChange | None = None
    soak: timedelta | None = None
    extra: tuple[Address, ...] = ()

    @property
    def soaked_at(self) -> datetime | None:
        """The first full second at which it has been live for long enough; None where none is asked, or known."""
        if self.soak is None or self.changed is None:
            return None
        begun = self.changed.at.replace(microsecond=0)
        return begun + self.soak + (_SECOND if begun < self.changed.at else timedelta())

    def holds(self, moment: datetime) -> bool:
        """Whether the bundle is proven by now."""
        if self.reasons:
            return False
        return self.soak is None or (self.soaked_at is not None and self.soaked_at <= moment)


@dataclass(frozen=True, slots=True)
class Promotion:
    """A bundle on its way. ``bundle`` is its digest in hex.

    ``staying`` has one sentence per thing that would stay different in the target although no overlay says so;
    ``differences`` are the objects that overlays and variables make different.
    """

    bundle: str
    commit: str | None
    dirty: bool | None
    proof: Proof
    plan: Plan
    differences: tuple[Address, ...] = ()
    staying: tuple[str, ...] = ()

    @property
    def is_there(self) -> bool:
        """Whether the target has exactly this already: nothing is to be proven then, because nothing goes anywhere."""
        return self.plan.is_empty and not self.plan.open_guards and not self.staying
