"""The two bounds on concurrency: all requests, and the catalogue writes that a server can hang on.

Four plan or add-on writes in flight can hang an OpenMeter server for good (it asks its database pool for a second
connection while it holds the first), so these have a bound of their own, which shrinks to one after a lost answer.
"""

from __future__ import annotations

from reconciler.execution.graph import Queue
from reconciler.kinds.registry import KINDS
from reconciler.model import Plan, Step


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
        self._catalog_limit = max(1, catalog)
        self._catalog_ready, self._other_ready = Queue(), Queue()
        self._in_flight = self._catalog_in_flight = 0

    @property
    def in_flight(self) -> int:
        """How many steps are being sent."""
        return self._in_flight

    def add(self, step: Step) -> None:
        """A step became ready."""
        queue = self._catalog_ready if self._is_catalog(step) else self._other_ready
        queue.push(self._order[step.id], step)

    def start(self) -> Step | None:
        """Take the next step that may be sent now; None where none may."""
        if self._in_flight >= self._limit:
            return None
        catalog = self._catalog_ready if self._catalog_in_flight < self._catalog_limit else Queue()
        queues = [queue for queue in (catalog, self._other_ready) if queue]
        if not queues:
            return None
        step = min(queues, key=lambda queue: queue.first).pop()
        self._in_flight += 1
        self._catalog_in_flight += self._is_catalog(step)
        return step

    def finish(self, step: Step) -> None:
        """A step is no longer being sent."""
        self._in_flight -= 1
        self._catalog_in_flight -= self._is_catalog(step)

    def slow_down(self, step: Step) -> None:
        """The answer to this step was lost: from now on one catalogue write at a time, if it was one."""
        if self._is_catalog(step):
            self._catalog_limit = 1

    def _is_catalog(self, step: Step) -> bool:
        return step.address.kind in self._catalog_kinds
