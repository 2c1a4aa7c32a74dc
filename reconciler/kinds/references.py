"""Which other objects a spec names: the fields marked ``Ref``, found by walking the compiled shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from reconciler.kinds import markers as m
from reconciler.kinds.shape import Field, ListOf, MapOf, Object, OneOf, Shape
from reconciler.model import Address, Path, PathPart, Tree


def references(shape: Object, spec: Mapping[str, Tree]) -> Iterator[tuple[Path, Address]]:
    """Every reference of a spec with the path of the value that names it, in the order of the spec's fields."""
    yield from _walk(shape, spec, ())


def _walk(shape: Shape, value: Tree, path: Path) -> Iterator[tuple[Path, Address]]:
    match shape, value:
        case Object(), Mapping():
            for field in _interesting(shape):
                if field.name in value:
                    yield from _field(field, value[field.name], (*path, field.name))
        case OneOf(), Mapping():
            variant = shape.variants.get(str(value.get(shape.tag)))
            if variant:
                yield from _walk(variant, value, path)
        case ListOf(), list() | tuple():
            for index, item in enumerate(value):
                yield from _walk(shape.item, item, (*path, _part(shape, item, index)))
        case MapOf(), Mapping():
            for key, item in value.items():
                yield from _walk(shape.value, item, (*path, key))
        case _:
            return


def _field(field: Field, value: Tree, path: Path) -> Iterator[tuple[Path, Address]]:
    ref = field.get(m.Ref)
    match ref, value:
        case None, _:
            yield from _walk(field.shape, value, path)
        case m.Ref(kind=kind), str():
            yield path, Address(kind, value)
        case m.Ref(kind=kind), list() | tuple():
            for index, item in enumerate(value):
                if isinstance(item, str):
                    yield (*path, index), Address(kind, item)
        case _:
            return


def _part(shape: ListOf, item: Tree, index: int) -> PathPart:
    key = item.get(shape.keyed.by) if shape.keyed and isinstance(item, Mapping) else None
    return f"[{key}]" if isinstance(key, str) else index


@cache
def _interesting(shape: Object) -> tuple[Field, ...]:
    """The fields below which a reference can stand: most of a spec is skipped."""
    return tuple(field for field in shape.fields.values() if field.has(m.Ref) or _holds(field.shape))


def _holds(shape: Shape) -> bool:
    match shape:
        case Object():
            return bool(_interesting(shape))
        case OneOf():
            return any(_interesting(variant) for variant in shape.variants.values())
        case ListOf():
            return _holds(shape.item)
        case MapOf():
            return _holds(shape.value)
        case _:
            return False
