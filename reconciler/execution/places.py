"""Server messages in our words: its JSON paths become the one path grammar, keys instead of indexes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

from reconciler.model import Path, PathPart, Tree, render_path

_JSON_PATH = re.compile(r"\$(?:\.\w+|\[[^\]]*\])+")
_PART = re.compile(
    r"\.(?P<name>\w+)"
    r"|\[(?P<index>\d+)\]"
    r"|\[\?\(@\.\w+==(?P<quote>['\"])(?P<key>.*?)(?P=quote)\)\]"
    r"|\[[^\]]*\]"
)
_UNKNOWN = "!UNSUPPORTED"
"""What the server prints for a phase whose key it lost."""
_SPELLINGS = {"ratecards": "rateCards"}
"""The server writes some names in two ways."""


def translate(message: str, body: Mapping[str, Tree] | None) -> str:
    """The message with every JSON path as ``phases[pro].rateCards[base].price``; ``body`` names the keys."""
    return _JSON_PATH.sub(lambda found: place(found[0], body), message)


def place(json_path: str, body: Mapping[str, Tree] | None) -> str:
    """``$.phases[?(@.key=='pro')].duration`` as ``phases[pro].duration``."""
    return render_path(tuple(_keyed(_parts(json_path), body)))


def _parts(json_path: str) -> Path:
    parts: list[PathPart] = []
    for part in _PART.finditer(json_path):
        if part["name"] is not None:
            parts.append(_SPELLINGS.get(part["name"], part["name"]))
        elif part["index"] is not None:
            parts.append(int(part["index"]))
        elif part["key"] is not None and part["key"] != _UNKNOWN:
            parts.append(f"[{part['key']}]")
        else:
            parts.append("[?]")
    return tuple(parts)


def _keyed(parts: Path, body: Tree) -> Iterator[PathPart]:
    """Replaces indexes by the keys that stand in the body that was sent."""
    here: Tree = body
    for part in parts:
        if isinstance(part, int):
            here = here[part] if _is_list(here) and part < len(here) else None
            key = here.get("key") if isinstance(here, Mapping) else None
            yield f"[{key}]" if isinstance(key, str) else part
        else:
            here = _item(here, part[1:-1]) if part.startswith("[") else _field(here, part)
            yield part


def _field(tree: Tree, name: str) -> Tree:
    return tree.get(name) if isinstance(tree, Mapping) else None


def _item(tree: Tree, key: str) -> Tree:
    items = tree if _is_list(tree) else ()
    return next((item for item in items if isinstance(item, Mapping) and item.get("key") == key), None)


def _is_list(tree: Tree) -> TypeGuard[Sequence[Tree]]:
    return isinstance(tree, list | tuple)
