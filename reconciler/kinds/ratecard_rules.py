"""What the server refuses in a rate card, checked offline. Source: OpenMeter v1, rate cards, when written or published.

Paths begin at the list that holds the cards; the caller puts its own in front.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from reconciler.kinds.billing_workflow import CUSTOM_TAX
from reconciler.kinds.durations import Period
from reconciler.kinds.entitlements import MeteredEntitlement
from reconciler.kinds.feature import FeatureSpec
from reconciler.kinds.kind import Catalogue, Finding, Rule
from reconciler.kinds.prices import Commitments, FlatPrice, TieredPrice
from reconciler.kinds.ratecards import FlatFeeCard, UsageBasedCard
from reconciler.kinds.taxes import TaxConfig
from reconciler.model import Path

_WRITE, _PUBLISH = "OpenMeter v1, rate cards", "OpenMeter v1, plan and add-on publish"

KEY_MISSING = Rule("card.key.required", "A card is told apart by its key.", _WRITE)
NAME_MISSING = Rule("card.name.required", "The API requires a name.", _WRITE)
KEY_IS_FEATURE = Rule("card.key.feature", "The server refuses a card whose key is not its feature's.", _WRITE)
DUPLICATE_KEY = Rule("card.key.duplicate", "Two cards of one phase cannot have the same key.", _WRITE)
PRICE_SILENT = Rule(
    "card.price.silent", "A usage-based card without a price is free; that has to be said.", "manifest language"
)
CADENCE_SILENT = Rule(
    "card.billing_cadence.silent", "A priced flat fee without a cadence is charged once; that has to be said.",
    "manifest language",
)  # fmt: skip
CADENCE_SHORT = Rule("card.billing_cadence.short", "A billing cadence is an hour or longer.", _PUBLISH)
DISCOUNT_FREE = Rule("card.discounts.no_price", "A discount needs a price.", _WRITE)
DISCOUNT_FLAT = Rule("card.discounts.usage_flat", "Free units need a price per unit.", _PUBLISH)
NO_FEATURE = Rule("card.price.no_feature", "A usage price needs a feature.", _PUBLISH)
NO_METER = Rule("card.price.no_meter", "A usage price needs a feature that a meter measures.", _PUBLISH)
COMMITMENTS = Rule("price.commitments.order", "The minimum cannot be above the maximum.", _WRITE)
OPEN_END = Rule("price.tiers.open_end", "The server refuses a tiered price whose every tier ends.", _WRITE)
OPEN_TWICE = Rule(
    "price.tiers.open_twice", "Of several tiers without an end the server uses the first.", _WRITE, "warning"
)
TIER_EMPTY = Rule("price.tiers.no_price", "A tier needs a flat price or a unit price.", _WRITE)
TIER_TWICE = Rule("price.tiers.duplicate", "Two tiers cannot end at the same amount.", _WRITE)
TIER_ORDER = Rule(
    "price.tiers.order", "With no usage the server bills the first tier as written, not the lowest.",
    "OpenMeter rating", "warning",
)  # fmt: skip
ENTITLEMENT_FEATURE = Rule("entitlement.no_feature", "An entitlement is for a feature.", _PUBLISH)
ENTITLEMENT_ALLOWANCE = Rule("entitlement.issue_after_reset.required", "The server refuses to publish it.", _PUBLISH)
ENTITLEMENT_PRIORITY = Rule("entitlement.priority.no_allowance", "A priority is of an allowance.", _WRITE)
ENTITLEMENT_PERIOD = Rule("entitlement.usage_period.required", "A metered entitlement resets every so often.", _WRITE)
PERIOD_SHORT = Rule("entitlement.usage_period.short", "A usage period is an hour or longer.", _WRITE)
ENTITLEMENT_METER = Rule(
    "entitlement.metered.no_meter",
    "The server publishes it, and then nothing counts against the allowance.",
    _WRITE,
    "warning",
)
TAX_TWICE = Rule(
    "ignored_by_server/stripe_code",
    "Beside `taxCodeId` the server replaces `stripe` by what that tax code says.",
    _WRITE,
    "warning",
)

RULES = (
    *(KEY_MISSING, NAME_MISSING, KEY_IS_FEATURE, DUPLICATE_KEY, PRICE_SILENT, CADENCE_SILENT, CADENCE_SHORT),
    *(DISCOUNT_FREE, DISCOUNT_FLAT, NO_FEATURE, NO_METER, COMMITMENTS, OPEN_END, OPEN_TWICE, TIER_EMPTY, TIER_TWICE),
    *(TIER_ORDER, ENTITLEMENT_FEATURE, ENTITLEMENT_ALLOWANCE, ENTITLEMENT_PRIORITY, ENTITLEMENT_PERIOD, PERIOD_SHORT),
    *(ENTITLEMENT_METER, CUSTOM_TAX, TAX_TWICE),
)

Card = FlatFeeCard | UsageBasedCard


def key_of(card: Card) -> str | None:
    """The key that the server will know the card by."""
    return card.key or card.feature_key


def check_cards(cards: Sequence[Card], catalogue: Catalogue) -> Iterator[Finding]:
    """Every finding in a list of cards; a path begins with the card's index."""
    seen: dict[str, int] = {}
    for index, card in enumerate(cards):
        for finding in _card(card, catalogue):
            yield _under((index,), finding)
        key = key_of(card)
        if key in seen:
            yield Finding(DUPLICATE_KEY, (index, "key"), f"another card of this phase is called `{key}` already")
        elif key is not None:
            seen[key] = index


