"""Whether an add-on goes with a plan. Source: OpenMeter v1, plan add-ons: checked when the plan is published.

Cards of the plan and of the add-on with the same key are laid over each other, from the phase in which the add-on can
be bought first; where both have a price, that only works for flat prices that agree in everything but the amount.
Creating an assignment checks the currencies only, but it drops metadata, and the update that then writes it checks
everything: an offer with metadata is refused on a draft too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from reconciler.kinds.alignment import aligned
from reconciler.kinds.durations import canonical
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
        for finding in _offer(plan, offer, at, catalogue):
            yield replace(finding, publish_only=finding.publish_only and not offer.metadata)


def _offer(plan: PlanSpec, offer: Offer, at: Path, catalogue: Catalogue) -> Iterator[Finding]:
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
        message = f"{offer.max_quantity} cannot be bought; write 1 or more, or leave it out for no bound"
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
    # Free cards count here, unlike those of a plan itself.
    cadences = [card.billing_cadence for card in addon.rate_cards if card.billing_cadence is not None]
    strange = next((cadence for cadence in cadences if not aligned(plan.billing_cadence, cadence)), None)
    if strange is not None:
        message = f"`{offer.addon}` has a card of every {strange}, which does not go with the plan's"
        yield Finding(CADENCE, (*at, "addon"), f"{message} {plan.billing_cadence}", publish_only=True)
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
    if own.price is not None and theirs.price is not None:
        if not (isinstance(own.price, FlatPrice) and isinstance(theirs.price, FlatPrice)):
            return "both prices have to be flat"
        if (own.price.payment_term or "in_advance") != (theirs.price.payment_term or "in_advance"):
            return "their payment terms differ"
    if _differ(own.billing_cadence, theirs.billing_cadence):
        return "their billing cadences differ"
    if own.discounts and theirs.discounts and own.discounts.percentage and theirs.discounts.percentage:
        return "only one of them can have a percentage discount"
    return _entitlements(own, theirs)


def _differ(one: str | None, other: str | None) -> bool:
    """Whether two durations are written differently: unlike elsewhere, P12M is not P1Y here."""
    return one is not None and other is not None and canonical(one) != canonical(other)


def _entitlements(own: Card, theirs: Card) -> str | None:
    one, other = own.entitlement_template, theirs.entitlement_template
    if one is None or other is None:
        return None
    if one.type != other.type:
        return "their entitlements are of different types"
    if isinstance(one, StaticEntitlement):
        return "only one of them can have a static entitlement"
    if not (isinstance(one, MeteredEntitlement) and isinstance(other, MeteredEntitlement)):
        return None
    first, second = one.usage_period or own.billing_cadence, other.usage_period or theirs.billing_cadence
    return "their usage periods differ" if _differ(first, second) else None
