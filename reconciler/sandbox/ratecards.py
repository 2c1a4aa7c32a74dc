"""Rate cards of plans and add-ons: reading, rules, features and the order they come back in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from reconciler.sandbox.alignment import is_under_an_hour
from reconciler.sandbox.context import Context
from reconciler.sandbox.durations import parse_duration
from reconciler.sandbox.entitlements import ENTITLEMENT, read_template, template_issues, unwritable_template
from reconciler.sandbox.issues import Issue, issue, selected, uncoded
from reconciler.sandbox.jsontext import Doc, number
from reconciler.sandbox.prices import FLAT_PRICE, USAGE_PRICE, is_flat, price_issues, read_price
from reconciler.sandbox.schema import KEY, NULLABLE_METADATA, NUMERIC, Num, Obj, Schema, Str, Tagged
from reconciler.sandbox.store import Where
from reconciler.sandbox.tables import FEATURES
from reconciler.sandbox.taxes import TAX_CONFIG, read_tax_config, resolve_tax_config
from reconciler.sandbox.values import present, print_decimal

DISCOUNTS: Final = Obj(
    optional={
        "percentage": Obj(required={"percentage": Num(minimum=0, maximum=100)}),
        "usage": Obj(required={"quantity": NUMERIC}),
    }
)


def _card(cadence: Schema, price: Schema) -> Obj:
    return Obj(
        required={"key": KEY, "name": Str(min=1, max=256), "billingCadence": cadence, "price": price},
        optional={
            "description": Str(max=1024),
            "metadata": NULLABLE_METADATA,
            "featureKey": KEY,
            "entitlementTemplate": ENTITLEMENT,
            "taxConfig": TAX_CONFIG,
            "discounts": DISCOUNTS,
        },
    )


RATE_CARD: Final = Tagged(
    tag="type",
    options={
        "flat_fee": _card(Str(nullable=True), FLAT_PRICE),
        "usage_based": _card(Str(), USAGE_PRICE),
    },
)


def unwritable_cards(cards: Iterable[Doc]) -> list[Issue]:
    """Warnings that refuse a draft as well, when all else is in order: each card is stored, and knows no place."""
    found: list[Issue] = []
    for card in cards:
        usage = card.get("discounts", {}).get("usage")
        if usage is not None and card["price"] is not None and Decimal(usage["quantity"]) < 0:
            found.append(issue("usage_discount_negative_quantity").under("discounts.usage"))
        found.extend(unwritable_template(card.get("entitlementTemplate", {}), card["billingCadence"]))
    return found


def read_cards(cards: Iterable[Doc]) -> list[Doc]:
    """Rate cards as stored, in the order sent; raises DurationError for a malformed cadence or period."""
    return [_read_card(card) for card in cards]


def card_issues(cards: Iterable[Doc]) -> list[Issue]:
    """What is wrong with a list of rate cards, each issue below `ratecards[…]`."""
    found: list[Issue] = []
    seen: set[str] = set()
    for card in cards:
        path = selected("ratecards", card["key"])
        if card["key"] in seen:
            found.append(issue("rate_card_duplicated_key").under(path))
        seen.add(card["key"])
        found.extend(each.under(path) for each in _issues_of(card))
    return found


def resolve_features(ctx: Context, cards: Iterable[Doc]) -> list[Issue]:
    """Notes in each card the id of the live feature it names; returns what was not found."""
    found = []
    for card in cards:
        if "featureKey" not in card:
            continue
        feature = ctx.store.first(FEATURES, Where(keys=[card["featureKey"]]))
        if feature is None:
            found.append(issue("rate_card_feature_not_found").under(selected("ratecards", card["key"])))
        else:
            card["featureId"] = feature["id"]
    return found


def resolve_taxes(ctx: Context, cards: Iterable[Doc]) -> None:
    """Completes each card's tax configuration, making tax codes where needed."""
    for card in cards:
        if "taxConfig" in card:
            card["taxConfig"] = resolve_tax_config(ctx, card["taxConfig"])


