"""Prices of declared plans: what a customer of one would pay, without any server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from reconciler.errors import UsageError
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired, Tree
from reconciler.planning.canonical import complete
from reconciler.pricing import Bill, Customer, Extra, bill
from reconciler.pricing.curves import Point, curve, grid
from reconciler.pricing.money import exact
from reconciler.pricing.offers import items
from reconciler.reading.suggest import did_you_mean

Spec = Mapping[str, Tree]


@dataclass(frozen=True, slots=True)
class PriceRequest:
    """Who is priced: a plan, usage per feature in every service period, add-ons with how many of each.

    ``phase`` None: the last one; ``signs_up``: from the first day on, trials included; ``periods`` counts billing
    periods.
    """

    plan: str
    usage: Mapping[str, Decimal]
    addons: Mapping[str, int]
    phase: str | None = None
    signs_up: bool = False
    periods: int = 1


def price(desired: Desired, request: PriceRequest) -> Bill:
    """The bill. Raises ``UsageError`` for what is not declared, ``PricingError`` for what cannot be billed."""
    return bill(spec_of(desired, Address("Plan", request.plan)), _customer(desired, request))


@exact
def price_curve(
    desired: Desired, request: PriceRequest, feature: str, least: Decimal, most: Decimal
) -> tuple[Point, ...]:
    """What the customer pays for each of many quantities of one feature."""
    plan = spec_of(desired, Address("Plan", request.plan))
    return curve(plan, _customer(desired, request), feature, grid(plan, feature, least, most))


def _customer(desired: Desired, request: PriceRequest) -> Customer:
    plan = spec_of(desired, Address("Plan", request.plan))
    return Customer(
        usage=request.usage,
        extras=tuple(_extra(desired, request.plan, plan, key, number) for key, number in request.addons.items()),
        phase=request.phase,
        signs_up=request.signs_up,
        periods=request.periods,
    )


def spec_of(desired: Desired, address: Address) -> dict[str, Tree]:
    """A declared spec with everything filled in that other declared values imply; raises ``UsageError``."""
    resource = desired.resources.get(address)
    if resource is None:
        known = [other.key for other in desired.resources if other.kind == address.kind]
        raise UsageError(f"{address} is not declared{did_you_mean(address.key, known)}")
    return complete(KINDS[address.kind], address.key, resource.spec, lambda key: _feature_name(desired, key))


def _feature_name(desired: Desired, key: str) -> str | None:
    feature = desired.resources.get(Address("Feature", key))
    name = feature.spec.get("name") if feature else None
    return name if isinstance(name, str) else None


def _extra(desired: Desired, plan: str, spec: Spec, key: str, number: int) -> Extra:
    """An add-on as the plan offers it."""
    addon = spec_of(desired, Address("Addon", key))
    offers = spec.get("addons")
    for offer in offers if isinstance(offers, list) else []:
        if isinstance(offer, Mapping) and offer.get("addon") == key:
            return Extra(addon, number, str(offer.get("fromPlanPhase")))
    raise UsageError(f"Plan/{plan} does not offer Addon/{key}")


def metered_features(plan: Spec) -> tuple[str, ...]:
    """The features whose usage a plan prices, in the order of its cards."""
    found = [
        str(card["featureKey"])
        for phase in items(plan.get("phases"))
        for card in items(phase.get("rateCards"))
        if card.get("type") == "usage_based" and card.get("featureKey")
    ]
    return tuple(dict.fromkeys(found))
