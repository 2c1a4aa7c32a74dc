"""Whether an add-on goes with a plan. Source: OpenMeter v1, plan add-ons: checked when the plan is published.

Cards of the plan and of the add-on with the same key are laid over each other, from the phase in which the add-on can
be bought first; that only works for flat prices that agree in everything but the amount.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from reconciler.kinds.alignment import aligned, same_length
from reconciler.kinds.entitlements import MeteredEntitlement, StaticEntitlement
from reconciler.kinds.kind import Catalogue, Finding, Rule
from reconciler.kinds.prices import FlatPrice
from reconciler.kinds.ratecard_rules import Card, by_key
from reconciler.model import Path

if TYPE_CHECKING:
    from reconciler.kinds.addon import AddonSpec
    from reconciler.kinds.plan import Offer, PlanSpec

_PUBLISH, _ATTACH = "OpenMeter v1, plan publish", "OpenMeter v1, plan add-on create"

TWICE = Rule("plan.addons.duplicate", "An add-on is offered once.", _ATTACH)
PHASE = Rule("plan.addons.unknown_phase", "The phase has to be one of the plan's.", _PUBLISH)
QUANTITY_SINGLE = Rule("plan.addons.quantity.single", "A single add-on is bought once.", _PUBLISH)
QUANTITY_LOW = Rule("plan.addons.quantity.low", "A quantity is 1 or more.", _PUBLISH)
CURRENCY = Rule("plan.addons.currency", "Plan and add-on are in one currency.", _ATTACH)
STATE = Rule("plan.addons.state", "Only an active add-on can be attached.", _ATTACH)
CADENCE = Rule("plan.addons.cadence", "An add-on's cadence goes with the plan's.", _PUBLISH)
OVERLAY = Rule("plan.addons.overlay", "Cards of one key in plan and add-on have to agree.", _PUBLISH)

RULES = (TWICE, PHASE, QUANTITY_SINGLE, QUANTITY_LOW, CURRENCY, STATE, CADENCE, OVERLAY)


def check(plan: PlanSpec, catalogue: Catalogue) -> Iterator[Finding]:
    """Every finding of the add-ons that a plan offers."""
    seen: set[str] = set()
    for index, offer in enumerate(plan.addons or ()):
        at: Path = ("addons", index)
        if offer.addon in seen:
            yield Finding(TWICE, (*at, "addon"), f"`{offer.addon}` is offered already")
        seen.add(offer.addon)
        yield from _terms(plan, offer, at, catalogue)
        addon = catalogue.spec("Addon", offer.addon)
        if addon is not None:
            yield from _fits(plan, offer, cast("AddonSpec", addon), at)


def _terms(plan: PlanSpec, offer: Offer, at: Path, catalogue: Catalogue) -> Iterator[Finding]:
    phases = [phase.key for phase in plan.phases]
    if offer.from_plan_phase not in phases:
        message = f"the plan has no phase `{offer.from_plan_phase}`; it has {', '.join(phases)}"
        yield Finding(PHASE, (*at, "fromPlanPhase"), message, publish_only=True)
    if offer.max_quantity is not None and offer.max_quantity < 1:
        message = "a quantity is 1 or more; leave it out for no bound"
        yield Finding(QUANTITY_LOW, (*at, "maxQuantity"), message, publish_only=True)
    if catalogue.state("Addon", offer.addon) == "draft":
        message = f"`{offer.addon}` is declared as a draft; only an active add-on can be attached"
        yield Finding(STATE, (*at, "addon"), message)


def _fits(plan: PlanSpec, offer: Offer, addon: AddonSpec, at: Path) -> Iterator[Finding]:
    if addon.currency != plan.currency:
        message = f"`{offer.addon}` is in {addon.currency}, the plan in {plan.currency}"
        yield Finding(CURRENCY, (*at, "addon"), message)
    if addon.instance_type == "single" and offer.max_quantity is not None:
        message = f"`{offer.addon}` can be bought once only; leave `maxQuantity` out"
        yield Finding(QUANTITY_SINGLE, (*at, "maxQuantity"), message, at_key=True, publish_only=True)
    for card in addon.rate_cards:
        cadence = card.billing_cadence
        if card.price is not None and cadence is not None and not aligned(plan.billing_cadence, cadence):
            message = f"`{offer.addon}` is billed every {cadence}, which does not go with the plan's"
            yield Finding(CADENCE, (*at, "addon"), f"{message} {plan.billing_cadence}", publish_only=True)
            break
    yield from _overlays(plan, offer, addon, at)


def _overlays(plan: PlanSpec, offer: Offer, addon: AddonSpec, at: Path) -> Iterator[Finding]:
    reached = False
    for phase in plan.phases:
        reached = reached or phase.key == offer.from_plan_phase
        if not reached:
            continue
        own = by_key(phase.rate_cards)
        for key, (_, theirs) in by_key(addon.rate_cards).items():
            if key in own and (why := _conflict(own[key][1], theirs)):
                message = f"the card `{key}` is in the phase `{phase.key}` and in `{offer.addon}`: {why}"
                yield Finding(OVERLAY, (*at, "addon"), message, publish_only=True)


def _conflict(own: Card, theirs: Card) -> str | None:
    """Why two cards of one key cannot be laid over each other; None where they can."""
    one, other = own.price, theirs.price
    if (one is None) != (other is None) or not all(
        price is None or isinstance(price, FlatPrice) for price in (one, other)
    ):
        return "both prices have to be flat"
    if _payment_term(one) != _payment_term(other):
        return "their payment terms differ"
    if own.feature_key != theirs.feature_key:
        return "they name different features"
    if own.billing_cadence and theirs.billing_cadence and not same_length(own.billing_cadence, theirs.billing_cadence):
        return "their billing cadences differ"
    if own.discounts and theirs.discounts and own.discounts.percentage and theirs.discounts.percentage:
        return "only one of them can have a percentage discount"
    return _entitlements(own, theirs)


def _payment_term(price: object) -> str | None:
    return (price.payment_term or "in_advance") if isinstance(price, FlatPrice) else None


def _entitlements(own: Card, theirs: Card) -> str | None:
    one, other = own.entitlement_template, theirs.entitlement_template
    if one is None or other is None:
        return None
    if one.type != other.type:
        return "their entitlements are of different types"
    if isinstance(one, StaticEntitlement):
        return "only one of them can have a static entitlement"
    if isinstance(one, MeteredEntitlement) and isinstance(other, MeteredEntitlement):
        first = one.usage_period or own.billing_cadence
        second = other.usage_period or theirs.billing_cadence
        if first and second and not same_length(first, second):
            return "their usage periods differ"
    return None
