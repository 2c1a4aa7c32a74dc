"""Each object is read once more just before its own write: what somebody else changed meanwhile is not overwritten.

The API has no conditional writes. What remains is the time between the answer to this reading and the arrival of the
write, one round trip: a change that falls into it is overwritten, and the reading back after the run tells. Where the
server itself refuses a second object (the slug of a meter, the key of a feature) nothing is read before a create.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.backends import Backend
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Observation, Observed, Plan, Step, Tree

_REMOVES = frozenset({"delete", "archive"})


@dataclass(frozen=True, slots=True)
class Seen:
    """What the last look showed: what somebody else changed, old -> new, and the object if it was read.

    ``altered``: how a draft of this run differs from what was sent; whether the server or somebody else did that
    nobody can tell.
    """

    moved: str | None = None
    row: Observed | None = None
    altered: str | None = None


UNSEEN = Seen()
"""Nothing was read, or nothing of it matters."""


class Watch:
    """What this run has seen and written. Used by several threads; each asks about its own step."""

    def __init__(self, plan: Plan, observation: Observation, backend: Backend, done: Mapping[str, str | None]) -> None:
        from reconciler.planning.overtaken import Baseline

        self._baseline = Baseline(plan, observation)
        self._backend = backend
        self._api = plan.target.api
        self._ours: set[str] = set()
        self._created = {f"{step.address}#id": made for step in plan.steps if (made := done.get(step.id))}
        self._offering = frozenset(step.address for step in plan.steps if step.verb in ("attach", "detach"))
        self._locks: dict[Address, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def look(self, step: Step, body: Mapping[str, Tree] | None) -> Seen:
        """What somebody else did to the object of this step since the run began.

        ``step`` and ``body`` have their ids. Raises ``BackendError`` where that cannot be read.
        """
        with self._lock_of(step.address):  # add-ons are attached side by side: the first of them asks for all
            seen = self._look(step, body or {})
            if seen.moved is None and seen.altered is None:
                self._will_write(step)
            return seen

    def made(self, step: Step, ident: str) -> None:
        """This run has created an object."""
        with self._lock:
            self._created[f"{step.address}#id"] = ident
            self._ours.add(ident)

    def _look(self, step: Step, body: Mapping[str, Tree]) -> Seen:
        match step.verb:
            case "publish":
                return self._before_publishing(step)
            case "create":
                return self._before_creating(step, body)
            case _:
                return self._before_writing(step)

    def _will_write(self, step: Step) -> None:
        """From now on the object is as this run makes it."""
        ident = self._ident(step)
        with self._lock:
            if ident is not None:
                self._ours.add(ident)
            if step.verb == "publish":
                self._ours.update(row.id for row in self._baseline.rows(step.address, ident))

    def _before_creating(self, step: Step, body: Mapping[str, Tree]) -> Seen:
        if KINDS[step.address.kind].lifecycle.name == "versioned":
            return self._moved(step, None)
        if KINDS[step.address.kind].natural_key:
            return UNSEEN
        there = self._backend.find_created(step, body)
        return Seen(f"absent -> made by another run ({there.id})") if there is not None else UNSEEN

    def _before_writing(self, step: Step) -> Seen:
        ident = self._ident(step)
        if ident is None or ident in self._ours:
            return UNSEEN
        before = self._baseline.rows(step.address, ident)
        if all(row.state == "archived" for row in before if row.id == ident):
            return UNSEEN
        return self._moved(step, ident)

    def _before_publishing(self, step: Step) -> Seen:
        """The draft has to be as this run has sent it, and no other version may have come or gone."""
        ident = self._ident(step)
        now = self._backend.reread(step.address, ident, assignments=step.address in self._offering)
        draft = next((row for row in now if row.id == ident), None)
        if draft is None or draft.state != "draft":
            return Seen(f"draft -> {draft.state if draft else 'gone'}")
        moved = self._baseline.moved(step.address, ident, now, self._ours)
        ours = moved is None and ident in self._ours
        return Seen(moved, altered=self._baseline.altered(step.address, draft, self._created) if ours else None)

    def _moved(self, step: Step, ident: str | None) -> Seen:
        drafted = any(row.state == "draft" for row in self._baseline.rows(step.address, ident))
        now = self._backend.reread(step.address, ident, assignments=drafted)
        row = next((row for row in now if row.id == ident), None)
        if step.verb in _REMOVES and row is None:
            return UNSEEN  # gone already: that is what the step wants
        return Seen(self._baseline.moved(step.address, ident, now, self._ours), row)

    def _lock_of(self, address: Address) -> threading.Lock:
        with self._lock:
            return self._locks[address]

    def _ident(self, step: Step) -> str | None:
        """The id in the path of a step: ``/collection/ID``, ``/collection/ID/publish``, ``/collection/ID/addons``."""
        collection = KINDS[step.address.kind].binding(self._api).collection
        rest = step.path.removeprefix(collection).strip("/")
        return rest.partition("/")[0] or None
