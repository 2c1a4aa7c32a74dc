"""What the server refuses in an add-on beyond its cards. Source: OpenMeter v1, add-on publish."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.kinds.alignment import same_length
from reconciler.kinds.identifiers import taken_for_id
from reconciler.kinds.kind import Catalogue, Finding, Rule
from reconciler.kinds.prices import FlatPrice
from reconciler.kinds.ratecard_rules import check_cards

if TYPE_CHECKING:
    from reconciler.kinds.addon import AddonSpec

_CREATE, _PUBLISH = "OpenMeter v1, add-on create", "OpenMeter v1, add-on publish"

KEY = Rule("addon.key.ulid", "The server takes it for an id, so that no add-on is found by it.", _CREATE)
NO_CARDS = Rule("addon.no_cards", "An add-on without rate cards cannot be published.", _PUBLISH)
CADENCES = Rule("addon.cadences", "All priced, recurring cards of an add-on are billed equally often.", _PUBLISH)
MULTIPLE = Rule("addon.multiple.price", "What can be bought several times has flat prices only.", _PUBLISH)

RULES = (KEY, NO_CARDS, CADENCES, MULTIPLE)


def check(key: str, addon: AddonSpec, catalogue: Catalogue) -> Iterator[Finding]:
    """Every finding of an add-on and its cards."""
    if taken_for_id(key):
        yield Finding(KEY, (), f"`{key}` looks like an id to the server; choose a key of another length")
    at = ("rateCards",)
    if not addon.rate_cards:
        yield Finding(NO_CARDS, at, "an add-on needs at least one rate card", at_key=True, publish_only=True)
    for found in check_cards(addon.rate_cards, catalogue):
        yield Finding(
            found.rule, (*at, *found.path), found.message, at_key=found.at_key, publish_only=found.publish_only
        )
    first: str | None = None
    for index, card in enumerate(addon.rate_cards):
        if card.price is None:
            continue
        if card.billing_cadence is not None:
            first = first or card.billing_cadence
            if not same_length(first, card.billing_cadence):
                message = f"`{card.billing_cadence}` beside `{first}`: the cards of an add-on share one billing cadence"
                yield Finding(CADENCES, (*at, index, "billingCadence"), message, publish_only=True)
        if addon.instance_type == "multiple" and not isinstance(card.price, FlatPrice):
            message = (
                "an add-on with `instanceType: multiple` has flat prices only; make it `single`, or the price flat"
            )
            yield Finding(MULTIPLE, (*at, index, "price", "type"), message, publish_only=True)
