"""What accepting one object asks of its files: each live value with the path where it is to be declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.kinds import markers as m
from reconciler.kinds.registry import KINDS
from reconciler.kinds.shape import Field, ListOf, MapOf, Object, OneOf, Shape
from reconciler.model import Drifted, DriftField, Path, PathPart, Tree
from reconciler.planning import paths
from reconciler.planning.secrets import CHANGED
from reconciler.reading.expected import value_at
from reconciler.reading.tree import item_index

GONE: Any = object()
"""Live has no such value: it is to be left out."""
REMOVE = "$remove"
_NAMES = ("key", "addon", "featureKey")


@dataclass(frozen=True, slots=True)
class Wish:
    """One value, or ``GONE``, at a path of a spec; ``fields`` are the differences that it settles."""

    path: Path
    live: Any
    fields: tuple[DriftField, ...]


def wishes(
    found: Drifted, fields: Iterable[DriftField], live: Mapping[str, Tree], *, apart: bool = False
) -> list[Wish]:
    """What would make the manifests say what is live; ``live`` is the spec as a manifest would declare it.

    A list whose items have no keys is one value; ``apart``: not where no item came or went, for editing in place.
    """
    shape = KINDS[found.address.kind].shape
    fitted = [(field, paths.fitted(shape, paths.parse(field.change.path))) for field in fields]
    cuts = {whole(shape, path) for _, path in fitted}
    # An item that is added or gone moves those behind it.
    moved = {cut for cut in cuts if any(path[: len(cut)] == cut and len(path) <= len(cut) + 1 for _, path in fitted)}
    by_path: dict[Path, list[DriftField]] = {}
    for field, path in fitted:
        cut = whole(shape, path)
        by_path.setdefault(path if apart and cut not in moved else cut, []).append(field)
    return [Wish(path, value_at(live, path, GONE), tuple(settled)) for path, settled in by_path.items()]


def unwritable(field: DriftField) -> str | None:
    """Why no file can say what is live, None where one can."""
    note = field.change.note
    if note == CHANGED:
        return "a secret or header is never copied out of live; change it here or at its source"
    if note == "addon_version_changed":
        return "which version of an add-on a plan offers follows from the add-on"
    if note == "order changed":
        return "the order is to be changed by hand"
    return None


def whole(shape: Shape, path: Path) -> Path:
    """The path, cut at a list whose items have no keys: such a list is written as one value."""
    current = [shape]
    for index, part in enumerate(path):
        lists = [one for one in current if isinstance(one, ListOf)]
        if any(one.keyed is None for one in lists):
            return path[:index]
        fields = [field for one in current if (field := field_of(one, part)) is not None]
        if any(field.has(m.JsonText) for field in fields):
            return path[: index + 1]
        current = _below(current, part)
    return path


def order_at(shape: Shape, path: Path) -> tuple[str, ...]:
    """The names of the map at a path, in the order of the language."""
    current = [shape]
    for part in path:
        current = _below(current, part)
    names = [name for one in current for name in _names(one)]
    return tuple(dict.fromkeys(names))


def _below(shapes: list[Shape], part: PathPart) -> list[Shape]:
    """The shapes that the value behind one more part of a path may have: a price is not the same in every card."""
    found: list[Shape] = []
    for shape in shapes:
        match shape:
            case ListOf(item=item):
                found.append(item)
            case MapOf(value=value):
                found.append(value)
            case OneOf(variants=variants):
                found += _below(list(variants.values()), part)
            case Object(fields=fields) if part in fields:
                found.append(fields[str(part)].shape)
    return found


def _names(shape: Shape) -> tuple[str, ...]:
    match shape:
        case Object(fields=fields):
            return tuple(fields)
        case OneOf(tag=tag, variants=variants):
            return (tag, *(name for one in variants.values() for name in one.fields))
        case _:
            return ()


def field_of(shape: Shape | None, part: PathPart) -> Field | None:
    """The field of this name, of whichever variant has it."""
    match shape:
        case Object(fields=fields):
            return fields.get(str(part))
        case OneOf(variants=variants):
            return next((one.fields[str(part)] for one in variants.values() if part in one.fields), None)
        case _:
            return None


def patched(tree: Any, path: Path, live: Any, declared: Any) -> Any:  # noqa: ANN401 - trees
    """A patch with one more value in it; ``declared`` is what it patches, at the same place."""
    if not path:
        return None if live is GONE else live
    part = path[0]
    below = value_at(declared, (part,))
    if not (isinstance(part, int) or part.startswith("[")):
        old = tree if isinstance(tree, Mapping) else {}
        return {**old, part: patched(old.get(part), path[1:], live, below)}
    items = list(tree) if isinstance(tree, list) else []
    at = _index(items, part)
    item = items[at] if at is not None else _named(part, below)
    if len(path) > 1:
        item = patched(item, path[1:], live, below)
    else:
        item = {**_named(part, below), REMOVE: True} if live is GONE else live
    return [*items[:at], item, *items[at + 1 :]] if at is not None else [*items, item]


def _index(items: list[Any], part: PathPart) -> int | None:
    from reconciler.reading.tree import Map, Seq

    seen = Seq()
    for item in items:
        keyed = Map()
        keyed.update(item if isinstance(item, Mapping) else {})
        seen.append(keyed)
    return item_index(seen, part)


def _named(part: PathPart, declared: Any) -> dict[str, Any]:  # noqa: ANN401 - any tree
    """What tells the item apart, by the name that it has where it is declared."""
    key = str(part).strip("[]")
    by = next((name for name in _NAMES if isinstance(declared, Mapping) and declared.get(name) == key), "key")
    return {by: key}
