"""From the rows of the lists to ``Observed`` objects. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.kinds import marker
from reconciler.kinds.kind import Binding, Kind
from reconciler.model import Address, Assignment, LiveState, Observed, Tree

Row = Mapping[str, Tree]


def is_versioned(kind: Kind) -> bool:
    """Whether every version of an object is a row of its own."""
    return kind.lifecycle.name == "versioned"


def is_gone(row: Row, binding: Binding) -> bool:
    """Whether a row is only the memory of a deleted object."""
    return any(row.get(name) is not None for name in (binding.deleted_field, "deletedAt"))


def observed(kind: Kind, binding: Binding, row: Row) -> Observed:
    """One live object; ``key`` is its natural key, else the key that its marker names."""
    mark = marker.read(row.get("metadata"))
    natural = _text(row, binding.key_field) if binding.key_field else None
    version = row.get("version")
    return Observed(
        kind=kind.name,
        id=str(row["id"]),
        key=natural or (mark.key if mark else None),
        wire=row,
        state=_state(row) if is_versioned(kind) else "live",
        version=version if is_versioned(kind) and isinstance(version, int) else None,
        marker=mark,
        created_at=_text(row, "createdAt"),
        effective_from=_text(row, "effectiveFrom"),
    )


def objects(kind: Kind, binding: Binding, rows: Iterable[Row]) -> tuple[Observed, ...]:
    """The live objects of a kind, by key, version and id."""
    live = [observed(kind, binding, row) for row in rows if not is_gone(row, binding)]
    return tuple(sorted(live, key=lambda one: (one.key or "", one.version or 0, one.id)))


def last_versions(kind: Kind, binding: Binding, rows: Iterable[Row]) -> dict[Address, int]:
    """The highest version of each key, deleted ones included: the server never uses a number twice."""
    highest: dict[Address, int] = {}
    for row in rows:
        key, version = _text(row, binding.key_field), row.get("version")
        if key and isinstance(version, int):
            address = Address(kind.name, key)
            highest[address] = max(version, highest.get(address, 0))
    return highest


def assignment(row: Row) -> Assignment:
    """One row of a plan version's add-on list."""
    addon = row.get("addon")
    addon = addon if isinstance(addon, Mapping) else {}
    version, quantity, metadata = addon.get("version"), row.get("maxQuantity"), row.get("metadata")
    return Assignment(
        addon_key=_text(addon, "key") or "",
        addon_id=_text(addon, "id") or "",
        addon_version=version if isinstance(version, int) else 0,
        from_phase=_text(row, "fromPlanPhase") or "",
        max_quantity=quantity if isinstance(quantity, int) else None,
        metadata={k: v for k, v in metadata.items() if isinstance(v, str)} if isinstance(metadata, Mapping) else {},
    )


def _state(row: Row) -> LiveState:
    """A state that we do not know (``scheduled``) counts as a draft: the careful reading, it stops the plan."""
    match row.get("status"):
        case "active":
            return "active"
        case "archived":
            return "archived"
        case _:
            return "draft"


def _text(row: Row, name: str | None) -> str | None:
    value = row.get(name) if name else None
    return value if isinstance(value, str) and value else None
