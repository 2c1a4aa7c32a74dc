"""Money for people: amounts with their currency, the difference in per cent, and small prices per 1,000 or 1M.

Amounts are in the major unit of their currency and exact: nothing here rounds but the per cent.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_TOO_SMALL = Decimal("0.01")
"""Below this one unit costs less than the smallest coin of most currencies: nobody can read it."""
_SCALES = ((1_000, "per 1,000"), (1_000_000, "per 1M"))
_READABLE = Decimal("0.1")
_COUNTLESS = 1_000_000
"""Per cent beyond which only the size matters."""


def plain(number: Decimal) -> str:
    """Without exponent and without trailing zeros."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def coins(number: Decimal) -> str:
    """With two decimals at least: ``2.00``, ``0.125``."""
    text = plain(number)
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(2, '0')}"


def share(before: Decimal | None, after: Decimal | None) -> Decimal | None:
    """By how many per cent an amount moves; None where there was nothing to compare with."""
    if before is None or after is None or before == 0:
        return None
    return _EXACT.multiply(_EXACT.divide(_EXACT.subtract(after, before), abs(before)), Decimal(100))


def percent(before: Decimal | None, after: Decimal | None) -> str:
    """``+25.0 %``; nothing where there was no price to compare with."""
    moved = share(before, after)
    if not moved:
        return ""
    if moved > _COUNTLESS:
        return f"more than +{_COUNTLESS:,} %"
    rounded = moved.quantize(Decimal("0.1"), context=_EXACT)
    return f"{rounded:+} %" if rounded else ("less than +0.1 %" if moved > 0 else "less than -0.1 %")


def scale(*numbers: Decimal | None) -> tuple[Decimal, str] | None:
    """What to multiply prices by that are too small to read for one unit, and what they are then: ``per 1M``."""
    known = [abs(number) for number in numbers if number]
    if not known or max(known) >= _TOO_SMALL:
        return None
    factor, words = next(
        ((factor, words) for factor, words in _SCALES if min(known) * factor >= _READABLE), _SCALES[-1]
    )
    return Decimal(factor), words


def scaled(before: Decimal | None, after: Decimal | None, currency: str) -> str:
    """``2.00 -> 2.50 USD per 1M (+25.0 %)`` where a unit is too small to read, else nothing."""
    found = scale(before, after)
    if found is None:
        return ""
    factor, words = found
    sides = [coins(times(number, factor)) for number in (before, after) if number is not None]
    return " ".join(part for part in (" -> ".join(sides), currency, words, _bracketed(percent(before, after))) if part)


def times(number: Decimal, factor: Decimal) -> Decimal:
    """Exactly so many times a price."""
    return _EXACT.multiply(number, factor)


def _bracketed(text: str) -> str:
    return f"({text})" if text else ""
