"""Exact arithmetic for templates: whole numbers and decimals in, the same out, nothing rounded on the way.

A quotient such as 1/3 that no decimal can hold stays a fraction until ``round`` makes it one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import Any

MAX_DIGITS = 200
_MAX_BITS = 700
_MAX_POWER = 64

Number = int | Decimal | Fraction


class InexactError(ArithmeticError):
    """Arithmetic that has no exact or no reasonable result; the message says what to write."""


def operate(operator: str, left: Any, right: Any) -> Number:  # noqa: ANN401 - whatever a template computes with
    """Apply a binary operator of Jinja2. Raises ``InexactError`` for anything but numbers."""
    for side in (left, right):
        if isinstance(side, bool) or not isinstance(side, int | Decimal | Fraction):
            what = "a string" if isinstance(side, str) else f"a {type(side).__name__}"
            raise InexactError(f"`{operator}` works on numbers, not on {what}; `~` joins text")
    one, other = Fraction(left), Fraction(right)
    result = _apply(operator, one, other)
    if max(result.numerator.bit_length(), result.denominator.bit_length()) > _MAX_BITS:
        raise InexactError("the result has too many digits")
    whole = isinstance(left, int) and isinstance(right, int)
    return settle(result, whole=whole)


def _apply(operator: str, one: Fraction, other: Fraction) -> Fraction:
    if operator in ("/", "//", "%") and other == 0:
        raise InexactError("division by zero")
    match operator:
        case "+":
            return one + other
        case "-":
            return one - other
        case "*":
            return one * other
        case "/":
            return one / other
        case "//":
            return Fraction(one // other)
        case "%":
            return one % other
        case _:
            return _power(one, other)


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) > _MAX_POWER:
        raise InexactError(f"`**` takes a whole number up to {_MAX_POWER} as its exponent")
    if base == 0 and exponent < 0:
        raise InexactError("division by zero")
    return base ** int(exponent)


def settle(value: Fraction, *, whole: bool = False) -> Number:
    """The value as a whole number (if it came from such), else as an exact decimal, else as the fraction it is."""
    if whole and value.denominator == 1:
        return int(value)
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return value
    places = max(twos, fives)
    digits = value.numerator * (10**places // value.denominator)
    sign = 1 if digits < 0 else 0
    return Decimal((sign, tuple(int(digit) for digit in str(abs(digits))), -places))


def rounded(value: Any, places: Any = 0, how: Any = "half-up") -> Decimal:  # noqa: ANN401 - a filter's arguments
    """Round to so many places: ``half-up`` as on invoices, ``half-even``, ``up`` (away from 0) or ``down``."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | Fraction):
        raise InexactError("`round` takes a number")
    if not isinstance(places, int) or not -20 <= places <= 50:
        raise InexactError("`round` takes a number of places between -20 and 50")
    scaled = Fraction(value) * Fraction(10) ** places
    whole = _ROUNDINGS.get(str(how))
    if whole is None:
        raise InexactError(f"`round` knows {', '.join(_ROUNDINGS)}")
    digits = whole(scaled)
    with localcontext(Context(prec=MAX_DIGITS * 2)):
        return Decimal(digits).scaleb(-places)


def _half_up(value: Fraction) -> int:
    whole = (2 * abs(value) + 1) // 2
    return int(whole) if value >= 0 else -int(whole)


def _up(value: Fraction) -> int:
    whole = -(-abs(value) // 1)
    return int(whole) if value >= 0 else -int(whole)


def _down(value: Fraction) -> int:
    return int(value)


_ROUNDINGS: Mapping[str, Callable[[Fraction], int]] = {
    "half-up": _half_up,
    "half-even": round,
    "up": _up,
    "down": _down,
}


def whole(value: Any) -> int:  # noqa: ANN401 - a filter's argument
    """The filter ``int``: the number without its fraction."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | Fraction):
        raise InexactError("`int` takes a number")
    return int(value)


def absolute(value: Any) -> Number:  # noqa: ANN401 - a filter's argument
    """The filter ``abs``."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | Fraction):
        raise InexactError("`abs` takes a number")
    if isinstance(value, Decimal):
        return value.copy_abs()
    return -value if value < 0 else value


def negated(value: Any) -> Number:  # noqa: ANN401 - an operand
    """The sign turned, exactly."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | Fraction):
        raise InexactError("`-` works on numbers")
    if isinstance(value, Decimal):
        return value.copy_negate()
    return -value
