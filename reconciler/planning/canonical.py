"""The one form in which live state and declaration are compared.

Decimals are exact text (or exact ``Decimal`` where the API has a JSON number), durations and instants as the server
prints them, keyed lists sorted, unordered lists sorted and without repetitions, nothing empty, and every default of
the server filled in. ``canonical`` is idempotent. Fields and variants that this version does not know are left out,
so that a newer server shows no false difference.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import cast

from reconciler.kinds import markers as m
from reconciler.kinds.durations import canonical as canonical_duration
from reconciler.kinds.durations import plain
from reconciler.kinds.kind import Kind
from reconciler.kinds.shape import Field, ListOf, MapOf, Object, OneOf, Scalar, Shape
from reconciler.model import Tree, exact_number

Canoniser = Callable[[Tree], Tree]


def canonical(kind: Kind, spec: Mapping[str, Tree]) -> dict[str, Tree]:
    """The canonical form of a spec tree of this kind, declared (and completed) or read from the server."""
    return cast("dict[str, Tree]", _object(kind.shape)(spec))


def complete(
    kind: Kind, key: str, spec: Mapping[str, Tree], feature_name: Callable[[str], str | None]
) -> dict[str, Tree]:
    """The canonical form of a *declared* spec: what other declared values imply is filled in first."""
    filled = kind.complete(key, dict(spec), feature_name) if kind.complete else spec
    return canonical(kind, filled)


def _compile(shape: Shape) -> Canoniser:
    match shape:
        case Object():
            return _object(shape)
        case OneOf():
            return _one_of(shape)
        case ListOf():
            return _list(shape)
        case MapOf():
            return _map(shape)
        case Scalar(form=form):
            return _FORMS.get(form, _same)


@cache
def _object(shape: Object) -> Canoniser:
    parts = [
        (name, _compile(field.shape), _default(field), _means_something_empty(field.shape))
        for name, field in shape.fields.items()
    ]

    def walk(value: Tree) -> Tree:
        if not isinstance(value, Mapping):
            return value
        out: dict[str, Tree] = {}
        for name, convert, default, empty in parts:
            found = value.get(name)
            if found is not None:
                found = convert(found)
            if found is None or (found in ("", [], {}) and not empty):
                found = default() if default else None
            if found is not None:
                out[name] = found
        return out

    return walk


def _means_something_empty(shape: Shape) -> bool:
    """An empty JSON document is a value; everything else that is empty is the same as nothing."""
    return isinstance(shape, Scalar) and shape.form == "json"


def _default(field: Field) -> Callable[[], Tree] | None:
    if field.has(m.Filled):
        convert = _compile(field.shape)
        return lambda: convert({})
    default = field.get(m.ServerDefault)
    if default is None:
        return None
    value = _compile(field.shape)(default.value)
    return lambda: value


def _one_of(shape: OneOf) -> Canoniser:
    variants = {tag: _object(variant) for tag, variant in shape.variants.items()}

    def walk(value: Tree) -> Tree:
        if not isinstance(value, Mapping):
            return value
        variant = variants.get(str(value.get(shape.tag)))
        return variant(value) if variant else dict(value)

    return walk


def _list(shape: ListOf) -> Canoniser:
    convert = _compile(shape.item)
    keyed = shape.keyed

    def walk(value: Tree) -> Tree:
        if not isinstance(value, list | tuple):
            return value
        items = [convert(item) for item in value]
        if shape.unordered:
            # Repetitions go; of a server's answer nothing is known, not even that its items are texts.
            distinct = {repr(item): item for item in items}
            return sorted(distinct.values(), key=str)
        if keyed and not keyed.ordered:
            items.sort(key=lambda item: str(item.get(keyed.by, "")) if isinstance(item, Mapping) else "")
        return items

    return walk


def _map(shape: MapOf) -> Canoniser:
    convert = _compile(shape.value)

    def walk(value: Tree) -> Tree:
        if not isinstance(value, Mapping):
            return value
        return {key: convert(value[key]) for key in sorted(value) if value[key] is not None}

    return walk


def _same(value: Tree) -> Tree:
    return value


def _decimal_text(value: Tree) -> Tree:
    number = exact_number(value)
    return plain(number) if number is not None else value


def _decimal_number(value: Tree) -> Tree:
    number = exact_number(value)
    return Decimal(plain(number)) if number is not None else value


def _duration(value: Tree) -> Tree:
    return canonical_duration(value) if isinstance(value, str) else value


@lru_cache(maxsize=4096)
def instant_text(text: str) -> str:
    """An RFC 3339 instant in UTC with six digits, so that text order is time order; other text as it is."""
    try:
        moment = datetime.fromisoformat(_microseconds(text))
    except ValueError:
        return text
    if moment.tzinfo is None:
        return text
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _microseconds(text: str) -> str:
    """Cut a fraction to six digits: the server stores microseconds and Python reads no more."""
    head, dot, rest = text.partition(".")
    if not dot:
        return text
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return f"{head}.{rest[: min(digits, 6)].ljust(6, '0')}{rest[digits:]}"


def _instant(value: Tree) -> Tree:
    return instant_text(value) if isinstance(value, str) else value


def _json(value: Tree) -> Tree:
    if not isinstance(value, str):
        return _plain(value)
    try:
        return cast("Tree", json.loads(value, parse_float=Decimal))
    except ValueError:
        return value


def _plain(value: Tree) -> Tree:
    """The same value in plain maps and lists: the reader's maps know their place, and deepdiff compares types."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


_FORMS: dict[str, Canoniser] = {
    "decimal-text": _decimal_text,
    "decimal-number": _decimal_number,
    "duration": _duration,
    "instant": _instant,
    "json": _json,
    "any": _plain,
}
