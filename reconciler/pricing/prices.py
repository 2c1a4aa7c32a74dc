"""The price models of API v1, as values that can be rated.

``parse_price`` takes what a rate card holds under ``price``, as a manifest or the API has it. Amounts are in the plan's
currency, not in its smallest unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from reconciler.errors import PricingError
from reconciler.model import Tree
from reconciler.pricing.money import ONE, ZERO, number

PaymentTerm = Literal["in_advance", "in_arrears"]
TierMode = Literal["graduated", "volume"]


@dataclass(frozen=True, slots=True)
class Commitment:
    """The least and the most that a line comes to, whatever the usage. Never prorated."""

    minimum: Decimal | None = None
    maximum: Decimal | None = None


@dataclass(frozen=True, slots=True)
class FlatPrice:
    """A fee, whatever the usage. Without a payment term it is charged in advance."""

    amount: Decimal
    payment_term: PaymentTerm = "in_advance"


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """So much for every unit."""

    amount: Decimal
    commitment: Commitment = Commitment()


@dataclass(frozen=True, slots=True)
class DynamicPrice:
    """The metered value is an amount of money; ``multiplier`` marks it up."""

    multiplier: Decimal = ONE
    commitment: Commitment = Commitment()


@dataclass(frozen=True, slots=True)
class PackagePrice:
    """So much for every package of ``size`` units that was opened."""

    amount: Decimal
    size: Decimal
    commitment: Commitment = Commitment()


@dataclass(frozen=True, slots=True)
class Tier:
    """Up to and including ``up_to`` units (None: no end): a price for each unit, a fee for the tier, or both."""

    up_to: Decimal | None
    unit: Decimal | None = None
    flat: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TieredPrice:
    """``graduated``: each unit at the price of its own tier. ``volume``: all units at the price of the last one's.

    ``tiers`` are as they were written; ``ordered`` is how the server counts them.
    """

    mode: TierMode
    tiers: tuple[Tier, ...]
    commitment: Commitment = Commitment()

    @property
    def ordered(self) -> tuple[Tier, ...]:
        """By upper bound, the open one last; equal ones as they were written."""
        return tuple(sorted(self.tiers, key=lambda tier: (tier.up_to is None, tier.up_to or ZERO)))


UsagePrice = UnitPrice | DynamicPrice | PackagePrice | TieredPrice
Price = FlatPrice | UsagePrice


def parse_price(price: Mapping[str, Tree]) -> Price:
    """Read a price; raises ``PricingError`` for one that the server would refuse."""
    match price.get("type"):
        case "flat":
            return FlatPrice(_amount(price), _term(price))
        case "unit":
            return UnitPrice(_amount(price), _commitment(price))
        case "dynamic":
            multiplier = _not_negative(price, "multiplier")
            return DynamicPrice(ONE if multiplier is None else multiplier, _commitment(price))
        case "package":
            return PackagePrice(_amount(price), _size(price), _commitment(price))
        case "tiered":
            return TieredPrice(_mode(price), _tiers(price), _commitment(price))
        case other:
            raise PricingError(f"price.type: `{other}` cannot be rated; one of flat, unit, dynamic, package, tiered")


def _amount(price: Mapping[str, Tree]) -> Decimal:
    amount = _not_negative(price, "amount")
    if amount is None:
        raise PricingError("price.amount: missing")
    return amount


def _not_negative(price: Mapping[str, Tree], name: str) -> Decimal | None:
    value = price.get(name)
    if value is None:
        return None
    found = number(value, f"price.{name}")
    if found < 0:
        raise PricingError(f"price.{name}: {found} is negative")
    return found


def _term(price: Mapping[str, Tree]) -> PaymentTerm:
    match price.get("paymentTerm"):
        case "in_arrears":
            return "in_arrears"
        case None | "in_advance":
            return "in_advance"
        case other:
            raise PricingError(f"price.paymentTerm: `{other}` is neither in_advance nor in_arrears")


def _commitment(price: Mapping[str, Tree]) -> Commitment:
    low, high = _not_negative(price, "minimumAmount"), _not_negative(price, "maximumAmount")
    if low and high and low > high:
        raise PricingError(f"price.minimumAmount: {low} is more than maximumAmount, {high}")
    return Commitment(low, high)


def _size(price: Mapping[str, Tree]) -> Decimal:
    size = _not_negative(price, "quantityPerPackage")
    if not size:
        raise PricingError("price.quantityPerPackage: a package holds more than 0 units")
    return size


def _mode(price: Mapping[str, Tree]) -> TierMode:
    match price.get("mode"):
        case "graduated":
            return "graduated"
        case "volume":
            return "volume"
        case other:
            raise PricingError(f"price.mode: `{other}` is neither graduated nor volume")


def _tiers(price: Mapping[str, Tree]) -> tuple[Tier, ...]:
    written = price.get("tiers")
    if not isinstance(written, Sequence) or isinstance(written, str) or not written:
        raise PricingError("price.tiers: at least one tier is needed")
    tiers = tuple(_tier(tier, f"price.tiers[{index}]") for index, tier in enumerate(written))
    ends = [tier.up_to for tier in tiers if tier.up_to]
    if len(set(ends)) != len(ends):
        raise PricingError("price.tiers: several tiers have the same upToAmount")
    if all(tier.up_to is not None for tier in tiers):
        raise PricingError("price.tiers: every tier ends; leave out `upToAmount` in the last one")
    return tiers


def _tier(tier: Tree, where: str) -> Tier:
    if not isinstance(tier, Mapping):
        raise PricingError(f"{where}: not a tier")
    end = tier.get("upToAmount")
    unit, flat = (_part(tier.get(name), f"{where}.{name}") for name in ("unitPrice", "flatPrice"))
    if unit is None and flat is None:
        raise PricingError(f"{where}: neither a unitPrice nor a flatPrice")
    up_to = None if end is None else number(end, f"{where}.upToAmount")
    if up_to is not None and up_to < 0:
        raise PricingError(f"{where}.upToAmount: {up_to} is negative")
    return Tier(up_to, unit, flat)


def _part(part: Tree, where: str) -> Decimal | None:
    if part is None:
        return None
    if not isinstance(part, Mapping):
        raise PricingError(f"{where}: not a price")
    amount = number(part.get("amount"), f"{where}.amount")
    if amount < 0:
        raise PricingError(f"{where}.amount: {amount} is negative")
    return amount
