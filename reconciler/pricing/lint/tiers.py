"""Tiers that bill otherwise than they read. Source: OpenMeter, tiered prices; every number is the engine's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from reconciler.kinds.kind import Finding, Rule
from reconciler.pricing.lint.charges import Charge
from reconciler.pricing.lint.words import also_costs, costs, money, units
from reconciler.pricing.money import ONE, ZERO
from reconciler.pricing.prices import Tier, TieredPrice, UnitPrice

_SOURCE = "OpenMeter rating, tiered prices"

UNSORTED = Rule(
    "money.tiers.unsorted",
    "Without usage the server bills the flat price of the tier that is written first, not of the lowest.",
    _SOURCE,
    "warning",
)
TWICE = Rule(
    "money.tiers.duplicate", "The server takes several tiers that end at 0, and bills them its own way.", _SOURCE,
    "warning",
)  # fmt: skip
CLIFF = Rule(
    "money.tiers.cliff",
    "A volume price bills all units at the tier that is reached, so the next unit can make the bill smaller.",
    _SOURCE,
    "warning",
)
FLAT_AT_ZERO = Rule(
    "money.tiers.flat_at_zero", "The flat price of the first tier is charged in every period, used or not.", _SOURCE,
    "warning",
)  # fmt: skip
ROUNDED_AWAY = Rule("money.tiers.rounded_away", "Every tier is rounded to the currency for itself.", _SOURCE, "warning")

RULES = (UNSORTED, TWICE, CLIFF, FLAT_AT_ZERO, ROUNDED_AWAY)


def check(charge: Charge) -> Iterator[Finding]:
    """Everything about the tiers of one card."""
    price = charge.price
    if not isinstance(price, TieredPrice):
        return
    ordered = price.ordered
    if price.tiers != ordered:
        yield from _unsorted(charge, price)
    yield from _twice(charge, price)
    if price.mode == "volume":
        yield from _cliffs(charge, price)
    else:
        yield from _rounded_away(charge, price)
    if price.tiers[0] is ordered[0] and ordered[0].flat:
        yield from _flat_at_zero(charge, price)


def _unsorted(charge: Charge, price: TieredPrice) -> Iterator[Finding]:
    written, right = charge.cost(), charge.priced(replace(price, tiers=price.ordered)).cost()
    if written != right:
        message = (
            f"{costs(ZERO, written, charge.currency)} as the tiers are written, and {money(right, charge.currency)} "
            "in order; write the lowest tier first"
        )
        yield Finding(UNSORTED, charge.at("price", "tiers"), message, at_key=True)


def _twice(charge: Charge, price: TieredPrice) -> Iterator[Finding]:
    at_zero = [index for index, tier in enumerate(price.tiers) if tier.up_to == 0]
    if len(at_zero) < 2:
        return
    only = tuple(tier for index, tier in enumerate(price.tiers) if index not in at_zero[1:])
    with_all, with_first = charge.cost(), charge.priced(replace(price, tiers=only)).cost()
    message = (
        f"another tier ends at 0 already; {costs(ZERO, with_all, charge.currency)} with both, "
        f"{money(with_first, charge.currency)} with the first alone"
    )
    yield Finding(TWICE, charge.at("price", "tiers", at_zero[1], "upToAmount"), message, at_key=True)


def _cliffs(charge: Charge, price: TieredPrice) -> Iterator[Finding]:
    ordered = price.ordered
    for tier, following_tier in pairwise(ordered):
        if tier.up_to is None or not _less(following_tier, tier):
            continue
        index = price.tiers.index(tier)
        last = charge.free + tier.up_to
        following = last + _step(last)
        before, after = charge.cost(last), charge.cost(following)
        if after < before:
            message = (
                f"{costs(last, before, charge.currency)}, {also_costs(following, after, charge.currency)}: more usage "
                "costs less; `mode: graduated` bills each tier's units at its own price"
            )
            yield Finding(CLIFF, charge.at("price", "tiers", index, "upToAmount"), message, at_key=True)


def _less(one: Tier, other: Tier) -> bool:
    """Whether a tier has anything cheaper than another: without that, no bill can become smaller."""
    return (one.unit or ZERO) < (other.unit or ZERO) or (one.flat or ZERO) < (other.flat or ZERO)


def _step(edge: Decimal) -> Decimal:
    """One unit, or less where the edge itself is finer."""
    exponent = edge.normalize().as_tuple().exponent
    return ONE.scaleb(min(0, exponent if isinstance(exponent, int) else 0))


def _flat_at_zero(charge: Charge, price: TieredPrice) -> Iterator[Finding]:
    first = price.ordered[0]
    at_zero = charge.cost()
    without = replace(price, tiers=(replace(first, flat=ZERO), *price.tiers[1:]))
    if charge.priced(without).cost() < at_zero:
        message = (
            f"{costs(ZERO, at_zero, charge.currency)}: this is charged without any usage; to charge it from the "
            f"first unit on, begin with a tier `upToAmount: 0` that costs 0 "
            f"({costs(ONE, _with_empty(charge, price).cost(charge.free + ONE), charge.currency)} then, "
            f"and none {money(_with_empty(charge, price).cost(), charge.currency)})"
        )
        yield Finding(FLAT_AT_ZERO, charge.at("price", "tiers", 0, "flatPrice"), message, at_key=True)


def _with_empty(charge: Charge, price: TieredPrice) -> Charge:
    return charge.priced(replace(price, tiers=(Tier(ZERO, unit=ZERO), *price.tiers)))


def _rounded_away(charge: Charge, price: TieredPrice) -> Iterator[Finding]:
    lower = ZERO
    for tier in price.ordered:
        if tier.up_to is None:
            return
        width, lower = tier.up_to - lower, tier.up_to
        if not tier.unit or tier.flat or width <= 0 or tier.unit * width >= 1:
            continue
        plain = replace(
            charge, card=replace(charge.card, price=UnitPrice(tier.unit), discounts=type(charge.card.discounts)())
        )
        if not plain.cost(width):
            index = price.tiers.index(tier)
            message = (
                f"the whole tier costs nothing: {units(width)} at {money(tier.unit, charge.currency)} round to "
                f"{money(ZERO, charge.currency)}; make the tier wider, or its price 0"
            )
            yield Finding(ROUNDED_AWAY, charge.at("price", "tiers", index, "unitPrice"), message, at_key=True)
