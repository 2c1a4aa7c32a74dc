"""Allowances that read as free units and are none. Source: OpenMeter, entitlements and billing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from reconciler.kinds.entitlements import MeteredEntitlement
from reconciler.kinds.kind import Finding, Rule
from reconciler.pricing.lint.charges import Charge
from reconciler.pricing.lint.words import costs, number
from reconciler.pricing.prices import DynamicPrice, FlatPrice, PackagePrice, Price, TieredPrice, UnitPrice

NOT_FREE = Rule(
    "money.allowance.not_free", "An entitlement lets usage through; it never makes a unit free.", "OpenMeter rating",
    "warning",
)  # fmt: skip

RULES = (NOT_FREE,)


def check(charge: Charge) -> Iterator[Finding]:
    """An allowance whose units are charged from the first on."""
    template, price = charge.spec.entitlement_template, charge.price
    if not isinstance(template, MeteredEntitlement) or price is None or isinstance(price, FlatPrice):
        return
    allowance = template.issue_after_reset
    if not allowance or charge.free or not _charges_first_unit(price):
        return
    cost = charge.cost(allowance)
    if cost > charge.cost():
        meant = "a soft limit" if template.is_soft_limit else "a limit"
        message = (
            f"the allowance is {meant}, not free usage: {costs(allowance, cost, charge.currency)}; what is included "
            f"in the price stands under `discounts: {{usage: {{quantity: {_plain(allowance)}}}}}`"
        )
        yield Finding(NOT_FREE, charge.at("entitlementTemplate", "issueAfterReset"), message, at_key=True)


def _plain(quantity: Decimal) -> str:
    return number(quantity).replace(",", "")


def _charges_first_unit(price: Price) -> bool:
    match price:
        case UnitPrice(amount) | PackagePrice(amount) | FlatPrice(amount):
            return bool(amount)
        case DynamicPrice(multiplier):
            return bool(multiplier)
        case TieredPrice():
            return bool(next((tier.unit for tier in price.ordered if tier.up_to != 0), None))
