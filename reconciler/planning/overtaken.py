"""Whether somebody else wrote an object after the run began: asked of each one just before its own write.

The API has no conditional writes, so nothing but reading can tell. Works from a plan alone, like ``stale``.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired, Observation, Observed, Path, Plan, Step, Tree
from reconciler.planning import moves
from reconciler.planning.diff import diff
from reconciler.planning.options import PlanOptions
from reconciler.planning.secrets import hide
from reconciler.planning.verify import Intent, assignment_faults, content_faults, filled
from reconciler.planning.work import Work

_OF_ITS_KIND: Mapping[str, str] = {"BillingProfile": "default"}
"""A profile that becomes the default takes that away from another one."""

_OF_ANOTHER: Mapping[str, tuple[str, str]] = {"NotificationRule": ("NotificationChannel", "channels")}
"""A rule does not show disabled channels: switching one off or on changes what its rules show."""


class Baseline:
    """The live catalogue as it was when the run began, and what the plan makes of it. Safe for several threads."""

    def __init__(self, plan: Plan, observation: Observation) -> None:
        desired = Desired({}, plan.project, plan.target.environment)
        self._plan = plan
        self._work = Work(desired, observation, PlanOptions(api=plan.target.api))
        self._written = frozenset(step.address for step in plan.steps)

    def rows(self, address: Address, ident: str | None) -> tuple[Observed, ...]:
        """What stood there: every version of a plan or add-on, else the object with this id."""
        if KINDS[address.kind].lifecycle.name == "versioned":
            return self._work.index.rows(address)
        row = self._work.index.by_id(address.kind, ident) if ident else None
        return (row,) if row is not None else ()

    def moved(self, address: Address, ident: str | None, now: tuple[Observed, ...], ours: Container[str]) -> str | None:
        """What somebody else changed, old -> new, in one phrase; None where nothing moved.

        ``ours`` are the ids that this run has written itself. Archived versions can no longer change and count as
        nothing.
        """
        before, after = _standing(self.rows(address, ident), ours), _standing(now, ours)
        if [(row.id, row.state) for row in before] != [(row.id, row.state) for row in after]:
            return f"{moves.states(before)} -> {moves.states(after)}"
        said = [
            phrase
            for one, other in zip(before, after, strict=True)
            for phrase in self._differences(address, one, other)
        ]
        return "; ".join(said) or None

    def altered(self, address: Address, draft: Observed, created: Mapping[str, str]) -> str | None:
        """What of a draft that this run has written is not as it was sent; ``created`` maps ``Kind/key#id`` to ids."""
        steps = tuple(step for step in self._plan.steps if step.address == address)
        sent = next((step for step in reversed(steps) if step.verb in ("create", "update")), None)
        said: list[str] = []
        if sent is not None:
            said += content_faults(Intent(self._work, sent, draft, created))
        if draft.assignments is not None:
            said += assignment_faults(address, steps, draft, created)
            said += self._uninvited(steps, draft, created)
        return "; ".join(fault.removeprefix(f"{address}: ") for fault in said) or None

    def _uninvited(self, steps: tuple[Step, ...], draft: Observed, created: Mapping[str, str]) -> Iterator[str]:
        """Add-ons that neither this plan attached nor stood there before."""
        before = self._work.index.by_id(draft.kind, draft.id)
        known = {item.addon_id for item in (before.assignments or () if before else ())}
        known |= {str(filled((step.body or {}).get("addonId"), created)) for step in steps if step.verb == "attach"}
        for item in draft.assignments or ():
            if item.addon_id not in known:
                yield f"add-on {item.addon_key} version {item.addon_version} was attached by somebody else"

    def _differences(self, address: Address, before: Observed, after: Observed) -> Iterator[str]:
        if before.marker != after.marker:
            yield f"its marker: {_owner(before)} -> {_owner(after)}"
        if None not in (before.assignments, after.assignments) and before.assignments != after.assignments:
            yield f"its add-ons: {_offers(before)} -> {_offers(after)}"
        kind = KINDS[address.kind]
        yield from moves.fields(diff(kind, self._shown(address, before), self._shown(address, after), _nowhere))

    def _shown(self, address: Address, row: Observed) -> Mapping[str, Tree]:
        """The canonical spec without secrets, and without what a write of another object changes in this one."""
        spec = hide(KINDS[address.kind].shape, self._work.live_spec(row))
        coupled = set()
        if any(other.kind == address.kind and other != address for other in self._written):
            coupled.add(_OF_ITS_KIND.get(address.kind))
        mover, field = _OF_ANOTHER.get(address.kind, ("", ""))
        if any(other.kind == mover for other in self._written):
            coupled.add(field)
        return {name: value for name, value in spec.items() if name not in coupled}


def _standing(rows: tuple[Observed, ...], ours: Container[str]) -> tuple[Observed, ...]:
    standing = (row for row in rows if row.state != "archived" and row.id not in ours)
    return tuple(sorted(standing, key=lambda row: row.id))


def _owner(row: Observed) -> str:
    return f"{row.marker.project}/{row.marker.key}" if row.marker else "none"


def _offers(row: Observed) -> str:
    return ", ".join(f"{item.addon_key} version {item.addon_version}" for item in row.assignments or ()) or "none"


def _nowhere(path: Path) -> None:
    """What is live has no place in a file."""
    del path
