"""The two bounds on concurrency: all requests, and the catalogue writes that a server can hang on.

Four plan, add-on, rule, channel or profile writes in flight can hang an OpenMeter server until their connections time
out (it asks its database pool for a second connection while it holds the first), so these have a bound of their own.
After a lost answer it is one. Every ``RECOVER_AFTER`` catalogue writes that are done then double it: up to what was
configured, or to ``AFTER_A_HANG`` if as many were lost together as hang a server. A second loss brings it back to one,
and there it stays: this server does not bear more.

Two sorts of catalogue writes go alone, after all before them have ended, so that no other write of this run can hang
them: creates of kinds without a natural key, which may not be sent again when their answer is lost, and second tries
of any kind, which have no third.
"""

from __future__ import annotations

from reconciler.execution.graph import Queue
from reconciler.execution.repeats import may_repeat
from reconciler.kinds.registry import KINDS
from reconciler.model import Plan, Step

RECOVER_AFTER = 8
"""Catalogue writes that have to be done before twice as many may be in flight."""

HANGS_AT = 4
"""Catalogue writes in flight at which a server with the default database pool was seen to hang; three were fine."""

AFTER_A_HANG = 2
"""Catalogue writes in flight with which such a server is at ease."""


class Lanes:
    """Ready steps in two queues, and how many of each may be in flight."""

    def __init__(self, plan: Plan, *, total: int, catalog: int) -> None:
        self._order = {step.id: number for number, step in enumerate(plan.steps)}
        self._catalog_kinds = frozenset(
            name
            for name, kind in KINDS.items()
            if plan.target.api in kind.bindings and kind.binding(plan.target.api).catalog_write
        )
        self._limit = max(1, total)
        self._catalog = _Bound(max(1, catalog))
        self._catalog_ready, self._other_ready = Queue(), Queue()
        self._in_flight: dict[str, int] = {}
        self._catalog_in_flight = 0
        self._second: set[str] = set()
        self._alone = False

    @property
    def in_flight(self) -> int:
        """How many steps are being sent."""
        return len(self._in_flight)

    def add(self, step: Step, *, again: bool = False) -> None:
        """A step became ready; ``again`` for its second try."""
        if again:
            self._second.add(step.id)
        queue = self._catalog_ready if self._is_catalog(step) else self._other_ready
        queue.push(self._order[step.id], step)

    def start(self) -> Step | None:
        """Take the next step that may be sent now; None where none may."""
        if self.in_flight >= self._limit:
            return None
        catalog = self._catalog_ready if self._catalog_may_start() else Queue()
        queues = [queue for queue in (catalog, self._other_ready) if queue]
        if not queues:
            return None
        step = min(queues, key=lambda queue: queue.first).pop()
        self._in_flight[step.id] = self._catalog.losses
        if self._is_catalog(step):
            self._catalog_in_flight += 1
            self._alone = self._goes_alone(step)
        return step

    def finish(self, step: Step, *, lost: bool = False, done: bool = True) -> bool:
        """A step is no longer being sent. ``lost``: its answer was; ``done``: it is. True if that slows the run."""
        losses = self._in_flight.pop(step.id)
        if not self._is_catalog(step):
            return False
        self._catalog_in_flight -= 1
        self._alone = False
        if lost:
            return self._catalog.shrink(losses)
        if done:
            self._catalog.grow(losses)
        return False

    def _catalog_may_start(self) -> bool:
        if self._alone or not self._catalog_ready:
            return False
        if self._goes_alone(self._catalog_ready.peek()):
            return self._catalog_in_flight == 0
        return self._catalog_in_flight < self._catalog.now

    def _is_catalog(self, step: Step) -> bool:
        return step.address.kind in self._catalog_kinds or step.id in self._second

    def _goes_alone(self, step: Step) -> bool:
        return step.id in self._second or not may_repeat(step)


class _Bound:
    """How many catalogue writes may be in flight now."""

    def __init__(self, configured: int) -> None:
        self._configured = self.now = configured
        self._done = self._together = 0
        self.losses = 0

    def shrink(self, losses: int) -> bool:
        """An answer was lost, of a step that was sent after so many losses. Those in flight together count once."""
        fresh, slower = losses == self.losses, self.now > 1
        self.losses += fresh
        self._together = 1 if fresh else self._together + 1
        if self._together >= HANGS_AT:
            self._configured = min(self._configured, AFTER_A_HANG)
        self.now, self._done = 1, 0
        return slower

    def grow(self, losses: int) -> None:
        """A write is done, of a step that was sent after so many losses. Those of before tell nothing about now."""
        self._done += losses == self.losses
        if self.losses == 1 and self._done >= RECOVER_AFTER:
            self.now, self._done = min(self._configured, self.now * 2), 0
