"""Curves of the prices that a plan changes: the bill against the quantity of a feature, before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from reconciler.errors import PricingError
from reconciler.model import Address, Curve
from reconciler.planning.sides import Case, Side, Sides
from reconciler.pricing import FlatPrice, probes
from reconciler.pricing.curves import curve, grid
from reconciler.pricing.money import exact


@exact
def curves(plans: Mapping[Address, Sides]) -> tuple[Curve, ...]:
    """One curve per feature of which a price changes, from nothing to ten times its last edge.

    Of an add-on it is what one of it adds, told once whatever plans offer it. A side on which the feature has no price
    is left out; so is what cannot be billed.
    """
    found: dict[tuple[Address, str, str], Curve] = {}
    for address, both in plans.items():
        try:
            for one in _of_plan(address, both):
                found.setdefault((one.plan, one.phase, one.feature), one)
        except PricingError:
            continue  # the bills say why
    return tuple(found.values())


def _of_plan(address: Address, both: Sides) -> Iterator[Curve]:
    ends: dict[tuple[str, str], Decimal] = {}
    for (phase, _), cards in both.changed().items():
        prices = [card.price for card in cards]
        feature = next((card.feature for card in cards if card.feature), None)
        if feature is None or all(isinstance(price, FlatPrice | None) for price in prices):
            continue
        ends[phase, feature] = max(ends.get((phase, feature), Decimal(0)), *probes(*prices))
    for (phase, feature), end in ends.items():
        if phase.startswith("+"):
            key = phase.removeprefix("+")
            alone = Sides(both.before.alone(key), both.after.alone(key))
            yield replace(_curve(Address("Addon", key), alone, phase, feature, end), phase="")
        else:
            yield _curve(address, both, phase, feature, end)


def _curve(address: Address, both: Sides, phase: str, feature: str, end: Decimal) -> Curve:
    spots = {point for side in (both.before, both.after) for point in grid(side.plan, feature, Decimal(0), end)}
    quantities = tuple(sorted(spots))
    return Curve(
        address,
        phase,
        feature,
        str(both.after.plan.get("currency")),
        quantities,
        _totals(both.before, phase, feature, quantities),
        _totals(both.after, phase, feature, quantities),
    )


def _totals(side: Side, phase: str, feature: str, quantities: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    if not any(where == phase and card.feature == feature for (where, _), card in side.cards().items()):
        return ()
    customer = side.customer(Case("", {}, {}, phase))
    return tuple(point.total for point in curve(side.plan, customer, feature, quantities))
