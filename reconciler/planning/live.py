"""Which live objects belong to a declared one, and whose they are.

Natural keys match by key. Channels, rules and profiles have none: they match by our marker, then by the id that the
environment's ``adopt`` names, then by exact name (and type) if exactly one unmarked live object has it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from reconciler.kinds.kind import Kind, LiveSituation
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired, Observation, Observed, Resource, Tree

Owner = Literal["ours", "unmarked", "foreign"]


@dataclass(frozen=True, slots=True)
class Live:
    """The live side of one address. For versioned kinds ``rows`` has every version, newest first."""

    address: Address
    rows: tuple[Observed, ...] = ()
    duplicates: tuple[Observed, ...] = ()
    """Further objects with our marker and the same key: must not be."""
    superseded: Observed | None = None
    """The object that a killed replacement has created its successor for, and not yet removed."""
    candidates: tuple[Observed, ...] = ()
    """Unmarked objects that share the name, where more than one does."""

    def state(self, state: str) -> Observed | None:
        """The newest row in a state."""
        return next((row for row in self.rows if row.state == state), None)

    @property
    def current(self) -> Observed | None:
        """The object, or the active version."""
        return self.state("live") or self.state("active")

    @property
    def draft(self) -> Observed | None:
        """The draft version: ours or somebody else's."""
        return self.state("draft")

    @property
    def every(self) -> tuple[Observed, ...]:
        """The rows, and what a killed replacement has left beside them."""
        return self.rows if self.superseded is None else (*self.rows, self.superseded)

    def situation(self) -> LiveSituation:
        """The live column of the lifecycle table. Archived versions count as nothing."""
        if self.state("live"):
            return "live"
        active, draft = self.state("active"), self.draft
        if active and draft:
            return "active+draft"
        return "active" if active else "draft" if draft else "none"


class LiveIndex:
    """All live objects by kind, key, name and id; built once per plan."""

    def __init__(self, observation: Observation, projects: frozenset[str]) -> None:
        self._projects = projects
        self._by_key: dict[Address, list[Observed]] = defaultdict(list)
        self._by_name: dict[tuple[str, Tree, Tree], list[Observed]] = defaultdict(list)
        self._by_id: dict[tuple[str, str], Observed] = {}
        self._foreign: dict[Address, list[Observed]] = defaultdict(list)
        self.kinds: tuple[str, ...] = tuple(observation.objects)
        for kind_name, rows in observation.objects.items():
            kind = KINDS[kind_name]
            for row in rows:
                self._add(kind, row)

    def _add(self, kind: Kind, row: Observed) -> None:
        self._by_id[kind.name, row.id] = row
        if kind.natural_key:
            if row.key is not None:
                self._by_key[Address(kind.name, row.key)].append(row)
        elif row.marker is None:
            self._by_name[kind.name, row.wire.get("name"), row.wire.get("type")].append(row)
        elif row.marker.project in self._projects:
            self._by_key[Address(kind.name, row.marker.key)].append(row)
        else:
            self._foreign[Address(kind.name, row.marker.key)].append(row)

    def owner(self, row: Observed) -> Owner:
        """Whose an object is, by its marker."""
        if row.marker is None:
            return "unmarked"
        return "ours" if row.marker.project in self._projects else "foreign"

    def rows(self, address: Address) -> tuple[Observed, ...]:
        """The rows that stand under an address by key, newest version first."""
        return tuple(sorted(self._by_key.get(address, ()), key=lambda row: (-(row.version or 0), row.id)))

    def by_id(self, kind: str, ident: str) -> Observed | None:
        """The live object with this id."""
        return self._by_id.get((kind, ident))

    def find(self, kind: Kind, resource: Resource, desired: Desired) -> Live:
        """The live side of a declared object."""
        address = resource.address
        if kind.natural_key:
            return Live(address, self.rows(address))
        for key in (address.key, *resource.management.former_keys):
            if marked := self.rows(Address(kind.name, key)):
                return self._successor(address, marked)
        return self._unmarked(kind, resource, desired.adopt)

    def _successor(self, address: Address, marked: tuple[Observed, ...]) -> Live:
        """Several objects with one key are a mistake, unless one says that it replaces the other."""
        for row in marked:
            old = self.replaced_by(row)
            if old is not None and {other.id for other in marked} <= {row.id, old.id}:
                return Live(address, (row,), superseded=old)
        return Live(address, marked[:1], duplicates=marked[1:])

    def replaced_by(self, row: Observed) -> Observed | None:
        """What this object was made to replace, if it is still there: ours under the same key, or never marked."""
        if row.marker is None or row.marker.replaces is None:
            return None
        old = self._by_id.get((row.kind, row.marker.replaces.upper()))
        same = old is not None and (old.marker is None or old.marker.key == row.marker.key)
        return old if same and old is not None and self.owner(old) != "foreign" else None

    def with_replaced(self, rows: tuple[Observed, ...]) -> tuple[Observed, ...]:
        """These rows, and those that one of them was made to replace and a killed run did not remove."""
        old = (self.replaced_by(row) for row in rows)
        return tuple({row.id: row for row in (*rows, *(row for row in old if row is not None))}.values())

    def _unmarked(self, kind: Kind, resource: Resource, adopt: Mapping[Address, str]) -> Live:
        address = resource.address
        if address in adopt:
            row = self.by_id(kind.name, adopt[address])
            return Live(address, (row,) if row else ())
        same: list[Observed] = []
        if resource.management.manage == "observe":
            same += self._foreign.get(address, ())
        name, chosen = resource.spec.get("name"), frozenset(adopt.values())
        if not same and name is not None:
            found = self._by_name.get((kind.name, name, resource.spec.get("type")), ())
            same += (row for row in found if row.id not in chosen)
        if len(same) > 1:
            return Live(address, candidates=tuple(sorted(same, key=lambda row: row.id)))
        return Live(address, tuple(same))

    def owned(self) -> Mapping[Address, tuple[Observed, ...]]:
        """Everything that carries our marker, by kind order and key. Archived versions included."""
        found: dict[Address, list[Observed]] = defaultdict(list)
        for (kind, _), row in self._by_id.items():
            if row.marker and row.marker.project in self._projects:
                found[Address(kind, row.key if KINDS[kind].natural_key and row.key else row.marker.key)].append(row)
        order = sorted(found, key=lambda address: (KINDS[address.kind].order, address.key))
        return {address: tuple(sorted(found[address], key=lambda row: -(row.version or 0))) for address in order}
