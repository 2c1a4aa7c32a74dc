"""Minimum and maximum that make a price something else. Source: OpenMeter, commitments."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from reconciler.kinds.kind import Finding, Rule
from reconciler.pricing.lint.charges import Charge, never_charges
from reconciler.pricing.lint.words import costs, money, units
from reconciler.pricing.money import HUNDRED, ZERO
from reconciler.pricing.prices import Commitment, FlatPrice

_SOURCE = "OpenMeter rating, commitments"
_MUCH = Decimal(1_000_000)

NOT_FREE = Rule(
    "money.minimum.not_free", "The minimum is charged on top of discounts, so what is free still costs it.", _SOURCE,
    "warning",
)  # fmt: skip
REACHED = Rule(
    "money.maximum.reached", "From the maximum on usage costs nothing, and here it is reached without any.", _SOURCE,
    "warning",
)  # fmt: skip

RULES = (NOT_FREE, REACHED)


def check(charge: Charge) -> Iterator[Finding]:
    """What the commitment of one card does to it."""
    price = charge.price
    if price is None or isinstance(price, FlatPrice) or price.commitment == Commitment():
        return
    low, high = price.commitment.minimum, price.commitment.maximum
    free = _is_free(charge)
    if high is None and not free:
        return
    at_zero, at_much = charge.cost(), charge.cost(charge.free + _MUCH)
    if high is not None and at_zero == at_much and not free:
        message = (
            f"{costs(ZERO, at_zero, charge.currency)}, and so do {units(_MUCH)}: the maximum is reached without usage"
        )
        if low and not high:
            message += f", and the minimum of {money(low, charge.currency)} is charged nevertheless"
        yield Finding(REACHED, charge.at("price", "maximumAmount"), message, at_key=True)
    elif low and at_zero and free:
        message = (
            f"usage is free here, and still {costs(ZERO, at_zero, charge.currency)}; leave `minimumAmount` out "
            "where nothing is to be paid"
        )
        yield Finding(NOT_FREE, charge.at("price", "minimumAmount"), message, at_key=True)


def _is_free(charge: Charge) -> bool:
    """Whether usage costs nothing but for the minimum."""
    return charge.card.discounts.percentage == HUNDRED or (charge.price is not None and never_charges(charge.price))
