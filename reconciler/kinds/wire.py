"""From a canonical spec to the body of a write, driven by the markers. Pure.

A PUT of OpenMeter merges some fields and resets others, so every write sends every field explicitly: what is not
declared goes as the value that clears it (``WhenEmpty``), or not at all where the server cannot clear it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import simplejson

from reconciler.kinds import markers as m
from reconciler.kinds.shape import Field, ListOf, MapOf, Object, OneOf, Scalar, Shape
from reconciler.model import Tree

Method = Literal["POST", "PUT"]

SECRET, LIVE = "$secret", "$live"


def encode(shape: Object, spec: Mapping[str, Tree], method: Method) -> dict[str, Tree]:
    """The wire form of a canonical spec, with the API's field names.

    Secrets stay holes that are filled just before the write: ``{"$secret": source}`` for a declared one, and
    ``{"$live": field}`` in a PUT for one that the server chose and wants to hear again, or that is left to others
    (``{"$live": [field, name]}`` for one value of a map).
    """
    body: dict[str, Tree] = {}
    for name, field in shape.fields.items():
        if name in spec and spec[name] is not None:
            body[name] = _secret(field, spec[name]) if field.has(m.Secret) else _value(field.shape, spec[name], method)
        else:
            _fill(body, field, method)
    return body


def _secret(field: Field, value: Tree) -> Tree:
    """Sources become holes. A clear value can only have come from the live object: it is read again, not copied."""
    match field.shape, value:
        case _, Mapping() if is_live(value):
            return value
        case MapOf(), Mapping():
            return {key: _part(part) for key, part in value.items()}
        case _, Mapping():
            return {SECRET: value}
        case _:
            return {LIVE: field.name}


def _part(value: Tree) -> Tree:
    return {SECRET: value} if isinstance(value, Mapping) and not is_live(value) else value


def is_live(value: Tree) -> bool:
    """Whether a value stands for what the live object has: ``{"$live": field}``."""
    return isinstance(value, Mapping) and len(value) == 1 and LIVE in value


def _fill(body: dict[str, Tree], field: Field, method: Method) -> None:
    if method == "PUT" and field.has(m.Secret) and field.has(m.ServerChosen):
        body[field.name] = {LIVE: field.name}
    empty = field.get(m.WhenEmpty)
    if empty is not None and (method == "PUT" or empty.on_create):
        body[field.name] = empty.wire


def _value(shape: Shape, value: Tree, method: Method) -> Tree:
    match shape, value:
        case Object(), Mapping():
            return encode(shape, value, _nested(method))
        case OneOf(), Mapping():
            variant = shape.variants.get(str(value.get(shape.tag)))
            return encode(variant, value, _nested(method)) if variant else dict(value)
        case ListOf(item=item), list():
            return [_value(item, element, method) for element in value]
        case MapOf(value=inner), Mapping():
            return {key: _value(inner, element, method) for key, element in value.items()}
        case Scalar(form="json"), _:
            return simplejson.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False, use_decimal=True)
        case _:
            return value


def _nested(method: Method) -> Method:
    """Parts inside a body are always replaced whole, on POST and PUT alike: only required nulls are filled."""
    del method
    return "POST"
