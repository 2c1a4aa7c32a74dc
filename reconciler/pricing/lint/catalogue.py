"""All rules about money over one catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from reconciler.kinds.addon import AddonSpec
from reconciler.kinds.feature import FeatureSpec
from reconciler.kinds.kind import Catalogue, Finding, Rule
from reconciler.kinds.plan import PlanSpec
from reconciler.pricing.lint import allowances, commitments, overlaps, precision, siblings, stubs, tiers
from reconciler.pricing.lint.charges import Charge, of_addon, of_plan
from reconciler.pricing.lint.guard import settled
from reconciler.pricing.money import exact

if TYPE_CHECKING:
    from pydantic import BaseModel

RULES: tuple[Rule, ...] = (
    *allowances.RULES,
    *tiers.RULES,
    *commitments.RULES,
    *stubs.RULES,
    *precision.RULES,
    *overlaps.RULES,
    *siblings.RULES,
)
"""All of them are warnings."""

_OF_A_CARD: tuple[Callable[[Charge], Iterable[Finding]], ...] = (
    allowances.check,
    tiers.check,
    commitments.check,
    precision.check,
)


class Lint:
    """The rules about money for the objects of one catalogue that is valid otherwise."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._overlaps = overlaps.Overlaps(catalogue)

    @exact
    def check(self, objects: Iterable[tuple[str, BaseModel]]) -> list[list[Finding]]:
        """The findings for each object, in the order given; of kinds without prices there are none.

        ``objects`` are keys and specs of what is to be live: plans, add-ons, features.
        """
        given = list(objects)
        found: list[list[Finding]] = [[] for _ in given]
        offers: dict[str, tuple[int, siblings.Offer]] = {}
        for index, (key, spec) in enumerate(given):
            if isinstance(spec, PlanSpec):
                charges = of_plan(spec)
                found[index] += self._plan(key, spec, charges)
                if (offer := siblings.offer(key, spec, charges)) is not None:
                    offers[key] = index, offer
            elif isinstance(spec, AddonSpec):
                found[index] += _addon(spec, of_addon(spec))
        for key, more in siblings.check([offer for _, offer in offers.values()]).items():
            found[offers[key][0]] += more
        for index, (key, spec) in enumerate(given):
            if isinstance(spec, FeatureSpec):
                found[index] += settled(self._overlaps.gap(key, spec))
        return found

    def _plan(self, key: str, plan: PlanSpec, charges: tuple[Charge, ...]) -> Iterator[Finding]:
        yield from _of_cards(charges)
        yield from settled(stubs.check(plan, charges))
        yield from settled(precision.check_currency(plan.currency, charges))
        yield from settled(self._overlaps.check(key, charges))


def _addon(addon: AddonSpec, charges: tuple[Charge, ...]) -> Iterator[Finding]:
    yield from _of_cards(charges)
    for charge in charges:
        yield from settled(stubs.never_billed(charge))
    yield from settled(precision.check_currency(addon.currency, charges))


def _of_cards(charges: Iterable[Charge]) -> Iterator[Finding]:
    for charge in charges:
        if charge.price is not None:
            for rule in _OF_A_CARD:
                yield from settled(rule(charge))
