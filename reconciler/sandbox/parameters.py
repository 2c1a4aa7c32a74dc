"""Parameters of paths and queries: first whether their texts can be read at all, then their schemas.

The server reads the query of a request before its validator looks at it. What cannot be read is
therefore refused by the handler's side and carries an `instance`, unlike what the validator refuses
(OpenMeter v1, request pipeline).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from reconciler.sandbox.http import Problem
from reconciler.sandbox.jsontext import Json
from reconciler.sandbox.schema import DATE_TIME, Arr, Bool, Num, Schema, Schemas, Violation, check

_TRUE: Final = ("1", "t", "T", "true", "TRUE", "True")
_FALSE: Final = ("0", "f", "F", "false", "FALSE", "False")
_INT64: Final = range(-(1 << 63), 1 << 63)


def read_query(schemas: Schemas, pairs: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Typed arguments by name; parameters the route does not declare are ignored."""
    given = {name: [text for key, text in pairs if key == name] for name in schemas}
    return {name: _read(name, schemas[name], texts) for name, texts in given.items() if texts}


def check_parameter(name: str, place: str, schema: Schema, value: Json) -> None:
    """The validator's look at one parameter; an empty text in a list is no item."""
    if isinstance(value, list) and "" in value:
        raise _refused(name, place, "empty value is not allowed")
    try:
        check(schema, value)
    except Violation as violation:
        raise _refused(name, place, violation.reason) from violation


def _read(name: str, schema: Schema, texts: list[str]) -> Json:
    if isinstance(schema, Arr):
        return list(texts)
    if len(texts) > 1:
        raise _unreadable(name, "it is specified multiple times")
    return _read_one(name, schema, texts[0])


def _read_one(name: str, schema: Schema, text: str) -> Json:
    match schema:
        case Num(integer=True):
            if not re.fullmatch(r"[+-]?[0-9]+", text) or int(text) not in _INT64:
                raise _unreadable(name, f"parsing {text!r} as an integer")
            return int(text)
        case Bool():
            if text not in _TRUE + _FALSE:
                raise _unreadable(name, f"parsing {text!r} as a boolean")
            return text in _TRUE
        case _ if schema is DATE_TIME and text:
            _check_instant(name, text)
    return text


def _check_instant(name: str, text: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise _unreadable(name, f"parsing {text!r} as a time") from error


def _unreadable(name: str, reason: str) -> Problem:
    return Problem(400, f"invalid param format {name}: {reason}")


def _refused(name: str, place: str, reason: str) -> Problem:
    return Problem(400, f'parameter "{name}" in {place} has an error: {reason}', by_validator=True)
