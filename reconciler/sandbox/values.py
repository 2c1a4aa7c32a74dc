"""Decimals, keys and optional fields, read and printed as the server does."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from reconciler.sandbox.jsontext import Doc

ULID_LENGTH: Final = 26


def is_ulid(text: str) -> bool:
    """Whether the server takes a text for an id: it only looks at length and first character.

    Source: OpenMeter v1, lookup by id or key. A 26-character key that begins with 0 to 7 is
    therefore never found by key.
    """
    return len(text) == ULID_LENGTH and text[0] in "01234567"


def print_decimal(text: str) -> str:
    """A numeric string in the server's form: no needless zeros, no exponent, no minus zero."""
    number = Decimal(text)
    if number == 0:
        return "0"
    printed = format(number, "f")
    sign, digits = ("-", printed[1:]) if printed.startswith("-") else ("", printed)
    whole, _, fraction = digits.partition(".")
    fraction = fraction.rstrip("0")
    return sign + (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")


def present(doc: Doc, names: Iterable[str]) -> Doc:
    """The named fields that the document has."""
    return {name: doc[name] for name in names if name in doc}
