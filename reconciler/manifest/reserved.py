"""Parts of a spec that the language keeps for later (shared rate cards, copied phases): refused, never ignored."""

from __future__ import annotations

from reconciler.model import Path, PathPart
from reconciler.reading.tree import Map, Seq
from reconciler.reading.validation import Issue

_RESERVED = {"rateCards": "use", "phases": "from"}
"""In the items of which list, which field."""


def reserved_parts(spec: Map) -> list[Issue]:
    """Every item of a list that uses a reserved field; ``path`` is the item's."""
    return list(_walk(spec, ()))


def _walk(tree: Map, path: Path) -> list[Issue]:
    found: list[Issue] = []
    for name, value in tree.items():
        if not isinstance(value, Seq):
            continue
        reserved = _RESERVED.get(name)
        for index, item in enumerate(value):
            if not isinstance(item, Map):
                continue
            where = (*path, name, _part(item, index))
            if reserved is not None and reserved in item:
                mark = item.entry_marks(reserved)[0]
                message = f"`{reserved}` is not supported yet"
                found.append(Issue("manifest.not_supported", message, mark, where, len(reserved)))
            found += _walk(item, where)
    return found


def _part(item: Map, index: int) -> PathPart:
    key = item.get("key")
    return f"[{key}]" if isinstance(key, str) else index
