"""Which steps may start, which still wait, and which never will because one they need has failed."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

from reconciler.errors import PlanFileError
from reconciler.model import Step


class Graph:
    """The steps of a plan and what each waits for. Ready steps come out in the order of the plan."""

    def __init__(self, steps: Sequence[Step]) -> None:
        """Raises ``PlanFileError`` for repeated ids, unknown predecessors and cycles."""
        self._order = {step.id: number for number, step in enumerate(steps)}
        _check(steps, self._order)
        self._sorter: TopologicalSorter[str] = TopologicalSorter({step.id: step.after for step in steps})
        self._followers: dict[str, list[str]] = {step.id: [] for step in steps}
        for step in steps:
            for before in step.after:
                self._followers[before].append(step.id)
        try:
            self._sorter.prepare()
        except CycleError as error:
            raise PlanFileError(f"the plan's steps wait for each other: {' -> '.join(error.args[1])}") from None

    def ready(self) -> list[str]:
        """The steps that became ready since the last call, in plan order."""
        return sorted(self._sorter.get_ready(), key=self._order.__getitem__)

    def done(self, step_id: str) -> None:
        """A ready step is done: what waited for it may become ready."""
        self._sorter.done(step_id)

    def descendants(self, step_id: str) -> list[str]:
        """Everything that needs this step, directly or not, in plan order."""
        found: set[str] = set()
        waiting = [step_id]
        while waiting:
            fresh = [follower for follower in self._followers[waiting.pop()] if follower not in found]
            found.update(fresh)
            waiting += fresh
        return sorted(found, key=self._order.__getitem__)


class Queue:
    """Ready steps, first in plan order first."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, Step]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def push(self, number: int, step: Step) -> None:
        """Add a step by its number in the plan."""
        heappush(self._heap, (number, step))

    def pop(self) -> Step:
        """Take the first one."""
        return heappop(self._heap)[1]

    def peek(self) -> Step:
        """The first one, which stays."""
        return self._heap[0][1]

    @property
    def first(self) -> int:
        """The number of the first one."""
        return self._heap[0][0]


def _check(steps: Sequence[Step], order: dict[str, int]) -> None:
    if len(order) != len(steps):
        raise PlanFileError("two steps of the plan have the same id")
    for step in steps:
        for before in step.after:
            if before not in order:
                raise PlanFileError(f"step {step.id} waits for {before}, which is not in the plan")
