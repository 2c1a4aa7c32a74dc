"""Live against declared, told from the other side: what a plan would change back, and who moved it. Pure.

Two sides are the plan itself, read backwards. A third, the *base* (what was declared when it was last applied), tells
which of them moved: what differs from the base in live moved outside, what differs in the manifests moved there.
Without a base a published version still tells: its marker holds the digest of what we published.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reconciler.kinds.registry import KINDS
from reconciler.model import (
    Action,
    Address,
    Change,
    Desired,
    Drift,
    Drifted,
    DriftField,
    FieldChange,
    Guard,
    Observation,
    Observed,
    Origin,
    Plan,
    Tree,
    What,
)
from reconciler.planning import digest, paths
from reconciler.planning.compare import without_choices
from reconciler.planning.healing import healable
from reconciler.planning.options import PlanOptions
from reconciler.planning.secrets import UNCHECKED
from reconciler.planning.work import Work

_WHAT: dict[Action, What] = {
    Action.CREATE: "missing",
    Action.ADOPT: "changed",
    Action.UPDATE: "changed",
    Action.NEW_VERSION: "changed",
    Action.REPLACE: "changed",
    Action.ARCHIVE: "extra",
    Action.DELETE: "extra",
    Action.RELEASE: "extra",
}
_IN_THE_WAY = frozenset({"foreign_owner", "duplicate_marker", "ambiguous_match", "unreadable_live_object", "not_found"})


@dataclass(frozen=True, slots=True)
class Side:
    """What was declared at some moment, planned against what is live now."""

    desired: Desired
    plan: Plan


def drift(now: Side, observation: Observation, options: PlanOptions, base: Side | None = None) -> Drift:
    """What is not as declared. ``base`` is an earlier declaration, planned with the same observation and options."""
    teller = _Teller(now, base, Work(now.desired, observation, options))
    found = {change.address: teller.drifted(change) for change in now.plan.changes if _differs(change)}
    for guard in now.plan.guards:
        if guard.address is not None and guard.code in _IN_THE_WAY | {"foreign_draft"}:
            found[guard.address] = _guarded(found.get(guard.address), guard, now.desired)
    order = sorted(found, key=lambda address: (KINDS[address.kind].order, address.key))
    return Drift(
        target=now.plan.target,
        project=now.plan.project,
        objects=healable(tuple(found[address] for address in order), now.desired),
        warnings=now.plan.warnings,
        unchanged=now.plan.unchanged,
        complete=now.plan.complete,
        requests=now.plan.requests,
        seconds=now.plan.seconds,
    )


def _differs(change: Change) -> bool:
    return change.action is not Action.NO_CHANGE


class _Teller:
    """Tells the origin of every difference."""

    def __init__(self, now: Side, base: Side | None, work: Work) -> None:
        self._now, self._base, self._work = now, base, work
        self._before = {change.address: change for change in base.plan.changes if _differs(change)} if base else {}
        for resource in now.desired.resources.values():
            work.match(resource)
        self._base_work = Work(base.desired, work.observation, work.options) if base else None
        for resource in base.desired.resources.values() if base else ():
            if self._base_work is not None:
                self._base_work.match(resource)

    def drifted(self, change: Change) -> Drifted:
        """One change of the plan, as what happened to live."""
        live = self._work.lives.get(change.address)
        current = live.current or live.draft if live else None
        what = _WHAT[change.action]
        if what == "changed" and not change.fields and not _cascades(change):
            what = "unmarked"
        fields = self._fields(change, current) if what == "changed" else ()
        origin = _merged(field.origin for field in fields) if fields else self._whole(change)
        return Drifted(
            address=change.address,
            what=what,
            origin=origin,
            title=_title(change, what, current, self._archived(change.address)),
            fields=fields,
            classes=change.classes,
            location=change.location,
            notes=tuple(note for note in change.notes if UNCHECKED in note),
            version=current.version if current else None,
        )

    def _archived(self, address: Address) -> Observed | None:
        live = self._work.lives.get(address)
        return live.state("archived") if live else None

    def _whole(self, change: Change) -> Origin:
        """Of an object that is there on one side only: the same difference to the base is one that live made."""
        if self._base is None:
            return "outside" if self._archived_outside(change) else "unknown"
        then = self._before.get(change.address)
        return "outside" if then is not None and _WHAT[then.action] == _WHAT[change.action] else "manifest"

    def _archived_outside(self, change: Change) -> bool:
        """What we declare is what we published, and that is archived: somebody did it, and not by the manifests."""
        row, resource = self._archived(change.address), self._now.desired.resources.get(change.address)
        return (
            change.action is Action.CREATE
            and row is not None
            and resource is not None
            and self._is_ours(row, self._work.wanted(resource))
        )

    def _fields(self, change: Change, current: Observed | None) -> tuple[DriftField, ...]:
        published = self._published(change, current)
        return tuple(DriftField(_backwards(field), self._origin(change, field, published)) for field in change.fields)

    def _origin(self, change: Change, field: FieldChange, published: Origin) -> Origin:
        if self._base is None:
            # Which version of an add-on a plan offers follows from the add-on.
            return published if field.note is None else "unknown"
        then = self._before.get(change.address)
        moved_live = then is not None and any(_overlap(field.path, other.path) for other in then.fields)
        if then is not None and not then.fields:
            moved_live = then.action is Action.CREATE
        moved_here = self._declared(self._now, self._work, change, field) != self._declared(
            self._base, self._base_work, change, field
        )
        if moved_live and moved_here:
            return "both"
        return "outside" if moved_live else "manifest"

    def _declared(self, side: Side, work: Work | None, change: Change, field: FieldChange) -> Tree:
        resource = side.desired.resources.get(change.address)
        if resource is None or work is None:
            return None
        shape = KINDS[change.address.kind].shape
        return paths.get(work.wanted(resource), paths.fitted(shape, paths.parse(field.path)))

    def _published(self, change: Change, current: Observed | None) -> Origin:
        """What the marker of a published version tells: whether it, or the declaration, is still what we published."""
        resource = self._now.desired.resources.get(change.address)
        if resource is None or current is None or current.state != "active" or current.marker is None:
            return "unknown"
        live = self._is_ours(current, self._work.live_spec(current))
        declared = self._is_ours(current, self._work.wanted(resource))
        if live == declared:
            return "unknown"
        return "manifest" if live else "outside"

    def _is_ours(self, row: Observed, spec: object) -> bool:
        """Whether a spec is the one that the marker of a version was written for."""
        content = row.marker.content if row.marker and self._work.index.owner(row) == "ours" else None
        if content is None or not isinstance(spec, dict):
            return False
        kind = KINDS[row.kind]
        own = without_choices(kind.shape, {name: value for name, value in spec.items() if name != "addons"})
        older = self._work.index.rows(Address(row.kind, row.key or ""))
        return any(digest.content(own, before) == content for before in (None, *(other.id for other in older)))


def _cascades(change: Change) -> bool:
    """Whether a version is needed although no field differs: what it is bound to was made anew."""
    return "feature_replaced" in change.reasons


def _merged(origins: Iterable[Origin]) -> Origin:
    """Of an object, from its parts: that it moved outside is told even where not all of it is known."""
    found = set(origins)
    if "both" in found or {"outside", "manifest"} <= found:
        return "both"
    if "outside" in found:
        return "outside"
    return "unknown" if "unknown" in found or not found else "manifest"


def _overlap(one: str, other: str) -> bool:
    return paths.under(one, other) or paths.under(other, one)


def _backwards(field: FieldChange) -> FieldChange:
    """From declared to live."""
    return replace(field, before=field.after, after=field.before, forces=None)


def _title(change: Change, what: What, current: Observed | None, archived: Observed | None) -> str:
    name = change.address
    if what == "missing":
        gone = f"is archived (version {archived.version})" if archived is not None else "is not live"
        return f"{name} {gone}, and is declared"
    if what == "extra":
        return f"{name} is live, and is not declared so"
    if what == "unmarked":
        return f"{name} is as declared, but its metadata does not say that it is ours"
    if current is not None and current.version is not None:
        state = "draft" if current.state == "draft" else "active"
        return f"{name}: the {state} version {current.version} is not as declared"
    return f"{name} is not as declared"


def _guarded(found: Drifted | None, guard: Guard, desired: Desired) -> Drifted:
    """What stands in the way of an object, with what else is known of it."""
    address = guard.address
    assert address is not None
    resource = desired.resources.get(address)
    what: What = "draft" if guard.code == "foreign_draft" else "in-the-way"
    bare = Drifted(address, what, "outside", guard.message, location=resource.location if resource else None)
    if found is None or found.what == "extra":
        # The plan would drop a draft that is not wanted; what stands out is that nobody here made it.
        return replace(bare, version=found.version if found else None)
    return replace(found, notes=(*found.notes, guard.message), origin=_merged((found.origin, "outside")))
