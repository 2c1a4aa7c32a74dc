"""What an unquoted YAML scalar means: the core schema of YAML 1.2, with exact numbers.

``NO``, ``on``, ``1:30`` and ``012`` are text; ``true``, ``null``, ``~``, ``12``, ``0x1F``, ``0o17`` and ``1.5`` are
not. A number with a fraction or an exponent is a ``Decimal`` of exactly its text: money never becomes a float.
"""

from __future__ import annotations

import re
from decimal import Decimal

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_QUOTED = re.compile(r"""\{\{\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*\}\}""", re.DOTALL)
_WORD_STARTS = frozenset("~nNtTfF")
_NUMBER_STARTS = frozenset("0123456789-+.")
_MAX_DIGITS = 200
_MAX_EXPONENT = 200


class ScalarError(ValueError):
    """A scalar that looks like a number but cannot be one."""


def resolve(text: str) -> bool | int | str | Decimal | None:
    """The value of an unquoted scalar; raises ``ScalarError`` for infinities, NaN and absurdly long numbers."""
    first = text[:1]
    if first in _NUMBER_STARTS:
        return _number(text)
    if (first in _WORD_STARTS or not first) and text in _WORDS:
        return _WORDS[text]
    return text


def _number(text: str) -> int | str | Decimal:
    if _INT.fullmatch(text):
        _bounded(text)
        return int(text)
    if _DECIMAL.fullmatch(text):
        return _decimal(text)
    if _BASED.fullmatch(text):
        _bounded(text)
        return int(text[2:], 8 if text[1] == "o" else 16)
    if _NOT_FINITE.fullmatch(text):
        raise ScalarError(f"`{text}` is not a finite number; quote it if it is text")
    return text


def _decimal(text: str) -> Decimal:
    mantissa, _, exponent = text.lower().partition("e")
    _bounded(mantissa)
    if len(exponent) > 6 or abs(int(exponent or 0)) > _MAX_EXPONENT:
        raise ScalarError(f"`{_short(text)}` is out of range; exponents go up to {_MAX_EXPONENT}")
    return Decimal(text)


def _bounded(text: str) -> None:
    if len(text) > _MAX_DIGITS:
        raise ScalarError(f"`{_short(text)}` has more than {_MAX_DIGITS} digits; quote it if it is text")


def _short(text: str) -> str:
    return text if len(text) <= 24 else text[:20] + "…"


def is_template(text: str) -> bool:
    """Whether a text has anything to render."""
    return "{{" in text or "{%" in text or "{#" in text


def is_quoted(text: str) -> bool:
    """Whether a template is nothing but one text in quotes: how a text is written that looks like a template."""
    return _QUOTED.fullmatch(text) is not None
