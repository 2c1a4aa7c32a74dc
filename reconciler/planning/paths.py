"""Reading, setting and removing one value of a canonical spec by its path in the one path grammar."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler.kinds import markers as m
from reconciler.kinds.shape import Field, ListOf, MapOf, Object, OneOf, Scalar, Shape
from reconciler.model import Path, PathPart, Tree

_PART = re.compile(r"\.?([^.\[\]]+)|\[([^\]]*)\]")
_MISSING = object()


def parse(text: str) -> Path:
    """``phases[main].rateCards[base].name`` → its parts; an all-digit item is an index unless a key says otherwise.

    Raises ``ValueError`` for text that is no path.
    """
    parts: list[str] = []
    at = 0
    for match in _PART.finditer(text):
        if match.start() != at:
            break
        parts.append(match[1] if match[1] is not None else f"[{match[2]}]")
        at = match.end()
    if not parts or at != len(text):
        raise ValueError(f"`{text}` is not a path such as `phases[main].rateCards[base].name`")
    return tuple(parts)


def fitted(shape: Shape, path: Path) -> Path:
    """The path with the name of a free key in one part, as a map has it: ``metadata.app.example/owner``."""
    current: Shape | None = shape
    secret = False
    for index, part in enumerate(path):
        if isinstance(current, MapOf) and (secret or current.value == Scalar("text")):
            return (*path[:index], _free_key(path[index:]))
        field = _field(current, part)
        secret = field is not None and field.has(m.Secret)
        current = field.shape if field else current.item if isinstance(current, ListOf) else None
    return path


def _field(shape: Shape | None, part: PathPart) -> Field | None:
    match shape:
        case Object(fields=fields):
            return fields.get(str(part))
        case OneOf(variants=variants):
            return next((variant.fields[str(part)] for variant in variants.values() if part in variant.fields), None)
        case _:
            return None


def _free_key(parts: Path) -> str:
    """``metadata.a.b`` and ``metadata[a.b]`` both name the key ``a.b``."""
    text = "".join(str(part) if str(part).startswith("[") else f".{part}" for part in parts).removeprefix(".")
    return text[1:-1] if len(parts) == 1 and text.startswith("[") else text


def under(path: str, prefix: str) -> bool:
    """Whether a rendered path is the prefix itself or stands below it."""
    return path == prefix or path.startswith((prefix + ".", prefix + "["))


def get(tree: Tree, path: Path) -> Tree:
    """The value at the path, None where it is not there."""
    found = _get(tree, path)
    return None if found is _MISSING else found


def _get(tree: Any, path: Path) -> Any:  # noqa: ANN401 - trees of any shape
    for part in path:
        holder, name = _step(tree, part)
        if holder is None:
            return _MISSING
        tree = holder[name]
    return tree


def replaced(tree: Tree, path: Path, value: Tree) -> Tree:
    """A copy of the tree with the value at the path, or without it for None. A missing parent changes nothing."""
    if not path:
        return value
    part, rest = path[0], path[1:]
    holder, name = _step(tree, part)
    if holder is None:
        return tree if value is None else _with_new(tree, part, replaced({}, rest, value))
    inner = replaced(holder[name], rest, value)
    if isinstance(holder, Mapping):
        return {
            key: (inner if key == name else item) for key, item in holder.items() if key != name or inner is not None
        }
    return [inner if index == name else item for index, item in enumerate(holder) if index != name or inner is not None]


def _with_new(tree: Tree, part: str | int, value: Tree) -> Tree:
    if isinstance(tree, Mapping) and isinstance(part, str) and not part.startswith("["):
        return {**tree, part: value}
    if isinstance(tree, list):
        return [*tree, value]
    return tree


def _step(tree: Any, part: str | int) -> tuple[Any, Any]:  # noqa: ANN401 - trees of any shape
    """The container and the index or key in it that a part names, or nothing."""
    if isinstance(tree, Mapping):
        return (tree, part) if part in tree else (None, None)
    if isinstance(tree, list | tuple):
        wanted = part[1:-1] if isinstance(part, str) and part.startswith("[") else part
        for index, item in enumerate(tree):
            names = {item.get("key"), item.get("addon")} if isinstance(item, Mapping) else {item}
            if wanted in names:
                return tree, index
        if str(wanted).isdigit() and int(wanted) < len(tree):
            return tree, int(wanted)
    return None, None