def _under(path: Path, finding: Finding) -> Finding:
    return Finding(
        finding.rule, (*path, *finding.path), finding.message, at_key=finding.at_key, publish_only=finding.publish_only
    )


def _card(card: Card, catalogue: Catalogue) -> Iterator[Finding]:
    yield from _names(card)
    yield from _cadence(card)
    yield from _discounts(card)
    if isinstance(card, UsageBasedCard):
        yield from _usage(card, catalogue)
    if isinstance(card.price, Commitments):
        yield from _commitments(card.price)
    if isinstance(card.price, TieredPrice):
        yield from _tiers(card.price)
    yield from _entitlement(card, catalogue)
    yield from _taxes(card.tax_config)


def _names(card: Card) -> Iterator[Finding]:
    if key_of(card) is None:
        yield Finding(KEY_MISSING, (), "this card has neither `key` nor `featureKey`; give it a `key`")
    elif card.feature_key is not None and card.key not in (None, card.feature_key):
        yield Finding(
            KEY_IS_FEATURE, ("key",), f"a card with `featureKey: {card.feature_key}` has that key; leave `key` out"
        )
    if card.name is None and card.feature_key is None:
        yield Finding(NAME_MISSING, (), "this card needs a `name`: it has no feature to take one from")


def _cadence(card: Card) -> Iterator[Finding]:
    if isinstance(card, FlatFeeCard) and card.price is not None and "billing_cadence" not in card.model_fields_set:
        yield Finding(
            CADENCE_SILENT,
            ("price",),
            "this fee does not say how often: write `billingCadence: P1M`, or `billingCadence: null` to charge it once",
            at_key=True,
        )
    if card.billing_cadence is not None and not Period.parse(card.billing_cadence).at_least_an_hour():
        message = f"`{card.billing_cadence}` is shorter than an hour"
        yield Finding(CADENCE_SHORT, ("billingCadence",), message, publish_only=True)


def _discounts(card: Card) -> Iterator[Finding]:
    if card.discounts is None or not (card.discounts.percentage or card.discounts.usage):
        return
    if card.price is None:
        yield Finding(DISCOUNT_FREE, ("discounts",), "there is no price to take this off", at_key=True)
    elif card.discounts.usage is not None and isinstance(card.price, FlatPrice):
        message = "a flat price has no units to give away; use `percentage`, or another price"
        yield Finding(DISCOUNT_FLAT, ("discounts", "usage"), message, at_key=True, publish_only=True)


def _usage(card: UsageBasedCard, catalogue: Catalogue) -> Iterator[Finding]:
    if card.price is None:
        if "price" not in card.model_fields_set:
            message = "this card does not say what usage costs: write a `price`, or `price: null` to make it free"
            yield Finding(PRICE_SILENT, (), message)
        return
    if isinstance(card.price, FlatPrice):
        return
    if card.feature_key is None:
        message = "usage of what? name the feature with `featureKey`"
        yield Finding(NO_FEATURE, ("price",), message, at_key=True, publish_only=True)
        return
    if _has_no_meter(card.feature_key, catalogue):
        message = f"the feature `{card.feature_key}` has no meter, so its usage cannot be priced"
        yield Finding(NO_METER, ("featureKey",), message, publish_only=True)


