"""The keys of live objects: their own, their marker's, a document's, or one made of their name. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Observed, Tree
from reconciler.planning.work import Work

_LONGEST = 56
"""Characters of a made key, so that a number still fits behind it."""


Name = tuple[str, Tree, Tree]
"""What tells objects without a key apart for people: kind, name and type."""


def keys_for(work: Work, rows: list[Observed], names: Mapping[Name, str] | None = None) -> list[tuple[Observed, str]]:
    """A key for every row, unique in its kind; of several objects with one name the oldest gets the plain key.

    ``names`` are keys that objects of these names have elsewhere, where they are known by more than their name.
    """
    found: list[tuple[Observed, str]] = []
    taken = set(work.desired.resources)
    known = {(row.kind, row.id): _known(work, row) for row in rows}
    taken |= {Address(kind, key) for (kind, _), key in known.items() if key is not None}
    for row in rows:
        key = known[row.kind, row.id] or _free(row, taken, names or {})
        taken.add(Address(row.kind, key))
        found.append((row, key))
    return found


def _known(work: Work, row: Observed) -> str | None:
    return row.key if KINDS[row.kind].natural_key else work.key_of(row.kind, row.id)


def known_names(work: Work, rows: Iterable[Observed]) -> dict[Name, str]:
    """The keys that markers and documents give to names, of kinds that have no key of their own."""
    found: dict[Name, str] = {}
    for row in rows:
        key = None if KINDS[row.kind].natural_key else _known(work, row)
        if key is not None:
            found.setdefault(_name(row), key)
    return found


def _name(row: Observed) -> Name:
    return row.kind, row.wire.get("name"), row.wire.get("type")


def _free(row: Observed, taken: set[Address], names: Mapping[Name, str]) -> str:
    wanted = row.marker.key if row.marker else names.get(_name(row))
    wanted = wanted or words(str(row.wire.get("name") or ""))[:_LONGEST].strip("_")
    base = wanted or words(row.kind)
    key, number = base, 1
    while Address(row.kind, key) in taken:
        number += 1
        key = f"{base}_{number}"
    return key


def words(text: str) -> str:
    """The letters and digits of a text as a key: ``Größe & X-Team`` → ``grosse_x_team``; may be empty."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text.replace("ß", "ss"))
    plain = unicodedata.normalize("NFKD", spaced).encode("ascii", "ignore").decode()
    return "_".join(re.findall(r"[a-z0-9]+", plain.lower()))
