"""What the markers of a kind say of a value that is to be shown: whether it is money, whether it is secret.

Kinds that this version does not know (a plan of a newer tool) have no facts: their values are shown as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from reconciler.kinds import markers as m
from reconciler.kinds.registry import KINDS
from reconciler.kinds.shape import Field, ListOf, MapOf, Object, OneOf, Scalar, Shape
from reconciler.model import Tree

T = TypeVar("T")

_PART = re.compile(r"\.?([^.\[\]]+)|\[([^\]]*)\]")


def shape_at(kind: str, path: str) -> Shape | None:
    """The shape of the value at a path of the one path grammar."""
    found: Shape | None = KINDS[kind].shape if kind in KINDS else None
    for _, shape in _along(found, path):
        found = shape
    return found


def in_declared_order(kind: str, paths: Iterable[str]) -> list[str]:
    """Paths in the order in which the kind declares their first field, else as they come."""
    known = {name: index for index, name in enumerate(KINDS[kind].shape.fields)} if kind in KINDS else {}
    return sorted(paths, key=lambda path: known.get(path.partition(".")[0].partition("[")[0], len(known)))


def is_secret(kind: str, path: str) -> bool:
    """Whether the path goes through a field that holds a secret."""
    start = KINDS[kind].shape if kind in KINDS else None
    return any(field is not None and field.has(m.Secret) for field, _ in _along(start, path))


def marker_at(kind: str, path: str, marker: type[T]) -> T | None:
    """A marker of the field that the path leads to, or of the list that it leads into."""
    start = KINDS[kind].shape if kind in KINDS else None
    found = [field for field, _ in _along(start, path) if field is not None]
    return found[-1].get(marker) if found else None


def _along(shape: Shape | None, path: str) -> Iterator[tuple[Field | None, Shape | None]]:
    for match in _PART.finditer(path):
        if match[2] is not None:
            shape = shape.item if isinstance(shape, ListOf) else None
            yield None, shape
        else:
            field = field_of(shape, match[1])
            shape = field.shape if field else (shape.value if isinstance(shape, MapOf) else None)
            yield field, shape


def field_of(shape: Shape | None, name: str, value: Tree = None) -> Field | None:
    """A field by name; of several variants the one that the value's tag names, else the first that has the field."""
    match shape:
        case Object():
            return shape.fields.get(name)
        case OneOf():
            tag = str(value.get(shape.tag)) if isinstance(value, Mapping) else ""
            chosen = shape.variants.get(tag)
            among = (chosen,) if chosen else tuple(shape.variants.values())
            return next((variant.fields[name] for variant in among if name in variant.fields), None)
        case _:
            return None


def child(shape: Shape | None, name: str, value: Tree) -> Shape | None:
    """The shape of an entry of a map."""
    if isinstance(shape, MapOf):
        return shape.value
    field = field_of(shape, name, value)
    return field.shape if field else None


def is_money(shape: Shape | None) -> bool:
    """Whether a value is an amount in a currency."""
    return isinstance(shape, Scalar) and shape.money


def has_secret(shape: Shape | None, name: str, value: Tree) -> bool:
    """Whether an entry of a map holds a secret."""
    field = field_of(shape, name, value)
    return field is not None and field.has(m.Secret)