def _has_no_meter(feature_key: str, catalogue: Catalogue) -> bool:
    """Whether the feature is known to have none."""
    feature = catalogue.spec("Feature", feature_key)
    return isinstance(feature, FeatureSpec) and feature.meter_slug is None


def _commitments(price: Commitments) -> Iterator[Finding]:
    low, high = price.minimum_amount, price.maximum_amount
    if low and high and low > high:
        yield Finding(COMMITMENTS, ("price", "minimumAmount"), f"the minimum {low} is above the maximum {high}")


def _tiers(price: TieredPrice) -> Iterator[Finding]:
    ends = [tier.up_to_amount for tier in price.tiers]
    opens = [index for index, end in enumerate(ends) if end is None]
    last = len(ends) - 1
    if not opens:
        message = "the last tier has no end: leave out its `upToAmount`"
        yield Finding(OPEN_END, ("price", "tiers", last, "upToAmount"), message, at_key=True)
    for index in opens[1:]:
        yield Finding(
            OPEN_TWICE, ("price", "tiers", index), "an earlier tier has no end either; this one is never used"
        )
    yield from _ends(ends)
    for index, tier in enumerate(price.tiers):
        if tier.flat_price is None and tier.unit_price is None:
            message = "this tier costs nothing that is said: give it a `unitPrice` or a `flatPrice` (0 is a price)"
            yield Finding(TIER_EMPTY, ("price", "tiers", index), message)


def _ends(ends: Sequence[Decimal | None]) -> Iterator[Finding]:
    seen: set[Decimal] = set()
    highest = Decimal(-1)
    for index, end in enumerate(ends):
        if end is None:
            continue
        path: Path = ("price", "tiers", index, "upToAmount")
        if end and end in seen:
            yield Finding(TIER_TWICE, path, f"another tier ends at {end} already")
        elif end < highest or any(earlier is None for earlier in ends[:index]):
            yield Finding(TIER_ORDER, path, "tiers go from the lowest to the highest, the one without an end last")
        seen.add(end)
        highest = max(highest, end)


def _taxes(config: TaxConfig | None) -> Iterator[Finding]:
    if config is None:
        return
    if config.custom_invoicing is not None:
        yield Finding(CUSTOM_TAX, ("taxConfig", "customInvoicing"), "leave it out", at_key=True)
    if config.stripe is not None and config.tax_code_id is not None:
        message = "the tax code that `taxCodeId` names decides; leave `stripe` out"
        yield Finding(TAX_TWICE, ("taxConfig", "stripe"), message, at_key=True)


def _entitlement(card: Card, catalogue: Catalogue) -> Iterator[Finding]:
    template = card.entitlement_template
    if template is None:
        return
    at = "entitlementTemplate"
    if card.feature_key is None:
        message = "entitled to what? name the feature with `featureKey`"
        yield Finding(ENTITLEMENT_FEATURE, (at,), message, at_key=True, publish_only=True)
    if isinstance(template, MeteredEntitlement):
        yield from _allowance(card, template, at)
        if card.feature_key is not None and _has_no_meter(card.feature_key, catalogue):
            message = f"the feature `{card.feature_key}` has no meter; make this `type: boolean`, or give it a meter"
            yield Finding(ENTITLEMENT_METER, (at, "type"), message)


def _allowance(card: Card, template: MeteredEntitlement, at: str) -> Iterator[Finding]:
    if template.issue_after_reset is None and template.issue_after_reset_priority is not None:
        message = "there is no `issueAfterReset` for this to be the priority of"
        yield Finding(ENTITLEMENT_PRIORITY, (at, "issueAfterResetPriority"), message, at_key=True)
    elif template.issue_after_reset is None:
        message = "how much? add `issueAfterReset`, the allowance of each period (0 for none)"
        yield Finding(ENTITLEMENT_ALLOWANCE, (at,), message, publish_only=True)
    period = template.usage_period or card.billing_cadence
    if period is None:
        yield Finding(ENTITLEMENT_PERIOD, (at,), "how often does it reset? add `usagePeriod: P1M`")
    elif not Period.parse(period).at_least_an_hour():
        yield Finding(PERIOD_SHORT, (at, "usagePeriod"), f"`{period}` is shorter than an hour")


def by_key(cards: Sequence[Card]) -> Mapping[str, tuple[int, Card]]:
    """The cards of a list by their key, with their index; the first of a duplicate."""
    found: dict[str, tuple[int, Card]] = {}
    for index, card in enumerate(cards):
        key = key_of(card)
        if key is not None:
            found.setdefault(key, (index, card))
    return found
