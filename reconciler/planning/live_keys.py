"""Keys of live objects that nothing but their name tells apart, the same on every side of a comparison. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.kinds.fields import suggest_key
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Observed, Tree
from reconciler.planning.work import Work

Name = tuple[str, Tree, Tree]
_LONGEST = 56


class LiveKeys:
    """Remembers which key a name got, so that the object of that name on another side gets the same."""

    def __init__(self) -> None:
        self._by_name: dict[Name, str] = {}

    def learn(self, work: Work, rows: Iterable[Observed]) -> None:
        """Take over the keys that markers and manifests give to names."""
        for row in rows:
            key = work.key_of(row.kind, row.id)
            if key is not None and not KINDS[row.kind].natural_key:
                self._by_name.setdefault(_name(row), key)

    def settle(self, work: Work, rows: Iterable[Observed]) -> list[tuple[Observed, str]]:
        """A key for every row, unique in its kind: those that are known first, then by name, the oldest first."""
        ordered = sorted(rows, key=lambda row: (work.key_of(row.kind, row.id) is None, row.id))
        taken: set[Address] = set()
        found = []
        for row in ordered:
            key = work.key_of(row.kind, row.id) or self._made(row, taken)
            taken.add(Address(row.kind, key))
            found.append((row, key))
        return found

    def _made(self, row: Observed, taken: set[Address]) -> str:
        words = suggest_key(str(row.wire.get("name") or ""))[:_LONGEST].strip("_")
        base = self._by_name.get(_name(row)) or words or row.kind.lower()
        key, number = base, 1
        while Address(row.kind, key) in taken:
            number += 1
            key = f"{base}_{number}"
        return key


def _name(row: Observed) -> Name:
    return row.kind, row.wire.get("name"), row.wire.get("type")
