"""The field types that several kinds share: their grammar, their limits, and what to write instead.

Each validator raises ``PydanticCustomError(rule_id, message)``: the manifest room turns it into a problem with that
rule id at the value's place. Grammar and limits are those of the OpenMeter v1 OpenAPI document unless said otherwise.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from reconciler.kinds import markers as m
from reconciler.kinds.currencies import FIAT
from reconciler.kinds.durations import Period

KEY = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
"""Keys of meters, features, plans, add-ons, phases and rate cards (and ours)."""

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_NUMERIC = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def problem(rule: str, message: str) -> PydanticCustomError:
    """A validation error that carries the id of its rule."""
    return PydanticCustomError(rule, message)


def check_key(value: str) -> str:
    """The key grammar: lower-case letters and digits in groups joined by single underscores, 1 to 64 long."""
    if not KEY.fullmatch(value):
        hint = suggest_key(value)
        also = f"; write `{hint}`" if hint else ""
        raise problem("value.key", f"`{value}` is not a key: lower-case letters and digits, joined by `_`{also}")
    if len(value) > 64:
        raise problem("value.key", f"a key has at most 64 characters, this one has {len(value)}")
    return value


def suggest_key(value: str) -> str:
    """The nearest valid key, or nothing."""
    return "_".join(re.findall(r"[a-z0-9]+", value.lower()))[:64].strip("_")


def _decimal(value: Any) -> Decimal:  # noqa: ANN401 - whatever YAML held
    """An exact decimal from quoted or unquoted text; never from a binary float."""
    match value:
        case bool():
            raise problem("value.decimal", "a boolean is not a number")
        case int():
            return Decimal(value)
        case Decimal() if value.is_finite():
            return value
        case str() if _NUMERIC.fullmatch(value):
            return Decimal(value)
        case _:
            raise problem("value.decimal", f"`{value}` is not a decimal number; write it like `0.0025`")


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise problem("value.negative", f"`{value}` is negative; the server refuses amounts below 0")
    return value


def _currency(value: str) -> str:
    if value not in FIAT:
        upper = value.upper()
        also = f"; did you mean `{upper}`?" if upper in FIAT else ""
        raise problem("value.currency", f"`{value}` is not an ISO-4217 currency code that OpenMeter knows{also}")
    return value


def _duration(value: str) -> str:
    try:
        Period.parse(value)
    except ValueError as error:
        raise problem("value.duration", str(error)) from None
    return value


def _instant(value: str) -> str:
    if not _INSTANT.fullmatch(value):
        raise problem("value.instant", f"`{value}` is not an RFC 3339 instant; write it like `2027-01-01T00:00:00Z`")
    try:
        datetime.fromisoformat(_INSTANT.sub(r"\1", value))
    except ValueError as error:
        raise problem("value.instant", f"`{value}` is not an instant: {error}") from None
    return value


def _metadata_value(value: Any) -> Any:  # noqa: ANN401 - whatever YAML held
    if isinstance(value, bool | int | Decimal):
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        raise problem("value.text", f'metadata values are text; quote it: `"{shown}"`')
    return value


def _our_prefix(value: dict[str, str]) -> dict[str, str]:
    taken = sorted(key for key in value if key.startswith("reconciler."))
    if taken:
        raise problem("metadata.reserved", f"`{taken[0]}`: metadata keys beginning with `reconciler.` are ours")
    return value


Key = Annotated[str, AfterValidator(check_key), Field(json_schema_extra={"pattern": f"^{KEY.pattern}$"}, max_length=64)]
"""A key of the API."""

Name = Annotated[str, Field(min_length=1, max_length=256)]
"""A display name, 1 to 256 characters."""

Description = Annotated[str, Field(max_length=1024), m.WhenEmpty("text")]
"""A description, at most 1024 characters."""

Metadata = Annotated[
    dict[str, Annotated[str, BeforeValidator(_metadata_value)]], AfterValidator(_our_prefix), m.WhenEmpty("map")
]
"""Free key-value pairs of the user's own."""

Numeric = Annotated[Decimal, BeforeValidator(_decimal), m.DecimalText()]
"""An exact quantity."""

Quantity = Annotated[Decimal, BeforeValidator(_decimal), AfterValidator(_not_negative), m.DecimalText()]
"""An exact quantity, not below 0."""

Money = Annotated[Decimal, BeforeValidator(_decimal), AfterValidator(_not_negative), m.DecimalText(money=True)]
"""An exact amount in the major unit of the object's currency, not below 0."""

Number = Annotated[Decimal, BeforeValidator(_decimal), m.DecimalNumber()]
"""An exact number that the API writes as a JSON number."""

Currency = Annotated[str, AfterValidator(_currency)]
"""An ISO-4217 currency code."""

IsoDuration = Annotated[str, AfterValidator(_duration), m.Duration()]
"""An ISO-8601 duration such as ``P1M`` or ``PT1H``."""

Timestamp = Annotated[str, AfterValidator(_instant), m.Instant()]
"""An RFC 3339 instant, with its offset."""
