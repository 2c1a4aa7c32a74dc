"""A model's fields and markers, compiled once into a small tree that the hot loops walk instead of pydantic.

``shape_of(Model)`` is cached; canonical form, diff, wire encoding, references and ``explain`` read the same tree.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, Discriminator

from reconciler.kinds import markers as m

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A leaf: its Python type for people, and how it is written."""

    form: Literal["text", "bool", "int", "decimal-text", "decimal-number", "duration", "instant", "json", "any"]
    money: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Object:
    """A map with known fields, by their names on the wire."""

    model: type[BaseModel]
    fields: dict[str, Field]


@dataclass(frozen=True, slots=True, eq=False)
class OneOf:
    """One of several objects, told apart by the value of the field ``tag``."""

    tag: str
    variants: dict[str, Object]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list; ``keyed`` and ``unordered`` as marked."""

    item: Shape
    keyed: m.Keyed | None = None
    unordered: bool = False


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map with free keys (metadata, group-by)."""

    value: Shape


Shape = Scalar | Object | OneOf | ListOf | MapOf


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name on the wire, its shape, its markers, and whether a manifest must have it."""

    name: str
    shape: Shape
    markers: tuple[m.Marker, ...]
    required: bool
    description: str

    def get(self, marker: type[T]) -> T | None:
        """The marker of this type, if the field carries one."""
        return next((found for found in self.markers if isinstance(found, marker)), None)

    def has(self, marker: type[m.Marker]) -> bool:
        """Whether the field carries a marker of this type."""
        return self.get(marker) is not None


@cache
def shape_of(model: type[BaseModel]) -> Object:
    """Compile a model. Fields keep the order in which the model declares them."""
    return Object(model, {field.name: field for field in _fields(model)})


def _fields(model: type[BaseModel]) -> Iterator[Field]:
    for name, info in model.model_fields.items():
        inner, found = _peel(info.annotation)
        found = (*info.metadata, *found)
        marks = tuple(item for item in found if isinstance(item, m.Marker))
        tag = info.discriminator if isinstance(info.discriminator, str) else _tag(found)
        yield Field(
            name=info.serialization_alias or info.alias or name,
            shape=_shape(inner, marks, tag),
            markers=marks,
            required=info.is_required(),
            description=info.description or "",
        )


def _tag(found: tuple[Any, ...]) -> str | None:
    for item in found:
        if isinstance(item, Discriminator) and isinstance(item.discriminator, str):
            return item.discriminator
        discriminator = getattr(item, "discriminator", None)
        if isinstance(discriminator, str):
            return discriminator
    return None


def _peel(annotation: Any) -> tuple[Any, tuple[Any, ...]]:  # noqa: ANN401 - annotations are any object
    """Strip ``Annotated`` and ``X | None``, collecting the metadata on the way."""
    found: tuple[Any, ...] = ()
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            found = (*found, *more)
        elif get_origin(annotation) in (Union, types.UnionType):
            rest = [arg for arg in get_args(annotation) if arg is not type(None)]
            if len(rest) != 1:
                return annotation, found
            annotation = rest[0]
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return annotation, found


def _shape(annotation: Any, marks: tuple[m.Marker, ...], tag: str | None) -> Shape:  # noqa: ANN401 - see _peel
    if form := _marked_form(marks):
        return form
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _union(annotation, tag)
    if origin in (list, tuple):
        inner, found = _peel(get_args(annotation)[0])
        item = _shape(inner, tuple(x for x in found if isinstance(x, m.Marker)), _tag(found))
        keyed = next((x for x in marks if isinstance(x, m.Keyed)), None)
        return ListOf(item, keyed, any(isinstance(x, m.Unordered) for x in marks))
    if origin is dict:
        inner, found = _peel(get_args(annotation)[1])
        return MapOf(_shape(inner, tuple(x for x in found if isinstance(x, m.Marker)), _tag(found)))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return shape_of(annotation)
    return _plain(annotation)


def _marked_form(marks: tuple[m.Marker, ...]) -> Scalar | None:
    for mark in marks:
        match mark:
            case m.DecimalText(money=money):
                return Scalar("decimal-text", money)
            case m.DecimalNumber():
                return Scalar("decimal-number")
            case m.Duration():
                return Scalar("duration")
            case m.Instant():
                return Scalar("instant")
            case m.JsonText():
                return Scalar("json")
            case m.AsIs():
                return Scalar("any")
            case _:
                continue
    return None


def _plain(annotation: Any) -> Scalar:  # noqa: ANN401 - see _peel
    if annotation is bool:
        return Scalar("bool")
    if annotation is int:
        return Scalar("int")
    if annotation is str or get_origin(annotation) is Literal:
        return Scalar("text")
    return Scalar("any")


def _union(annotation: Any, tag: str | None) -> Shape:  # noqa: ANN401 - see _peel
    models = [_peel(arg)[0] for arg in get_args(annotation)]
    if tag is None or not all(isinstance(model, type) and issubclass(model, BaseModel) for model in models):
        return Scalar("any")
    variants: dict[str, Object] = {}
    for model in models:
        literal = model.model_fields[tag].annotation
        for value in get_args(literal):
            variants[value] = shape_of(model)
    return OneOf(tag, variants)
