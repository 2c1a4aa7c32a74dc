"""What the markers of a kind say of a value that is to be shown: whether it is money, whether it is secret.

Kinds that this version does not know (a plan of a newer tool) have no facts: their values are shown as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from reconciler.kinds import markers as m
from reconciler.kinds.registry import KINDS
from reconciler.kinds.shape import Field, ListOf, MapOf, Object, OneOf, Scalar, Shape
from reconciler.model import Tree

T = TypeVar("T")

_PART = re.compile(r"\.?([^.\[\]]+)|\[([^\]]*)\]")


def shape_at(kind: str, path: str) -> Shape | None:
    """The shape of the value at a path of the one path grammar.

    Where it depends on values that are not in the path (the price of a card of one type or another), the one of
    several variants: a value's own tag chooses among them.
    """
    found: Sequence[Shape] = (KINDS[kind].shape,) if kind in KINDS else ()
    for _, shapes in _along(found, path):
        found = shapes
    return next((shape for shape in found if isinstance(shape, OneOf)), found[0] if found else None)


def in_declared_order(kind: str, paths: Iterable[str]) -> list[str]:
    """Paths in the order in which the kind declares their first field, else as they come."""
    known = {name: index for index, name in enumerate(KINDS[kind].shape.fields)} if kind in KINDS else {}
    return sorted(paths, key=lambda path: known.get(path.partition(".")[0].partition("[")[0], len(known)))


def is_secret(kind: str, path: str) -> bool:
    """Whether the path goes through a field that holds a secret."""
    start = (KINDS[kind].shape,) if kind in KINDS else ()
    return any(field.has(m.Secret) for fields, _ in _along(start, path) for field in fields)


def marker_at(kind: str, path: str, marker: type[T]) -> T | None:
    """A marker of the field that the path leads to, or of the list that it leads into."""
    start = (KINDS[kind].shape,) if kind in KINDS else ()
    found = [fields for fields, _ in _along(start, path) if fields]
    return found[-1][0].get(marker) if found else None


def _along(shapes: Sequence[Shape], path: str) -> Iterator[tuple[Sequence[Field], Sequence[Shape]]]:
    """Every field on the way, in each variant that has it, and what its value may be."""
    for match in _PART.finditer(path):
        fields: list[Field] = []
        if match[2] is not None:
            shapes = [shape.item for shape in shapes if isinstance(shape, ListOf)]
        else:
            maps = [shape.value for shape in shapes if isinstance(shape, MapOf)]
            fields = [field for shape in shapes for field in _named(shape, match[1])]
            shapes = [*(field.shape for field in fields), *maps]
        yield fields, shapes


def _named(shape: Shape, name: str) -> Iterator[Field]:
    match shape:
        case Object():
            variants: Iterable[Object] = (shape,)
        case OneOf():
            variants = shape.variants.values()
        case _:
            variants = ()
    return (variant.fields[name] for variant in variants if name in variant.fields)


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
