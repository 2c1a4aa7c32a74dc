"""How two catalogues differ, object by object and field by field. Pure.

Compared is what a manifest could say: ids, versions, times, secrets and what the server chose for itself are not.
Objects are told apart as everywhere: by key, else by our marker, else by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import KINDS
from reconciler.model import (
    Address,
    Desired,
    Difference,
    FieldChange,
    Location,
    Managed,
    Management,
    Observation,
    Observed,
    Path,
    Side,
    Tree,
)
from reconciler.planning.assignments import offers
from reconciler.planning.canonical import canonical
from reconciler.planning.compare import compare, without_choices
from reconciler.planning.current import current_rows
from reconciler.planning.diff import created, diff, leaves
from reconciler.planning.export_keys import Name, keys_for
from reconciler.planning.options import PlanOptions, no_secret
from reconciler.planning.secrets import hide
from reconciler.planning.work import Work, classes_of

Locate = Callable[[Path], Location | None]
STATE = "lifecycle.state"


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of a catalogue: its canonical spec without anything secret, and what is known of it."""

    address: Address
    spec: Mapping[str, Tree]
    side: Side
    locate: Locate
    management: Management

    @property
    def kind(self) -> Kind:
        """The kind, with its shape."""
        return KINDS[self.address.kind]


Entries = Mapping[Address, Entry]


def matched(desired: Desired, observation: Observation, api: str) -> Work:
    """A workbench over what is live, that knows which of it is declared."""
    work = Work(desired, observation, PlanOptions(api=api))
    for resource in desired.resources.values():
        work.match(resource)
    return work


def live_entries(work: Work, names: Mapping[Name, str]) -> dict[Address, Entry]:
    """What is live, by address. ``names`` are the keys that either side knows for what has none of its own."""
    keyed = keys_for(work, rows_of(work.observation), names)
    work.know({(row.kind, row.id): key for row, key in keyed})
    drafts = {(row.kind, row.key) for rows in work.observation.objects.values() for row in rows if row.state == "draft"}
    return {Address(row.kind, key): _live_entry(work, row, key, drafts) for row, key in keyed}


def rows_of(observation: Observation) -> list[Observed]:
    """The rows that say what holds today, by kind."""
    return [row for name in KINDS for row in current_rows(observation.objects.get(name, ()))]


def _live_entry(work: Work, row: Observed, key: str, drafts: set[tuple[str, str | None]]) -> Entry:
    address, kind = Address(row.kind, key), KINDS[row.kind]
    spec = work.live_spec(row)
    if row.assignments:
        spec = canonical(kind, {**spec, "addons": offers(row)})
    owner = work.index.owner(row)
    unmarked: Managed = "claimed" if address in work.desired.resources else "unmanaged"
    side = Side(
        managed=unmarked if owner == "unmarked" else "owned" if owner == "ours" else "foreign",
        state="draft" if row.state == "draft" else "active",
        version=row.version,
        project=row.marker.project if row.marker else None,
        draft_beside=row.state == "active" and (row.kind, row.key) in drafts,
    )
    return Entry(address, spec, side, _nowhere, Management())


def _nowhere(path: Path) -> None:
    """What is live stands in no file."""
    del path


def declared_entries(work: Work) -> dict[Address, Entry]:
    """What is declared, by address, as far as it is meant to be there."""
    found: dict[Address, Entry] = {}
    for address, resource in work.desired.resources.items():
        if resource.management.state not in ("archived", "absent"):
            side = Side("declared", state=resource.management.state, location=resource.location)
            spec = work.wanted(resource) if resource.spec else {}
            found[address] = Entry(address, spec, side, resource.source.locate, resource.management)
    return found


def differences(source: Entries, target: Entries) -> tuple[Difference, ...]:
    """Every object that is not the same on both sides, by kind order and key."""
    addresses = sorted({*source, *target}, key=lambda address: (KINDS[address.kind].order, address.key))
    found = (_difference(address, source.get(address), target.get(address)) for address in addresses)
    return tuple(one for one in found if one is not None)


def _difference(address: Address, source: Entry | None, target: Entry | None) -> Difference | None:
    if source is None or target is None:
        return _one_sided(address, source, target)
    fields, unchanged = _fields(source, target)
    if source.side.state != target.side.state:
        state = FieldChange(STATE, target.side.state, source.side.state, source.side.location)
        fields = (state, *fields)
    if not fields:
        return None
    return Difference(
        address,
        source.side,
        target.side,
        fields,
        classes_of(source.kind, tuple(change for change in fields if change.path != STATE)),
        unchanged=unchanged,
    )


def _one_sided(address: Address, source: Entry | None, target: Entry | None) -> Difference:
    kind = KINDS[address.kind]
    if source is not None:
        return Difference(address, source.side, None, created(kind, _shown(source), source.locate))
    fields = diff(kind, _shown(target), {}, target.locate) if target is not None else ()
    gone = tuple(replace(change, forces=None) for change in fields)
    return Difference(address, None, target.side if target is not None else None, gone)


def _fields(source: Entry, target: Entry) -> tuple[tuple[FieldChange, ...], int]:
    kind = source.kind
    if source.side.managed != "declared":
        ours, theirs = _shown(source), _shown(target)
        found = diff(kind, theirs, ours, source.locate)
        return found, max(0, leaves(ours) - len(found))
    if source.management.manage != "full":
        return (), 0
    compared = compare(kind, source.spec, target.spec, source.management, source.locate, no_secret)
    return tuple(sorted((*compared.changes, *compared.stuck), key=lambda change: change.path)), compared.unchanged


def _shown(entry: Entry) -> dict[str, Tree]:
    """The spec without secrets and without what a server chose for itself."""
    return hide(entry.kind.shape, without_choices(entry.kind.shape, entry.spec))


def only(entries: Entries, wanted: Callable[[Address], bool]) -> dict[Address, Entry]:
    """The entries that are asked for."""
    return {address: entry for address, entry in entries.items() if wanted(address)}


def counted(found: Iterable[Difference]) -> dict[str, int]:
    """How many are on one side only, and how many differ."""
    counts = {"only_in_from": 0, "only_in_to": 0, "different": 0}
    for one in found:
        counts["only_in_from" if one.target is None else "only_in_to" if one.source is None else "different"] += 1
    return counts
