"""The cards of a plan or an add-on as what they cost: the declared models, read into what the engine rates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache, singledispatch

from reconciler.kinds import durations
from reconciler.kinds import prices as declared
from reconciler.kinds.addon import AddonSpec
from reconciler.kinds.plan import PlanSpec
from reconciler.kinds.ratecards import FlatFeeCard, UsageBasedCard
from reconciler.model import Path
from reconciler.pricing.lines import Discounts, Line
from reconciler.pricing.money import ONE, ZERO
from reconciler.pricing.prices import (
    Commitment,
    DynamicPrice,
    FlatPrice,
    PackagePrice,
    Price,
    Tier,
    TieredPrice,
    UnitPrice,
)
from reconciler.pricing.rating import rate
from reconciler.pricing.subscriptions import Card

CardSpec = FlatFeeCard | UsageBasedCard


@dataclass(frozen=True, slots=True)
class Charge:
    """One card: where it stands, as it was declared, and as it is rated. ``phase`` None: a card of an add-on."""

    path: Path
    spec: CardSpec
    card: Card
    currency: str
    phase: int | None = None

    @property
    def price(self) -> Price | None:
        """What is rated."""
        return self.card.price

    @property
    def free(self) -> Decimal:
        """How many units are free in a period."""
        return self.card.discounts.usage or ZERO

    def at(self, *path: str | int) -> Path:
        """A path below the card."""
        return (*self.path, *path)

    def cost(self, quantity: Decimal = ZERO, *, currency: str | None = None) -> Decimal:
        """What so many units cost in one whole period; raises ``PricingError``."""
        if self.card.price is None:
            return ZERO
        line = Line(
            self.card.name,
            self.card.price,
            currency or self.currency,
            quantity,
            discounts=self.card.discounts,
            feature=self.card.feature or self.card.key,
        )
        return rate(line).totals.total

    def priced(self, price: Price) -> Charge:
        """The same card with another price."""
        return replace(self, card=replace(self.card, price=price))


def of_plan(plan: PlanSpec) -> tuple[Charge, ...]:
    """The cards of all phases."""
    found: list[Charge] = []
    for index, phase in enumerate(plan.phases):
        found += _charges(phase.rate_cards, ("phases", index, "rateCards"), plan.currency, index)
    return tuple(found)


def of_addon(addon: AddonSpec) -> tuple[Charge, ...]:
    """The cards of an add-on."""
    return tuple(_charges(addon.rate_cards, ("rateCards",), addon.currency, None))


def _charges(cards: Sequence[CardSpec], at: Path, currency: str, phase: int | None) -> Iterator[Charge]:
    for index, spec in enumerate(cards):
        yield Charge((*at, index), spec, _card(spec), currency, phase)


_duration = lru_cache(durations.Period.parse)
"""A catalogue has thousands of cards and a handful of cadences."""


def _card(spec: CardSpec) -> Card:
    key = spec.key or spec.feature_key or ""
    cadence = _duration(spec.billing_cadence) if spec.billing_cadence is not None else None
    price = None if spec.price is None else read_price(spec.price)
    return Card(key, spec.name or key, price, cadence, _discounts(spec), spec.feature_key)


def _discounts(spec: CardSpec) -> Discounts:
    found = spec.discounts
    if found is None:
        return Discounts()
    return Discounts(
        found.usage.quantity if found.usage else None, found.percentage.percentage if found.percentage else None
    )


@singledispatch
def read_price(price: object) -> Price:
    """A declared price as a value that can be rated."""
    raise TypeError(type(price))


@read_price.register
def _(price: declared.FlatPrice) -> Price:
    return FlatPrice(price.amount, price.payment_term or "in_advance")


@read_price.register
def _(price: declared.UnitPrice) -> Price:
    return UnitPrice(price.amount, _commitment(price))


@read_price.register
def _(price: declared.DynamicPrice) -> Price:
    return DynamicPrice(ONE if price.multiplier is None else price.multiplier, _commitment(price))


@read_price.register
def _(price: declared.PackagePrice) -> Price:
    return PackagePrice(price.amount, price.quantity_per_package, _commitment(price))


@read_price.register
def _(price: declared.TieredPrice) -> Price:
    tiers = tuple(
        Tier(
            tier.up_to_amount,
            tier.unit_price.amount if tier.unit_price else None,
            tier.flat_price.amount if tier.flat_price else None,
        )
        for tier in price.tiers
    )
    return TieredPrice(price.mode, tiers, _commitment(price))


def _commitment(price: declared.Commitments) -> Commitment:
    return Commitment(price.minimum_amount, price.maximum_amount)


def never_charges(price: Price) -> bool:
    """Whether the amounts of a price are all 0, commitments not counted."""
    match price:
        case FlatPrice(amount) | UnitPrice(amount) | PackagePrice(amount):
            return not amount
        case DynamicPrice(multiplier):
            return not multiplier
        case TieredPrice(_, tiers):
            return not any(tier.unit or tier.flat for tier in tiers)
