"""JSON whose numbers survive: a fraction is a Decimal in both directions, never a binary float."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeAlias

import simplejson

Json: TypeAlias = Any
"""Whatever JSON can say; a fraction is a Decimal."""

Doc = dict[str, Any]


class _Plain(Decimal):
    """A decimal that prints without an exponent, as the server's encoder does."""

    __slots__ = ()

    def __str__(self) -> str:
        return format(Decimal(self), "f")


def loads(text: str | bytes) -> Json:
    """Parse JSON; raises ValueError on text that is none."""
    if isinstance(text, bytes):
        text = text.decode()
    return simplejson.loads(text, use_decimal=True)


def dumps(value: Json) -> str:
    """Print JSON compactly, keeping the order of the keys."""
    return simplejson.dumps(value, use_decimal=True, separators=(",", ":"), ensure_ascii=False)


def spaced(value: Json) -> str:
    """Print JSON on one line with a blank after every comma and colon, as the database does."""
    return simplejson.dumps(value, use_decimal=True, ensure_ascii=False)


def pretty(value: Json) -> str:
    """Print JSON as the validator prints a refused value in its message."""
    return simplejson.dumps(value, use_decimal=True, indent=2, ensure_ascii=False)


def number(value: Decimal | int) -> Decimal:
    """The same number without needless zeros, which `dumps` prints without an exponent."""
    text = format(Decimal(value), "f")
    return _Plain(text.rstrip("0").rstrip(".") if "." in text else text)
