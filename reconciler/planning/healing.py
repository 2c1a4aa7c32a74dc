"""Which drift may be put back by itself: none that touches money, and none that something left as it is needs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.kinds.references import references
from reconciler.kinds.registry import KINDS
from reconciler.model import NEEDS_NO_CONSENT, Address, Desired, Drifted

_SOLD = frozenset({"Plan", "Addon"})


def healable(
    objects: tuple[Drifted, ...], desired: Desired, closed: Mapping[Address, str] | None = None
) -> tuple[Drifted, ...]:
    """Mark what can be put back by itself: nothing of it is money, and nothing it names is left as it is.

    ``closed`` are objects that somebody has to consent to first, and how: they are left, with that as a note.
    """
    closed = closed or {}
    left = {found.address for found in objects if not _is_mild(found) or found.address in closed}
    while True:
        waiting = {
            found.address for found in objects if found.address not in left and _needs(desired, found.address) & left
        }
        if not waiting:
            break
        left |= waiting
    return tuple(_marked(found, found.address not in left, closed.get(found.address)) for found in objects)


def _marked(found: Drifted, heals: bool, how: str | None) -> Drifted:
    notes = found.notes if how is None or how in found.notes else (*found.notes, how)
    return replace(found, healable=heals, notes=notes)


def _is_mild(found: Drifted) -> bool:
    """A plan or add-on that nobody could buy any more is not put on sale again by itself."""
    if found.what not in ("changed", "missing", "unmarked") or found.origin in ("manifest", "both"):
        return False
    if found.address.kind in _SOLD and found.what == "missing":
        return False
    if any(field.origin in ("manifest", "both") for field in found.fields):
        return False
    return set(found.classes) <= NEEDS_NO_CONSENT and not any("draft" in note for note in found.notes)


def _needs(desired: Desired, address: Address) -> set[Address]:
    """Everything that an object names, directly or not."""
    waiting, found = [address], set[Address]()
    while waiting:
        resource = desired.resources.get(waiting.pop())
        if resource is None:
            continue
        for _, target in references(KINDS[resource.address.kind].shape, resource.spec):
            if target not in found:
                found.add(target)
                waiting.append(target)
    return found
