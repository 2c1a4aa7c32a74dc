"""Filters on a meter's group-by values: one operator each, ``$and`` and ``$or`` nest.

The server drops an operator that it does not know without a word, and then counts everything; such filters are
refused here. Source: OpenMeter v1, FilterString; the filters that a server stored for each mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, cast

from pydantic import ConfigDict, Field

from reconciler.kinds import markers as m
from reconciler.kinds.kind import Finding, Rule, Spec
from reconciler.model import Path, Tree

_SOURCE = "OpenMeter v1, feature create"
_MANY = frozenset({"$in", "$nin"})
_NESTED = frozenset({"$and", "$or"})


class StringFilter(Spec):
    """A condition on one group-by value. Exactly one operator."""

    # Unknown operators are let in, to be refused under a rule of their own that says what the server makes of them.
    model_config = ConfigDict(
        extra="allow", json_schema_extra={"additionalProperties": False, "minProperties": 1, "maxProperties": 1}
    )

    eq: Annotated[str | None, Field(alias="$eq")] = None
    """Equal to this value."""
    ne: Annotated[str | None, Field(alias="$ne")] = None
    """Not equal to this value."""
    in_: Annotated[list[str] | None, Field(alias="$in")] = None
    """One of these values."""
    nin: Annotated[list[str] | None, Field(alias="$nin")] = None
    """None of these values."""
    like: Annotated[str | None, Field(alias="$like")] = None
    """Like this pattern: `%` stands for any text, `_` for one character."""
    nlike: Annotated[str | None, Field(alias="$nlike")] = None
    """Not like this pattern."""
    ilike: Annotated[str | None, Field(alias="$ilike")] = None
    """Like this pattern, upper and lower case alike."""
    nilike: Annotated[str | None, Field(alias="$nilike")] = None
    """Not like this pattern, upper and lower case alike."""
    gt: Annotated[str | None, Field(alias="$gt")] = None
    """After this value, in the order of text."""
    gte: Annotated[str | None, Field(alias="$gte")] = None
    """This value or after it, in the order of text."""
    lt: Annotated[str | None, Field(alias="$lt")] = None
    """Before this value, in the order of text."""
    lte: Annotated[str | None, Field(alias="$lte")] = None
    """This value or before it, in the order of text."""
    and_: Annotated[list[StringFilter] | None, Field(alias="$and")] = None
    """All of these conditions."""
    or_: Annotated[list[StringFilter] | None, Field(alias="$or")] = None
    """At least one of these conditions."""


Filter = Annotated[StringFilter, m.AsIs()]
"""A filter as the value of a map."""

OPERATORS = Rule("feature.filter.operators", "The server takes one operator per filter (400).", _SOURCE)
EMPTY_TEXT = Rule("feature.filter.empty_text", "The server refuses empty text in a filter (400).", _SOURCE)
UNKNOWN_OPERATOR = Rule(
    "ignored_by_server/filter_operator",
    "The server drops an operator that it does not know, and the feature counts everything.",
    _SOURCE,
)
EMPTY_FILTER = Rule(
    "ignored_by_server/filter_empty", "The server stores a filter without a condition, which filters nothing.", _SOURCE
)
EMPTY_LIST = Rule(
    "ignored_by_server/filter_list", "The server stores a condition on no values at all, unchecked.", _SOURCE
)

RULES = (OPERATORS, EMPTY_TEXT, UNKNOWN_OPERATOR, EMPTY_FILTER, EMPTY_LIST)

_INSTEAD = {
    "$contains": '`$like: "%text%"`',
    "$ncontains": '`$nlike: "%text%"`',
    "$neq": "`$ne`",
    "$not": "`$ne`",
    "$nor": "`$and` of negations",
    "$exists": '`$like: "%"`',
    "$regex": "`$like`, with `%` for any text",
}
_KNOWN = tuple(field.alias or name for name, field in StringFilter.model_fields.items())


def filter_findings(condition: StringFilter, path: Path) -> Iterator[Finding]:
    """What is wrong with one filter and with those inside it."""
    given = _given(condition)
    known = {name: value for name, value in given.items() if name in _KNOWN and value is not None}
    for name in given:
        if name not in _KNOWN:
            yield Finding(UNKNOWN_OPERATOR, (*path, name), _unknown(name), at_key=True)
    if not known and not set(given) - set(_KNOWN):
        yield Finding(EMPTY_FILTER, path, 'a filter needs a condition, such as `$eq: "value"`')
    if len(known) > 1:
        names = ", ".join(f"`{name}`" for name in known)
        yield Finding(OPERATORS, path, f"one filter has one operator, this has {names}; join them under `$and`")
    for name, value in known.items():
        yield from _operand(name, value, (*path, name))


def _operand(name: str, value: Any, path: Path) -> Iterator[Finding]:  # noqa: ANN401 - by operator
    if name in _MANY | _NESTED and not value:
        yield Finding(EMPTY_LIST, path, f"`{name}` needs at least one value")
    elif name in _NESTED:
        for index, part in enumerate(value):
            yield from filter_findings(part, (*path, index))
    elif name in _MANY:
        for index, text in enumerate(value):
            if text == "":
                yield Finding(EMPTY_TEXT, (*path, index), "an empty text matches nothing the server can filter by")
    elif value == "":
        yield Finding(EMPTY_TEXT, path, "an empty text matches nothing the server can filter by")


def _given(condition: StringFilter) -> dict[str, Any]:
    """The operators as they were written, in the model's order."""
    fields = type(condition).model_fields
    written = {
        field.alias or name: getattr(condition, name)
        for name, field in fields.items()
        if name in condition.model_fields_set
    }
    return {**written, **(condition.model_extra or {})}


def _unknown(name: str) -> str:
    instead = _INSTEAD.get(name) or (f"`${name}`" if f"${name}" in _KNOWN else "one of " + ", ".join(_KNOWN))
    return f"`{name}` is no operator of OpenMeter; write {instead}"


def normal_filter(condition: Tree) -> Tree:
    """A filter as it is compared: values of ``$in`` and ``$nin`` sorted, for their order means nothing."""
    if not isinstance(condition, Mapping):
        return condition
    return {name: _normal(name, value) for name, value in sorted(condition.items()) if value is not None}


def _normal(name: str, value: Tree) -> Tree:
    if name in _MANY and isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return sorted(set(cast("list[str]", value)))
    if name in _NESTED and isinstance(value, list | tuple):
        return [normal_filter(part) for part in value]
    return value
