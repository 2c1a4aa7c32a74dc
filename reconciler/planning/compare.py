"""Declared against live for one object: what differs, what cannot be changed, what is left to others.

The comparison knows nothing of actions; the planner decides what a difference means for the object's lifecycle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from reconciler.kinds import markers as m
from reconciler.kinds.kind import Kind
from reconciler.kinds.shape import Field, ListOf, Object, OneOf, Shape
from reconciler.model import FieldChange, Management, Tree
from reconciler.planning import paths
from reconciler.planning.canonical import canonical
from reconciler.planning.diff import Locate, diff, leaves, same
from reconciler.planning.options import RevealSecret
from reconciler.planning.secrets import CHANGED, SHOWN, WRITTEN, has_secrets, kept, mask


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one object differs in.

    ``changes`` are real differences; ``stuck`` those that the API cannot make; ``ignored`` counts the ones left to
    others. ``wanted`` is the canonical spec a write should send (ignored paths as they are live); ``unchanged`` counts
    equal values; ``unchecked`` are secrets that could not be compared.
    """

    wanted: Mapping[str, Tree]
    changes: tuple[FieldChange, ...] = ()
    stuck: tuple[FieldChange, ...] = ()
    ignored: int = 0
    unchanged: int = 0
    unchecked: tuple[str, ...] = ()

    @property
    def replaces(self) -> tuple[FieldChange, ...]:
        """The differences that an update cannot make: they force a replacement."""
        return tuple(change for change in self.changes if change.forces == "replace")


def compare(
    kind: Kind,
    desired: Mapping[str, Tree],
    live: Mapping[str, Tree],
    management: Management,
    locate: Locate,
    reveal: RevealSecret,
) -> Comparison:
    """Compare canonical specs. ``desired`` is complete (``canonical.complete``); ``live`` is what was read."""
    live = without_chosen(kind.shape, desired, live)
    if same(kind, desired, live):
        return Comparison(desired, unchanged=leaves(desired))
    wanted, ignored = _leave_to_others(kind, desired, live, management.ignore)
    masked = mask(kind.shape, wanted, live, reveal) if has_secrets(kind.shape) else None
    ours, theirs = (masked.desired, masked.live) if masked else (wanted, live)
    found = [_without_secrets(change) for change in diff(kind, theirs, ours, locate)]
    forced = [_forced(kind, change, management) for change in found]
    stuck = tuple(change for change in forced if change.forces is None and _cannot(kind, change))
    changes = tuple(change for change in forced if change not in stuck)
    # What is made anew has nothing to repeat.
    held = {} if any(change.forces == "replace" for change in changes) else _held(kind, stuck, live)
    return Comparison(
        wanted={**wanted, **held},
        changes=changes,
        stuck=stuck,
        ignored=ignored,
        unchanged=max(0, leaves(desired) - len(changes) - len(stuck)),
        unchecked=masked.unchecked if masked else (),
    )


def with_unchecked(comparison: Comparison) -> Comparison:
    """The comparison with every secret that could not be compared as a change: it is to be written (again)."""
    written = tuple(FieldChange(path, None, None, note=WRITTEN) for path in comparison.unchecked)
    return replace(comparison, changes=comparison.changes + written, unchecked=())


Chosen = Callable[[Field, Mapping[str, Tree]], bool]
"""Whether a live value is the server's own choice, from its field and what is declared beside it."""


def without_chosen(shape: Shape, desired: Tree, live: Tree) -> dict[str, Tree]:
    """The live tree without values that the server chose and nobody declared (signing secret, tax code id)."""
    stripped = _strip(shape, desired, live, _chosen)
    return dict(stripped) if isinstance(stripped, Mapping) else {}


def without_choices(shape: Shape, spec: Tree) -> dict[str, Tree]:
    """A spec without any field that the server may have chosen: the same for what is declared and what comes back."""
    stripped = _strip(shape, {}, spec, lambda field, _: field.has(m.ServerChosen))
    return dict(stripped) if isinstance(stripped, Mapping) else {}


