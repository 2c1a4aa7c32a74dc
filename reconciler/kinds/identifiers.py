"""How references travel: ids on the wire, keys in a spec, and ``id:…`` for a live object that nobody declares."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.kinds.kind import IdOf, KeyOf
from reconciler.model import Address, Tree

ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}")
_UNKNOWN = "id:"


def taken_for_id(key: str) -> bool:
    """Whether the server takes this key for an id, so that nothing can be read by it."""
    return len(key) == 26 and key[0] in "01234567"


def to_id(kind: str, key: Tree, ids: IdOf) -> Tree:
    """The id for a body; ``id:X``, taken over from the live object, is X."""
    if not isinstance(key, str):
        return key
    if key.startswith(_UNKNOWN):
        return key.removeprefix(_UNKNOWN)
    return ids(Address(kind, key))


def to_key(kind: str, value: Tree, keys: KeyOf) -> Tree:
    """The key for a spec, from an id or an object that has one; ``id:X`` where X is of nothing we know."""
    ident = value.get("id") if isinstance(value, Mapping) else value
    if not isinstance(ident, str):
        return ident
    return keys(kind, ident) or f"{_UNKNOWN}{ident}"
