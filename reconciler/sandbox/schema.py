"""What the server's request validator checks before any handler runs: compact schema values.

It imitates the OpenAPI validator of OpenMeter v1: the first violation wins, unknown fields pass,
`null` passes only where a schema says `nullable`, defaults are not filled in, and an ISO-8601
duration is just a string. A number is an int or a Decimal, as `jsontext.loads` yields them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from reconciler.sandbox.jsontext import Json

KEY_PATTERN = r"^[a-z0-9]+(?:_[a-z0-9]+)*$"
ULID_PATTERN = r"^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$"
NUMERIC_PATTERN = r"^\-?[0-9]+(\.[0-9]+)?$"
DATE_TIME_PATTERN = (
    r"^[0-9]{4}-(0[1-9]|10|11|12)-(0[1-9]|[12][0-9]|3[01])"
    r"T([0-1][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?(Z|(\+|-)[0-9]{2}:[0-9]{2})$"
)


class Violation(Exception):  # noqa: N818 - it is caught by the router, never seen outside
    """The first thing wrong with a value: where, what, and the value itself."""

    def __init__(self, path: tuple[str, ...], reason: str, value: Json) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason
        self.value = value


@dataclass(frozen=True, slots=True)
class Str:
    """A string; lengths count characters."""

    min: int = 0
    max: int | None = None
    pattern: str | None = None
    enum: tuple[str, ...] = ()
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Num:
    """A number; `integer` refuses fractions."""

    minimum: int | None = None
    maximum: int | None = None
    integer: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Bool:
    """true or false."""

    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Arr:
    """A list of one kind of item."""

    items: Schema
    min_items: int = 0
    max_items: int | None = None
    unique: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Obj:
    """An object; fields it does not name pass, checked by `extra` where that is given."""

    required: Mapping[str, Schema] = field(default_factory=dict)
    optional: Mapping[str, Schema] = field(default_factory=dict)
    extra: Schema | None = None
    nullable: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class OneOf:
    """Exactly one of several schemas fits."""

    options: tuple[Schema, ...]
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Tagged:
    """One of several objects, chosen by the value of a discriminator field."""

    tag: str
    options: Mapping[str, Schema]
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value, null included."""

    nullable: bool = True


Schema: TypeAlias = Str | Num | Bool | Arr | Obj | OneOf | Tagged | Anything
Schemas: TypeAlias = Mapping[str, Schema]

ULID = Str(pattern=ULID_PATTERN)
KEY = Str(min=1, max=64, pattern=KEY_PATTERN)
ID_OR_KEY = Str(min=1, max=64, pattern=f"{KEY_PATTERN}|{ULID_PATTERN}")
NUMERIC = Str(pattern=NUMERIC_PATTERN)
DATE_TIME = Str(pattern=DATE_TIME_PATTERN)
METADATA = Obj(extra=Str())
NULLABLE_METADATA = Obj(extra=Str(), nullable=True)


def check(schema: Schema, value: Json, path: tuple[str, ...] = ()) -> None:
    """Raise a Violation unless the value fits."""
    if value is None:
        if not schema.nullable:
            raise Violation(path, "Value is not nullable", value)
        return
    match schema:
        case Str():
            _check_string(schema, value, path)
        case Num():
            _check_number(schema, value, path)
        case Bool():
            _require(isinstance(value, bool), path, "value must be a boolean", value)
        case Arr():
            _check_array(schema, value, path)
        case Obj():
            _check_object(schema, value, path)
        case OneOf():
            _check_one_of(schema, value, path)
        case Tagged():
            _check_tagged(schema, value, path)
        case Anything():
            pass


def fits(schema: Schema, value: Json) -> bool:
    """Whether the value has no violation."""
    try:
        check(schema, value)
    except Violation:
        return False
    return True


def _require(condition: bool, path: tuple[str, ...], reason: str, value: Json) -> None:
    if not condition:
        raise Violation(path, reason, value)


def _check_string(schema: Str, value: Json, path: tuple[str, ...]) -> None:
    _require(isinstance(value, str), path, "value must be a string", value)
    if schema.enum:
        allowed = ",".join(f'"{item}"' for item in schema.enum)
        _require(value in schema.enum, path, f"value is not one of the allowed values [{allowed}]", value)
    _require(len(value) >= schema.min, path, f"minimum string length is {schema.min}", value)
    if schema.max is not None:
        _require(len(value) <= schema.max, path, f"maximum string length is {schema.max}", value)
    if schema.pattern is not None:
        found = re.search(schema.pattern.replace("$", r"\Z"), value)
        reason = f'string doesn\'t match the regular expression "{schema.pattern}"'
        _require(found is not None, path, reason, value)


def _check_number(schema: Num, value: Json, path: tuple[str, ...]) -> None:
    kind = "an integer" if schema.integer else "a number"
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    _require(is_number, path, f"value must be {kind}", value)
    if schema.integer:
        _require(value == int(value), path, "value must be an integer", value)
    if schema.minimum is not None:
        _require(value >= schema.minimum, path, f"number must be at least {schema.minimum}", value)
    if schema.maximum is not None:
        _require(value <= schema.maximum, path, f"number must be at most {schema.maximum}", value)


def _check_array(schema: Arr, value: Json, path: tuple[str, ...]) -> None:
    _require(isinstance(value, list), path, "value must be an array", value)
    _require(len(value) >= schema.min_items, path, f"minimum number of items is {schema.min_items}", value)
    if schema.max_items is not None:
        _require(len(value) <= schema.max_items, path, f"maximum number of items is {schema.max_items}", value)
    if schema.unique:
        distinct = all(item not in value[:index] for index, item in enumerate(value))
        _require(distinct, path, "duplicate items found", value)
    for index, item in enumerate(value):
        check(schema.items, item, (*path, str(index)))


def _check_object(schema: Obj, value: Json, path: tuple[str, ...]) -> None:
    _require(isinstance(value, dict), path, "value must be an object", value)
    for name in sorted(value):
        known = schema.required.get(name) or schema.optional.get(name) or schema.extra
        if known is not None:
            check(known, value[name], (*path, name))
    for name in schema.required:
        _require(name in value, (*path, name), f'property "{name}" is missing', value)


def _check_one_of(schema: OneOf, value: Json, path: tuple[str, ...]) -> None:
    matching = sum(fits(option, value) for option in schema.options)
    if matching == 0:
        for option in schema.options:
            check(option, value, path)
    _require(matching == 1, path, "input matches more than one oneOf schemas", value)


def _check_tagged(schema: Tagged, value: Json, path: tuple[str, ...]) -> None:
    _require(isinstance(value, dict), path, "value must be an object", value)
    present = schema.tag in value
    _require(present, path, f'input does not contain the discriminator property "{schema.tag}"', value)
    tag = value[schema.tag]
    known = isinstance(tag, str) and tag in schema.options
    _require(known, path, f'discriminator property "{schema.tag}" has invalid value', value)
    check(schema.options[tag], value, path)
