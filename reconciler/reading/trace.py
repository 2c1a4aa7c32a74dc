"""From a location of pydantic (fields, indexes, union tags) to a path and a place in a positioned tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.kinds.shape import ListOf, MapOf, Object, OneOf, Scalar, Shape
from reconciler.model import Path, PathPart
from reconciler.reading.tree import Map, Seq, item_key


@dataclass(slots=True)
class Trace:
    """Where an error of pydantic points.

    ``node`` is the value there, ``known`` the field names that its parent has, ``name`` the field itself; ``union``
    is the path of an untagged choice that the location went through, ``member`` the alternative it is about.
    """

    node: Any
    mark: int
    path: Path = ()
    known: tuple[str, ...] = ()
    name: str = ""
    span: int = 1
    union: Path | None = None
    member: str = ""

    @property
    def at_union(self) -> bool:
        """Whether the error is about the choice's own value, not about a part of it."""
        return self.union == self.path


def trace(shape: Shape, tree: Map, mark: int, loc: tuple[int | str, ...], error: str) -> Trace:
    """Follow a location through the tree. The last part of a ``missing`` error names what is not there."""
    found = Trace(tree, mark)
    current: Shape | None = shape
    for index, part in enumerate(loc):
        last = index == len(loc) - 1
        found.known = _names(current, found.node) or found.known
        if last and error == "missing":
            found.name = str(part)
        elif part == "[key]" and last:
            found.name = ""
        elif isinstance(current, OneOf) and part in current.variants:
            current = current.variants[str(part)]
        elif isinstance(found.node, Map) and part in found.node:
            current = _into_map(found, current, str(part), at_key=error == "extra_forbidden" or loc[-1] == "[key]")
        elif isinstance(found.node, Seq) and isinstance(part, int) and part < len(found.node):
            current = _into_list(found, current, part)
        else:
            found.union, found.member = found.path, str(part)
    return found


def _into_map(found: Trace, shape: Shape | None, name: str, *, at_key: bool) -> Shape | None:
    key_mark, value_mark = found.node.entry_marks(name)
    found.node, found.name, found.path = found.node[name], name, (*found.path, name)
    scalar = not isinstance(found.node, Map | Seq)
    found.mark = value_mark if scalar and not at_key else key_mark
    found.span = len(str(found.node)) if scalar and not at_key else len(name)
    match shape:
        case Object(fields=fields):
            return fields[name].shape if name in fields else None
        case OneOf(variants=variants):
            return next((v.fields[name].shape for v in variants.values() if name in v.fields), None)
        case MapOf(value=value):
            return value
        case _:
            return None


def _into_list(found: Trace, shape: Shape | None, index: int) -> Shape | None:
    item = found.node[index]
    found.mark = found.node.marks[index]
    found.span = len(str(item)) if not isinstance(item, Map | Seq) else 1
    found.path = (*found.path, _item_name(shape, item, index))
    found.name = f"{found.name}[{index}]"
    found.node = item
    return shape.item if isinstance(shape, ListOf) else None


def _item_name(shape: Shape | None, item: Any, index: int) -> PathPart:  # noqa: ANN401 - any tree
    keyed = shape.keyed if isinstance(shape, ListOf) else None
    key = item_key(keyed.by, item) if keyed else None
    return index if key is None else f"[{key}]"


def _names(shape: Shape | None, node: Any) -> tuple[str, ...]:  # noqa: ANN401 - any tree
    match shape:
        case Object(fields=fields):
            return tuple(fields)
        case OneOf(tag=tag, variants=variants) if isinstance(node, Map):
            variant = variants.get(str(node.get(tag)))
            return tuple(variant.fields) if variant else (tag,)
        case Scalar() | None:
            return ()
        case _:
            return ()
