"""Which drift may be put back by itself: none that touches money, and none that something left as it is needs. Pure."""

from __future__ import annotations

from dataclasses import replace

from reconciler.kinds.references import references
from reconciler.kinds.registry import KINDS
from reconciler.model import NEEDS_NO_CONSENT, Address, Desired, Drifted

_SOLD = frozenset({"Plan", "Addon"})


def healable(objects: tuple[Drifted, ...], desired: Desired) -> tuple[Drifted, ...]:
    """Mark what can be put back by itself: nothing of it is money, and nothing it names is left as it is."""
    left = {found.address for found in objects if not _is_mild(found)}
    while True:
        waiting = {
            found.address for found in objects if found.address not in left and _needs(desired, found.address) & left
        }
        if not waiting:
            break
        left |= waiting
    return tuple(replace(found, healable=found.address not in left) for found in objects)


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
