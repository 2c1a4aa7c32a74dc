"""Rate cards: what plans and add-ons are made of. Source of every rule: OpenMeter v1, rate cards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, Field

from reconciler.kinds import markers as m
from reconciler.kinds.entitlements import Entitlement
from reconciler.kinds.fields import IsoDuration, Key, Metadata, Name, Number, Quantity, problem
from reconciler.kinds.kind import Spec
from reconciler.kinds.prices import FlatPrice, UsagePrice
from reconciler.kinds.taxes import TaxConfig
from reconciler.model import Tree

_HUNDRED = 100


def _percentage(value: Any) -> Any:  # noqa: ANN401 - a Decimal by now
    if not 0 <= value <= _HUNDRED:
        raise problem("discount.percentage", f"`{value}` is not a percentage between 0 and 100")
    return value


class PercentageDiscount(Spec):
    """A part off every line."""

    percentage: Annotated[Number, AfterValidator(_percentage)]
    """0 to 100."""


class UsageDiscount(Spec):
    """Units that are free in every period."""

    quantity: Quantity
    """How many units are free."""


class Discounts(Spec):
    """What comes off a price."""

    percentage: PercentageDiscount | None = None
    """A part off every line."""
    usage: UsageDiscount | None = None
    """Units that are free in every period."""


class _Card(Spec):
    type: str
    key: Key | None = None
    """Unique in its phase; the feature's key where left out."""
    name: Name | None = None
    """Display name; the feature's name where left out."""
    description: Annotated[str, Field(max_length=1024)] | None = None
    """For people."""
    feature_key: Annotated[Key, m.Ref("Feature")] | None = None
    """The feature that is priced or granted."""
    entitlement_template: Entitlement | None = None
    """What a subscriber may use."""
    tax_config: TaxConfig | None = None
    """How it is taxed."""
    discounts: Discounts | None = None
    """What comes off the price."""
    metadata: Metadata | None = None
    """Free key-value pairs of your own."""


class FlatFeeCard(_Card):
    """A fixed fee, or an entitlement without a price."""

    type: Literal["flat_fee"]
    """A fixed fee."""
    billing_cadence: Annotated[IsoDuration, m.WhenEmpty("null", on_create=True)] | None = None
    """How often it is billed; `null` = once."""
    price: Annotated[FlatPrice, m.WhenEmpty("null", on_create=True)] | None = None
    """The fee; left out or `null` = none."""


class UsageBasedCard(_Card):
    """A price for usage."""

    type: Literal["usage_based"]
    """A price for usage."""
    billing_cadence: IsoDuration
    """How often usage is billed."""
    price: Annotated[UsagePrice, m.WhenEmpty("null", on_create=True)] | None = None
    """The price; `null` = free."""


RateCard = Annotated[FlatFeeCard | UsageBasedCard, Field(discriminator="type")]
"""A rate card."""

RateCards = Annotated[list[RateCard], m.Keyed("key")]
"""Rate cards, told apart by key; their order means nothing."""


def complete_card(card: Mapping[str, Tree], feature_name: Callable[[str], str | None]) -> dict[str, Tree]:
    """A card with what its feature and its own cadence imply."""
    filled = dict(card)
    feature = card.get("featureKey")
    if isinstance(feature, str):
        filled["key"] = card.get("key") or feature
        if not card.get("name") and (name := feature_name(feature)):
            filled["name"] = name
    template, cadence = card.get("entitlementTemplate"), card.get("billingCadence")
    if isinstance(template, Mapping) and template.get("type") == "metered" and cadence:
        filled["entitlementTemplate"] = {**template, "usagePeriod": template.get("usagePeriod") or cadence}
    return filled


def complete_cards(cards: Tree, feature_name: Callable[[str], str | None]) -> list[Tree]:
    """Every card of a list, completed."""
    return [
        complete_card(card, feature_name) if isinstance(card, Mapping) else card
        for card in cast("list[Tree]", cards or [])
    ]


def simplify_card(card: Mapping[str, Tree], feature_name: Callable[[str], str | None]) -> dict[str, Tree]:
    """A canonical card without what its feature and cadence imply, and with the nulls that a manifest has to say."""
    plain = dict(card)
    feature = card.get("featureKey")
    if isinstance(feature, str):
        plain.pop("key", None)
        if card.get("name") == feature_name(feature):
            plain.pop("name", None)
    template = card.get("entitlementTemplate")
    if isinstance(template, Mapping) and template.get("usagePeriod") == card.get("billingCadence"):
        plain["entitlementTemplate"] = {name: value for name, value in template.items() if name != "usagePeriod"}
    if card.get("type") == "usage_based":
        plain.setdefault("price", None)
    elif "price" in plain:
        plain.setdefault("billingCadence", None)
    return plain


def simplify_cards(cards: Tree, feature_name: Callable[[str], str | None]) -> list[Tree]:
    """Every card of a list, simplified."""
    found = cast("list[Tree]", cards or [])
    return [simplify_card(card, feature_name) if isinstance(card, Mapping) else card for card in found]


_CARD = (
    "type", "key", "name", "description", "featureKey", "billingCadence", "price", "entitlementTemplate",
    "taxConfig", "discounts", "metadata",
)  # fmt: skip


def card_from_wire(card: Tree) -> Tree:
    """The part of a live card that a manifest can hold."""
    if not isinstance(card, Mapping):
        return card
    return {name: card[name] for name in _CARD if card.get(name) is not None}
