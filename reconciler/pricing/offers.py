"""From a plan and its add-ons, as the catalogue has them, to the subscription of a customer.

Specs are those of API v1: what a manifest says, or what the server answers. Source: OpenMeter,
``subscription/addon`` for what an add-on does to a card of the same key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from reconciler.errors import PricingError
from reconciler.kinds import durations
from reconciler.model import Tree
from reconciler.pricing.lines import Discounts
from reconciler.pricing.money import ZERO, exact, number
from reconciler.pricing.periods import duration
from reconciler.pricing.prices import FlatPrice, parse_price
from reconciler.pricing.subscriptions import Card, EndProration, Phase, Subscription

Spec = Mapping[str, Tree]


@dataclass(frozen=True, slots=True)
class Extra:
    """An add-on that a customer bought: its spec, how many, and the key of the phase from which the plan offers it.

    ``addon`` may be its cards (``cards_of``), read once for many customers.
    """

    addon: Spec | tuple[Card, ...]
    quantity: int = 1
    from_phase: str | None = None


@dataclass(frozen=True, slots=True)
class Tariff:
    """A plan that was read once, to bill any number of customers."""

    currency: str
    cadence: durations.Period
    phases: tuple[Phase, ...]
    prorate: bool = True


@exact
def tariff(plan: Spec) -> Tariff:
    """Read a plan. Raises ``PricingError`` for what cannot be billed faithfully: plans settled in credits, mistakes."""
    if plan.get("settlementMode") == "credit_only":
        raise PricingError("a plan that is settled in credits only cannot be priced: no invoice is made for its usage")
    return Tariff(
        currency=str(plan.get("currency")),
        cadence=duration(str(plan.get("billingCadence"))),
        phases=tuple(_phases(plan)),
        prorate=_prorates(plan.get("proRatingConfig")),
    )


def cards_of(addon: Spec) -> tuple[Card, ...]:
    """The cards of an add-on. Raises ``PricingError`` for a price that the server would refuse."""
    return tuple(card_of(card) for card in items(addon.get("rateCards")))


@exact
def subscribed(
    plan: Spec | Tariff,
    start: datetime,
    *,
    extras: Iterable[Extra] = (),
    anchor: datetime | None = None,
    end: datetime | None = None,
    end_proration: EndProration = "bill_actual_period",
) -> Subscription:
    """A customer on a plan since ``start``, with add-ons from the phase on in which they are offered.

    Raises ``PricingError`` for what cannot be billed faithfully: plans settled in credits, unknown currencies.
    """
    found = plan if isinstance(plan, Tariff) else tariff(plan)
    phases = found.phases
    for extra in extras:
        phases = _extended(phases, extra)
    return Subscription(
        currency=found.currency,
        cadence=found.cadence,
        phases=phases,
        start=start,
        anchor=anchor,
        end=end,
        prorate=found.prorate,
        end_proration=end_proration,
    )


def _prorates(config: Tree) -> bool:
    return not isinstance(config, Mapping) or config.get("enabled") is not False


def _phases(plan: Spec) -> Iterable[Phase]:
    after = durations.Period()
    for phase in items(plan.get("phases")):
        yield Phase(str(phase.get("key")), after, tuple(card_of(card) for card in items(phase.get("rateCards"))))
        if isinstance(length := phase.get("duration"), str):
            after = _sum(after, duration(length))


def _sum(one: durations.Period, other: durations.Period) -> durations.Period:
    """By component: a month and a day stay a month and a day."""
    names = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
    return durations.Period(**{name: getattr(one, name) + getattr(other, name) for name in names})


def card_of(spec: Spec) -> Card:
    """A rate card; its key and name default to its feature's key, as in a manifest."""
    price, cadence, feature = spec.get("price"), spec.get("billingCadence"), spec.get("featureKey")
    key = str(spec.get("key") or feature)
    return Card(
        key=key,
        name=str(spec.get("name") or key),
        price=parse_price(price) if isinstance(price, Mapping) else None,
        cadence=duration(cadence) if isinstance(cadence, str) else None,
        discounts=_discounts(spec.get("discounts")),
        feature=str(feature) if feature else None,
    )


def _discounts(spec: Tree) -> Discounts:
    found = spec if isinstance(spec, Mapping) else {}
    usage, percentage = found.get("usage"), found.get("percentage")
    return Discounts(
        number(usage.get("quantity"), "discounts.usage.quantity") if isinstance(usage, Mapping) else None,
        number(percentage.get("percentage"), "discounts.percentage") if isinstance(percentage, Mapping) else None,
    )


def items(value: Tree) -> list[Spec]:
    """The objects of a list; nothing where there is no list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def _extended(phases: tuple[Phase, ...], extra: Extra) -> tuple[Phase, ...]:
    keys = [phase.key for phase in phases]
    if extra.quantity < 1:
        raise PricingError(f"{extra.quantity} of an add-on cannot be bought")
    if extra.from_phase is not None and extra.from_phase not in keys:
        raise PricingError(f"the plan has no phase `{extra.from_phase}` from which the add-on could be offered")
    first = keys.index(extra.from_phase) if extra.from_phase is not None else 0
    cards = extra.addon if isinstance(extra.addon, tuple) else cards_of(extra.addon)
    return tuple(_with(phase, cards, extra.quantity) if at >= first else phase for at, phase in enumerate(phases))


def _with(phase: Phase, cards: Iterable[Card], quantity: int) -> Phase:
    found = {card.key: card for card in phase.cards}
    for card in cards:
        there = found.get(card.key)
        found[card.key] = _times(card, card, quantity - 1) if there is None else _times(there, card, quantity)
    return replace(phase, cards=tuple(found.values()))


def _times(card: Card, added: Card, quantity: int) -> Card:
    """A card with an add-on's card on top, so many times. The add-on's percentage discount is dropped."""
    for _ in range(quantity):
        card = replace(_with_price(card, added), discounts=_with_usage(card.discounts, added.discounts))
    return card


def _with_price(card: Card, added: Card) -> Card:
    if added.price is None:
        return card
    if card.price is None:
        return replace(card, price=added.price, cadence=card.cadence or added.cadence)
    if not (isinstance(card.price, FlatPrice) and isinstance(added.price, FlatPrice)):
        raise PricingError(f"{card.key}: only flat prices add up; the server refuses this add-on")
    return replace(card, price=replace(card.price, amount=card.price.amount + added.price.amount))


def _with_usage(one: Discounts, added: Discounts) -> Discounts:
    if added.usage is None:
        return one
    usage: Decimal = (one.usage or ZERO) + added.usage
    return replace(one, usage=usage)