def publish_issues(ctx: Context, cards: Iterable[Doc]) -> list[Issue]:
    """What only publishing looks at: is the very feature noted at the last write still live, and metered.

    A feature archived and created again under its key has another id, and is not found.
    """
    found = []
    for card in cards:
        if "featureKey" not in card:
            continue
        path = selected("rateCards", card["key"])
        feature = ctx.store.first(FEATURES, Where(ids=[card["featureId"]], keys=[card["featureKey"]]))
        if feature is None:
            found.append(issue("rate_card_feature_not_found").under(path))
        elif card["price"] is not None and not is_flat(card["price"]) and "meterId" not in feature:
            found.append(issue("usage_based_price_with_feature_and_no_meter").under(path))
    return found


def shuffled(cards: Iterable[Doc]) -> list[Doc]:
    """The order rate cards come back in: none in particular on the server, here a steady odd one."""
    return sorted(cards, key=lambda card: hashlib.sha256(card["key"].encode()).digest())


def view_card(card: Doc) -> Doc:
    """A rate card as shown: the feature's id stays inside, and that its payment term was not sent."""
    return {name: value for name, value in card.items() if name not in ("featureId", "termNotSent")}


def _read_card(card: Doc) -> Doc:
    cadence = card["billingCadence"]
    stored = {
        **present(card, ["type", "key", "name", "description", "featureKey"]),
        "billingCadence": None if cadence is None else str(parse_duration(cadence)),
        "price": read_price(card["price"]),
    }
    if card["type"] == "usage_based" and is_flat(card["price"]) and "paymentTerm" not in card["price"]:
        # Shown as the default, compared as none; a flat fee's is filled for good.
        stored["termNotSent"] = True
    metadata = card.get("metadata")
    # An empty map survives on a usage-based card only.
    if metadata or (metadata is not None and card["type"] == "usage_based"):
        stored["metadata"] = metadata
    if "entitlementTemplate" in card:
        stored["entitlementTemplate"] = read_template(card["entitlementTemplate"], stored["billingCadence"])
    if "taxConfig" in card:
        stored["taxConfig"] = read_tax_config(card["taxConfig"])
    discounts = _read_discounts(card.get("discounts", {}))
    return {**stored, "discounts": discounts} if discounts else stored


def _read_discounts(discounts: Doc) -> Doc:
    stored: Doc = {}
    if "percentage" in discounts:
        stored["percentage"] = {"percentage": number(discounts["percentage"]["percentage"])}
    if "usage" in discounts:
        stored["usage"] = {"quantity": print_decimal(discounts["usage"]["quantity"])}
    return stored


def _issues_of(card: Doc) -> list[Issue]:
    price, found = card["price"], list[Issue]()
    if "entitlementTemplate" in card:
        has_feature = "featureKey" in card
        found.extend(template_issues(card["entitlementTemplate"], has_feature=has_feature))
    if price is not None:
        found.extend(price_issues(price))
        if not is_flat(price) and "featureKey" not in card:
            found.append(issue("usage_based_price_with_no_feature"))
    if card.get("featureKey", card["key"]) != card["key"]:
        found.append(issue("rate_card_key_feature_key_mismatch"))
    return found + _discount_issues(card) + _cadence_issues(card["billingCadence"])


def _discount_issues(card: Doc) -> list[Issue]:
    """The server looks at a usage discount on a flat price twice, and says so twice."""
    discounts, price, found = card.get("discounts", {}), card["price"], list[Issue]()
    if discounts and price is None:
        found.append(uncoded("price is required for discounts"))
    if "usage" not in discounts:
        return found
    if is_flat(price):
        found.append(issue("usage_discount_with_flat_price"))
    if is_flat(price) or card["type"] == "flat_fee":
        found.append(issue("usage_discount_with_flat_price"))
    return found


def _cadence_issues(cadence: str | None) -> list[Issue]:
    if cadence is None:
        return []
    duration = parse_duration(cadence)
    faults = [duration.is_negative or duration.is_zero, is_under_an_hour(duration)]
    return [issue("billing_cadence_invalid_value") for fault in faults if fault]
