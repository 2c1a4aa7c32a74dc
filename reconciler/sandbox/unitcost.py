"""What one unit of a feature costs its seller: a fixed amount, or a lookup by model and token type."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from reconciler.sandbox.http import invalid
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.schema import NUMERIC, Obj, Str, Tagged
from reconciler.sandbox.values import present, print_decimal

# Dimension of the lookup: the field that names a meter's group-by key, and the one with a fixed value.
_DIMENSIONS: Final = (
    ("provider", "providerProperty", "provider"),
    ("model", "modelProperty", "model"),
    ("token_type", "tokenTypeProperty", "tokenType"),
)
_FIELDS: Final = [name for _, by_property, fixed in _DIMENSIONS for name in (by_property, fixed)]
_TOKEN_TYPES: Final = ("input", "output", "cache_read", "reasoning", "cache_write", "request", "response")

UNIT_COST: Final = Tagged(
    tag="type",
    options={
        "manual": Obj(required={"type": Str(), "amount": NUMERIC}),
        "llm": Obj(required={"type": Str()}, optional=dict.fromkeys(_FIELDS, Str())),
    },
)


def read_unit_cost(cost: Doc, meter: Doc | None) -> Doc:
    """The cost as stored; raises a Problem 400 for what the server refuses."""
    if cost["type"] == "manual":
        if Decimal(cost["amount"]) < 0:
            raise invalid("manual unit cost amount must be non-negative")
        return {"type": "manual", "amount": print_decimal(cost["amount"])}
    _check_llm(cost)
    if meter is None:
        raise invalid("LLM unit cost requires a meter to be associated with the feature")
    _check_properties(cost, meter.get("groupBy", {}))
    given = present(cost, _FIELDS)
    return {"type": "llm", **{name: value for name, value in given.items() if value}}


def _check_llm(cost: Doc) -> None:
    problems = []
    for name, by_property, fixed in _DIMENSIONS:
        if not cost.get(by_property) and not cost.get(fixed):
            problems.append(f"either {name}_property or {name} is required for LLM unit cost")
        if cost.get(by_property) and cost.get(fixed):
            problems.append(f"{name}_property and {name} are mutually exclusive")
    token_type = cost.get("tokenType")
    if token_type and token_type not in _TOKEN_TYPES:
        problems.append(f'invalid token_type "{token_type}": expected one of {", ".join(_TOKEN_TYPES)}')
    if problems:
        raise invalid("\n".join(problems))


def _check_properties(cost: Doc, group_by: Doc) -> None:
    problems = [
        f'{name}_property "{cost[by_property]}" not found in meter group-by keys'
        for name, by_property, _ in _DIMENSIONS
        if cost.get(by_property) and cost[by_property] not in group_by
    ]
    if problems:
        raise invalid("\n".join(problems))
