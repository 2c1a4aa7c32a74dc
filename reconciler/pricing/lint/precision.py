"""Amounts that a bill cannot show. Source: OpenMeter, the currency table that it rounds by, and ISO 4217."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from reconciler.kinds.currencies import FIAT
from reconciler.kinds.kind import Finding, Rule
from reconciler.model import Path
from reconciler.pricing.lint.charges import Charge
from reconciler.pricing.lint.words import costs, money
from reconciler.pricing.money import ONE, rounded
from reconciler.pricing.prices import FlatPrice, TieredPrice
from reconciler.pricing.probes import probes

_ISO = {"HUF": 2, "MGA": 2, "MRU": 2}
"""Decimals by ISO 4217 of the currencies that the server rounds otherwise."""

_TWO_DECIMALS = "EUR"

TOO_FINE = Rule(
    "money.amount.too_fine", "Amounts are rounded to the currency before they are billed.", "OpenMeter rating",
    "warning",
)  # fmt: skip
DECIMALS = Rule(
    "money.currency.decimals", "The server rounds this currency otherwise than ISO 4217 does.", "OpenMeter rating",
    "warning",
)  # fmt: skip

RULES = (TOO_FINE, DECIMALS)


def check(charge: Charge) -> Iterator[Finding]:
    """Amounts of one card that have more decimals than their currency."""
    places = FIAT[charge.currency]
    for path, amount in _amounts(charge):
        billed = rounded(amount, places)
        if billed != amount:
            decimals = f"{places} decimals" if places else "no decimals"
            message = (
                f"{money(amount, charge.currency)} is billed as {money(billed, charge.currency)}: "
                f"{charge.currency} has {decimals}"
            )
            yield Finding(TOO_FINE, charge.at(*path), message, at_key=True)


def _amounts(charge: Charge) -> Iterator[tuple[Path, Decimal]]:
    """What is billed as it stands; a price per unit is multiplied first, and may be finer."""
    price = charge.price
    if isinstance(price, FlatPrice):
        yield ("price", "amount"), price.amount
        return
    if isinstance(price, TieredPrice):
        for index, tier in enumerate(price.tiers):
            if tier.flat is not None:
                yield ("price", "tiers", index, "flatPrice", "amount"), tier.flat
    if price is not None and price.commitment.minimum is not None:
        yield ("price", "minimumAmount"), price.commitment.minimum
    if price is not None and price.commitment.maximum is not None:
        yield ("price", "maximumAmount"), price.commitment.maximum


def check_currency(currency: str, charges: Sequence[Charge]) -> Iterator[Finding]:
    """A currency whose decimals are not those of ISO, where a bill shows it."""
    if currency not in _ISO:
        return
    places = FIAT[currency]
    for charge in charges:
        for quantity in sorted({ONE, *probes(charge.price)}):
            billed, by_iso = charge.cost(quantity), charge.cost(quantity, currency=_TWO_DECIMALS)
            if billed == by_iso or (isinstance(charge.price, FlatPrice) and places == 0):
                continue
            flat = isinstance(charge.price, FlatPrice)
            said = money(billed, currency) if flat else costs(quantity, billed, currency)
            other = money(by_iso, _TWO_DECIMALS).removesuffix(f" {_TWO_DECIMALS}")
            message = (
                f"OpenMeter bills {currency} with {places or 'no'} decimals, ISO 4217 has {_ISO[currency]}: "
                f"`{charge.card.key}`: {said}, not {other}"
            )
            yield Finding(DECIMALS, ("currency",), message, at_key=True)
            return
