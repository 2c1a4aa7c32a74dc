"""Exact decimal arithmetic, as the server does it.

Sums and products are exact. A quotient has 16 decimal places, and an amount of money the decimals of its currency;
both are rounded half away from zero. Source: OpenMeter, ``pkg/currencyx`` and the decimal library that it uses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    Context,
    Decimal,
    getcontext,
    localcontext,
)
from functools import wraps
from typing import ParamSpec, TypeVar

from reconciler.errors import PricingError
from reconciler.kinds.currencies import FIAT

P = ParamSpec("P")
T = TypeVar("T")

ZERO, ONE, HUNDRED = Decimal(0), Decimal(1), Decimal(100)

_EXACT = Context(prec=600, rounding=ROUND_HALF_UP, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Wide enough for any product of the numbers that the API takes."""

_PLACES = Decimal(1).scaleb(-16)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def exact(function: Callable[P, T]) -> Callable[P, T]:
    """Runs a function in which sums and products of decimals lose nothing."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        here = getcontext()
        if here.prec == _EXACT.prec and here.rounding == ROUND_HALF_UP:
            return function(*args, **kwargs)  # somebody further out has switched already
        with localcontext(_EXACT):
            return function(*args, **kwargs)

    return run


def number(value: object, what: str) -> Decimal:
    """A decimal as the API takes it: digits and at most one point; raises ``PricingError`` for anything else."""
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    raise PricingError(f"{what}: `{value}` is not a decimal number; write digits and at most one point")


def divided(dividend: Decimal, divisor: Decimal) -> Decimal:
    """A quotient with 16 decimal places."""
    return (dividend / divisor).quantize(_PLACES)


def subunits(currency: str) -> int:
    """How many decimals an amount of this currency has; raises ``PricingError`` for one that cannot be billed."""
    if currency not in FIAT:
        raise PricingError(f"`{currency}` is no currency that OpenMeter can bill; use an ISO-4217 code such as USD")
    return FIAT[currency]


def rounded(amount: Decimal, places: int) -> Decimal:
    """An amount with so many decimals."""
    return amount.quantize(ONE.scaleb(-places))


def upwards(value: Decimal, places: int = 0) -> Decimal:
    """The next number with so many decimals that is not smaller."""
    return value.quantize(ONE.scaleb(-places), ROUND_CEILING)


def downwards(value: Decimal, places: int = 0) -> Decimal:
    """The next number with so many decimals that is not greater."""
    return value.quantize(ONE.scaleb(-places), ROUND_FLOOR)


def text(value: Decimal) -> str:
    """A decimal as the API prints it: no exponent, no trailing zeros."""
    shown = f"{value:f}"
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return "0" if shown in ("-0", "") else shown
