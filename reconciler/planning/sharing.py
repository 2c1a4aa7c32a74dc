"""Which shared rate card or base a change comes from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.model import Address, Change, FieldChange, Location, SourceDocument


def attributed(changes: Iterable[Change], documents: Sequence[SourceDocument]) -> tuple[Change, ...]:
    """The changes with, for every field whose value stands in another object's document, that document."""
    if not documents:
        return tuple(changes)
    starts = [(found.location.file, found.location.line, found.location.column) for found in documents]

    def shared(address: Address, location: Location | None) -> SourceDocument | None:
        if location is None:
            return None
        at = bisect_right(starts, (location.file, location.line, location.column)) - 1
        found = documents[at] if at >= 0 else None
        return found if found and found.location.file == location.file and found.address != address else None

    def field(change: Change, one: FieldChange) -> FieldChange:
        return replace(one, shared=shared(change.address, one.location))

    return tuple(replace(change, fields=tuple(field(change, one) for one in change.fields)) for change in changes)
