"""The ``spec`` of a scenario, as people write it."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from reconciler.kinds import markers as m
from reconciler.kinds.fields import Description, Key, Money, problem
from reconciler.kinds.kind import Spec
from reconciler.model import Bound
from reconciler.reading.wording import describe

MAX_PERIODS = 1200
"""A hundred years of months: enough for any customer, and no run without an end."""
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_YEARS = range(1970, 3000)
_DECIMAL_TEXT = {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?$"}
_QUANTITY = {"anyOf": [{"type": "number", "minimum": 0}, _DECIMAL_TEXT]}
_BOUND = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?%?$"}]}


def _decimal(value: Any) -> Decimal | None:  # noqa: ANN401 - whatever YAML held
    match value:
        case bool():
            return None
        case int():
            return Decimal(value)
        case Decimal() if value.is_finite():
            return value
        case str() if _NUMBER.fullmatch(value):
            return Decimal(value)
        case _:
            return None


def _quantity(value: Any, which: str = "") -> Decimal:  # noqa: ANN401 - whatever YAML held
    found = _decimal(value)
    if found is None:
        raise problem("scenario.usage", f"usage{which} is a number of units, or a list of them, not {describe(value)}")
    if found < 0:
        raise problem("scenario.usage", f"usage{which} is never negative; this is {found:f}")
    return found


def _usage(value: Any) -> Decimal | tuple[Decimal, ...]:  # noqa: ANN401 - whatever YAML held
    if not isinstance(value, list):
        return _quantity(value)
    if not value:
        raise problem("scenario.usage", "a list of usage has a number for each service period; this one is empty")
    return tuple(_quantity(item, f" of service period {number}") for number, item in enumerate(value, 1))


def _bound(value: Any) -> Bound:  # noqa: ANN401 - whatever YAML held
    percent = isinstance(value, str) and value.endswith("%")
    found = _decimal(value.removesuffix("%").rstrip() if percent else value)
    if found is None:
        raise problem(
            "scenario.increase", f"an increase is an amount or a percentage such as `10%`, not {describe(value)}"
        )
    return Bound(found, percent)


def _start(value: str) -> str:
    try:
        good = _DATE.fullmatch(value) is not None and date.fromisoformat(value).year in _YEARS
    except ValueError:
        good = False
    if not good:
        raise problem("scenario.start", f"`{value}` is not a date; write it like `2026-01-31`")
    return value


Usage = Annotated[
    Any,
    BeforeValidator(_usage),
    m.DecimalText(),
    WithJsonSchema({"anyOf": [*_QUANTITY["anyOf"], {"type": "array", "minItems": 1, "items": _QUANTITY}]}),
]
Rise = Annotated[Any, BeforeValidator(_bound), m.DecimalText(), WithJsonSchema(_BOUND)]


class IncreaseSpec(Spec):
    """By how much the bill may be above another one: an amount in the plan's currency, or a percentage."""

    at_most: Rise | None = None
    """`10%` or `5.00`; `0` = it must not rise."""
    at_least: Rise | None = None
    """`1%` or `0.50`; negative = it may fall by so much."""


class ExpectSpec(Spec):
    """What the bill is to come to, over all its periods, in the plan's currency."""

    total: Money | None = None
    """Exactly so much in all."""
    lines: Annotated[dict[str, Money], Field(min_length=1)] | None = None
    """Exactly so much for each of these rate cards, by key; others are not looked at."""
    at_most: Money | None = None
    """Not more than this in all."""
    at_least: Money | None = None
    """Not less than this in all."""
    increase_vs: Annotated[dict[str, IncreaseSpec], Field(min_length=1)] | None = None
    """By how much it may be above the bill of the same customer on what is `live`, or on what a git revision says."""


class ScenarioSpec(Spec):
    """A customer, and what they are to pay."""

    description: Description | None = None
    """For people."""
    plan: Annotated[Key, m.Ref("Plan")]
    """The plan that they are on."""
    phase: Key | None = None
    """The phase that they have been in since a billing period began; the last one where left out."""
    signs_up: bool | None = None
    """`true` = they go through all phases from their first day, trials and prorated stubs included."""
    start: Annotated[str, AfterValidator(_start), WithJsonSchema({"type": "string", "format": "date"})] | None = None
    """The first day, in UTC; 2026-01-01 where left out."""
    periods: Annotated[int, Field(ge=1, le=MAX_PERIODS)] | None = None
    """How many billing periods of the plan are billed; 1 where left out."""
    addons: dict[str, Annotated[int, Field(ge=1)]] | None = None
    """How many they bought of which add-ons, from the beginning."""
    usage: dict[str, Usage] | None = None
    """Units by the key of a feature: in every service period of its card, or a list with each of them in order."""
    expect: ExpectSpec | None = None
    """What they are to pay; this makes it a price test."""
