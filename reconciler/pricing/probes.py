"""Quantities at which a price is worth looking at, for plans without scenarios: nothing, and every edge."""

from __future__ import annotations

from decimal import Decimal

from reconciler.pricing.money import ONE, ZERO
from reconciler.pricing.prices import DynamicPrice, FlatPrice, PackagePrice, Price, TieredPrice

_WITHOUT_EDGE = Decimal(1000)
"""A unit price has no edge; a thousand units are easy to read."""

_TIMES = (ONE, Decimal(2), Decimal(10))


def edges(price: Price) -> tuple[Decimal, ...]:
    """Where a price changes: the ends of its tiers, the size of its package; ascending."""
    match price:
        case TieredPrice(_, tiers):
            return tuple(sorted({tier.up_to for tier in tiers if tier.up_to}))
        case PackagePrice(_, size):
            return (size,)
        case _:
            return ()


def probes(*prices: Price | None) -> tuple[Decimal, ...]:
    """Quantities to compare prices at: 0, and once, twice and ten times each edge; ascending.

    A flat price has only 0.
    """
    found = {edge for price in prices if price is not None for edge in edges(price)}
    if not found and any(price is not None and not isinstance(price, FlatPrice) for price in prices):
        found = {Decimal(100)} if any(isinstance(price, DynamicPrice) for price in prices) else {_WITHOUT_EDGE}
    return tuple(sorted({ZERO, *(edge * times for edge in found for times in _TIMES)}))