def _strip(shape: Shape, desired: Tree, live: Tree, chosen: Chosen) -> Tree:
    match shape, live:
        case Object(), Mapping():
            return _strip_object(shape, desired if isinstance(desired, Mapping) else {}, live, chosen)
        case OneOf(), Mapping():
            variant = shape.variants.get(str(live.get(shape.tag)))
            return _strip(variant, desired, live, chosen) if variant else live
        case ListOf(keyed=m.Keyed(by=by)), list():
            known = _by_key(desired, by)
            return [
                _strip(shape.item, known.get(str(item.get(by))), item, chosen) if isinstance(item, Mapping) else item
                for item in live
            ]
        case _:
            return live


def _by_key(items: Tree, by: str) -> dict[Tree, Tree]:
    if not isinstance(items, list):
        return {}
    return {item.get(by): item for item in items if isinstance(item, Mapping)}


def _strip_object(shape: Object, desired: Mapping[str, Tree], live: Mapping[str, Tree], chosen: Chosen) -> Tree:
    out: dict[str, Tree] = {}
    for name, value in live.items():
        field = shape.fields.get(name)
        if field is None or chosen(field, desired):
            continue
        kept = _strip(field.shape, desired.get(name), value, chosen)
        if kept not in ({}, []) or value in ({}, []):
            out[name] = kept
    return out


def _chosen(field: Field, desired: Mapping[str, Tree]) -> bool:
    """Whether the live value of this field is the server's own choice."""
    mark = field.get(m.ServerChosen)
    return mark is not None and field.name not in desired and (mark.beside is None or mark.beside in desired)


def _held(kind: Kind, stuck: tuple[FieldChange, ...], live: Mapping[str, Tree]) -> dict[str, Tree]:
    """What no update clears, for every update to repeat: what stays is meant to stay when it is read back.

    Left out of a PUT, OpenMeter shows no custom header any more while the webhook service goes on sending them.
    """
    fields = (_top(kind, change) for change in stuck if change.after is None)
    return {
        field.name: kept(kind.shape, (field.name,), live.get(field.name))
        for field in fields
        if field and field.has(m.NotClearable)
    }


def _leave_to_others(
    kind: Kind, desired: Mapping[str, Tree], live: Mapping[str, Tree], ignore: tuple[str, ...]
) -> tuple[Mapping[str, Tree], int]:
    """Where a path is left to others, want what is live: a write must not undo their edit."""
    ignored = 0
    wanted: Tree = desired
    for text in ignore:
        path = paths.fitted(kind.shape, paths.parse(text))
        theirs = paths.get(live, path)
        if paths.get(wanted, path) != theirs:
            ignored += 1
            wanted = paths.replaced(wanted, path, kept(kind.shape, path, theirs))
    return (canonical(kind, wanted) if ignored and isinstance(wanted, Mapping) else desired), ignored


def _without_secrets(change: FieldChange) -> FieldChange:
    if SHOWN in (change.before, change.after) or CHANGED in (change.before, change.after):
        return replace(change, before=None, after=None, note=CHANGED)
    return change


def _forced(kind: Kind, change: FieldChange, management: Management) -> FieldChange:
    if any(paths.under(change.path, path) for path in management.replace_on):
        return replace(change, forces="replace")
    field = _top(kind, change)
    return replace(change, forces=None) if field and field.has(m.CannotUpdate) else change


def _cannot(kind: Kind, change: FieldChange) -> bool:
    """Whether the API has no way to make this difference."""
    field = _top(kind, change)
    if field is None:
        return False
    clears = change.path == field.name and change.after is None
    return field.has(m.CannotUpdate) or (clears and field.has(m.NotClearable))


def _top(kind: Kind, change: FieldChange) -> Field | None:
    return kind.shape.fields.get(change.path.split(".")[0].split("[")[0])
