"""String filters, by which a feature picks a part of its meter's usage."""

from __future__ import annotations

from typing import Final

from reconciler.sandbox.http import invalid
from reconciler.sandbox.jsontext import Doc, Json
from reconciler.sandbox.schema import Anything, Arr, Obj, Schema, Str

_TEXT: Final = Str(nullable=True)
_TEXTS: Final = Arr(Str(), nullable=True)
_ONE: Final = ("$eq", "$ne", "$like", "$nlike", "$ilike", "$nilike", "$gt", "$gte", "$lt", "$lte")
_MANY: Final = ("$in", "$nin")
_NESTED: Final = ("$and", "$or")
_LEAF: Final[dict[str, Schema]] = {**dict.fromkeys(_ONE, _TEXT), **dict.fromkeys(_MANY, _TEXTS)}

# The real schema nests without end; a filter deeper than this was never seen.
_LEVELS: Final = 4


def _filter_schema(levels: int) -> Schema:
    inner = _filter_schema(levels - 1) if levels else Anything()
    return Obj(optional={**_LEAF, **dict.fromkeys(_NESTED, Arr(inner, nullable=True))})


FILTER_STRING: Final = _filter_schema(_LEVELS)


def understood(filter_: Json) -> Doc:
    """What the server keeps of a filter: unknown operators and nulls are dropped in silence."""
    kept: Doc = {}
    for operator, value in filter_.items():
        if value is None:
            continue
        if operator in _LEAF:
            kept[operator] = value
        elif operator in _NESTED:
            kept[operator] = [understood(item) for item in value]
    return kept


def check_filter(filter_: Doc) -> None:
    """At most one operator per level, and no empty text; else a Problem 400."""
    if len(filter_) > 1:
        raise invalid("filter is invalid: multiple operators are set")
    for operator, value in filter_.items():
        if value == "" or (operator in _MANY and "" in value):
            raise invalid("filter is invalid: format mismatch")
        if operator in _NESTED:
            for item in value:
                check_filter(item)
