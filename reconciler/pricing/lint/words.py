"""Amounts, quantities and dates, as a reviewer reads them in a warning."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from reconciler.kinds.currencies import FIAT
from reconciler.pricing.lines import Period


def money(value: Decimal, currency: str) -> str:
    """``1,250.00 EUR``: the decimals of the currency at least, and as many more as the value has."""
    whole, _, fraction = f"{value:,f}".partition(".")
    fraction = fraction.rstrip("0").ljust(FIAT.get(currency, 0), "0")
    return f"{whole}.{fraction} {currency}" if fraction else f"{whole} {currency}"


def number(quantity: Decimal) -> str:
    """``1,000.5``."""
    text = f"{quantity:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def units(quantity: Decimal) -> str:
    """``1 unit``, ``1,000 units``."""
    return f"{number(quantity)} unit{'' if quantity == 1 else 's'}"


def costs(quantity: Decimal, value: Decimal, currency: str) -> str:
    """``1,000 units cost 2.50 EUR``."""
    return f"{units(quantity)} cost{'s' if quantity == 1 else ''} {money(value, currency)}"


def also_costs(quantity: Decimal, value: Decimal, currency: str) -> str:
    """The same behind another one: ``1,001 cost 2.00 EUR``."""
    return f"{number(quantity)} cost{'s' if quantity == 1 else ''} {money(value, currency)}"


def moment(at: datetime) -> str:
    """A day, and the time where it is not midnight."""
    if (at.hour, at.minute, at.second) == (0, 0, 0):
        return at.strftime("%Y-%m-%d")
    return at.strftime("%Y-%m-%d %H:%M")


def span(period: Period) -> str:
    """``2026-01-15 to 2026-02-01``; the end is not part of it."""
    return f"{moment(period.start)} to {moment(period.end)}"
