"""The five price models of a rate card. Amounts are in the major unit of the plan's or add-on's currency.

Source of every rule: OpenMeter v1, rate card prices.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from reconciler.kinds import markers as m
from reconciler.kinds.fields import Money, Quantity, problem
from reconciler.kinds.kind import Spec


def _above_zero(value: Decimal) -> Decimal:
    if value <= 0:
        raise problem("price.package.quantity", f"`{value}` units make no package; the quantity is above 0")
    return value


class FlatAmount(Spec):
    """A fixed amount of a tier."""

    type: Literal["flat"]
    """A fixed amount."""
    amount: Money
    """The amount, once per period in which the tier is entered."""


class UnitAmount(Spec):
    """An amount per unit of a tier."""

    type: Literal["unit"]
    """An amount per unit."""
    amount: Money
    """The amount of one unit."""


class Tier(Spec):
    """One tier; at least one of `flatPrice` and `unitPrice`."""

    up_to_amount: Quantity | None = None
    """The last unit of the tier, inclusive; left out on the tier without an end."""
    flat_price: Annotated[FlatAmount, m.WhenEmpty("null", on_create=True)] | None = None
    """A fixed amount for entering the tier."""
    unit_price: Annotated[UnitAmount, m.WhenEmpty("null", on_create=True)] | None = None
    """An amount per unit."""


class Commitments(Spec):
    """What a customer pays at least and at most per period."""

    type: str
    minimum_amount: Money | None = None
    """The least a customer pays per period."""
    maximum_amount: Money | None = None
    """The most a customer pays per period."""


class FlatPrice(Spec):
    """A fixed price per period."""

    type: Literal["flat"]
    """A fixed price."""
    amount: Money
    """The price."""
    payment_term: Annotated[Literal["in_advance", "in_arrears"], m.ServerDefault("in_advance")] | None = None
    """When it is billed."""


class UnitPrice(Commitments):
    """A price per unit."""

    type: Literal["unit"]
    """A price per unit."""
    amount: Money
    """The price of one unit."""


class TieredPrice(Commitments):
    """Prices that depend on how much is used."""

    type: Literal["tiered"]
    """Prices by tier."""
    mode: Literal["volume", "graduated"]
    """`volume`: all units at the price of the tier reached; `graduated`: each tier's units at its own price."""
    tiers: Annotated[list[Tier], Field(min_length=1)]
    """The tiers, lowest first; the last one has no end."""


class DynamicPrice(Commitments):
    """The metered value itself is the price, times a multiplier."""

    type: Literal["dynamic"]
    """The metered value is the price."""
    multiplier: Annotated[Quantity, m.ServerDefault("1")] | None = None
    """What the metered value is multiplied by."""


class PackagePrice(Commitments):
    """A price per started package of units."""

    type: Literal["package"]
    """A price per package."""
    amount: Money
    """The price of one package."""
    quantity_per_package: Annotated[Quantity, AfterValidator(_above_zero)]
    """How many units one package holds."""


UsagePrice = Annotated[FlatPrice | UnitPrice | TieredPrice | DynamicPrice | PackagePrice, Field(discriminator="type")]
"""The price of a usage-based rate card."""
