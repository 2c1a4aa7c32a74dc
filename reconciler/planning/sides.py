"""A plan as it is live and as it is declared, each with the add-ons that it offers: what prices are compared on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from reconciler.model import Action, Address, Desired, Observation, Observed, Plan, Tree
from reconciler.planning.options import PlanOptions
from reconciler.planning.work import Work
from reconciler.pricing import Card, Customer, Extra, subscribed
from reconciler.pricing.bills import START
from reconciler.pricing.offers import items

Spec = Mapping[str, Tree]

_TOUCHES_BILLS = frozenset({Action.NEW_VERSION, Action.UPDATE})


@dataclass(frozen=True, slots=True)
class Case:
    """A customer whose bill is compared. ``addons`` are keys with how many of each; ``phase`` None: the last one."""

    name: str
    usage: Mapping[str, Decimal | tuple[Decimal, ...]]
    addons: Mapping[str, int]
    phase: str | None = None
    signs_up: bool = False
    periods: int = 1
    generated: bool = True
    start: datetime = START


@dataclass(frozen=True, slots=True)
class Side:
    """A plan as it is or as it will be, with the add-ons that it offers."""

    plan: Spec
    addons: Mapping[str, Spec]

    def cards(self) -> dict[tuple[str, str], Card]:
        """Every card by phase and key; those of add-ons under ``+ADD-ON``."""
        phases = subscribed(self.plan, START).phases
        found = {(phase.key, card.key): card for phase in phases for card in phase.cards}
        for key, addon in self.addons.items():
            for phase in subscribed({**self.plan, "phases": [{"key": f"+{key}", **addon}]}, START).phases:
                found |= {(phase.key, card.key): card for card in phase.cards}
        return found

    def alone(self, key: str) -> Side:
        """An add-on by itself, bought once, as if it were a plan; without a card where this side does not offer it."""
        phase = {"key": f"+{key}", **self.addons.get(key, {"rateCards": []})}
        return Side({**self.plan, "phases": [phase], "addons": []}, {})

    def customer(self, case: Case) -> Customer:
        """The case on this side: what is not priced here, or not offered here, does not count."""
        priced = {card.feature for card in self.cards().values()}
        from_phase = {str(offer.get("addon")): offer.get("fromPlanPhase") for offer in items(self.plan.get("addons"))}
        extras = [
            Extra(self.addons[key], number, str(from_phase[key]))
            for key, number in case.addons.items()
            if key in self.addons and key in from_phase
        ]
        usage = {feature: units for feature, units in case.usage.items() if feature in priced}
        return Customer(usage, tuple(extras), case.phase, case.signs_up, case.periods, case.start)


@dataclass(frozen=True, slots=True)
class Sides:
    """One plan before and after."""

    before: Side
    after: Side

    def changed(self) -> dict[tuple[str, str], tuple[Card, ...]]:
        """The cards that differ, by phase and key; one where the other side has none."""
        old, new = self.before.cards(), self.after.cards()
        return {
            where: tuple(side[where] for side in (old, new) if where in side)
            for where in dict.fromkeys((*new, *old))
            if old.get(where) != new.get(where)
        }


def sides(made: Plan, desired: Desired, observation: Observation, options: PlanOptions) -> dict[Address, Sides]:
    """Every plan that changes and is live already, before and after; in the order of the changes."""
    chosen = [
        change.address for change in made.changes if change.address.kind == "Plan" and change.action in _TOUCHES_BILLS
    ]
    if not chosen:
        return {}
    work = Work(desired, observation, options)
    for resource in desired.resources.values():
        work.match(resource)
    found = {address: (_live(work, address), _wanted(work, address)) for address in chosen}
    return {address: Sides(old, new) for address, (old, new) in found.items() if old is not None and new is not None}


def _live(work: Work, address: Address) -> Side | None:
    row = work.lives[address].current if address in work.lives else None
    if row is None:
        return None
    offered = {item.addon_key: item for item in row.assignments or ()}
    rows = {key: work.index.by_id("Addon", item.addon_id) for key, item in offered.items()}
    offers = [{"addon": key, "fromPlanPhase": item.from_phase} for key, item in offered.items()]
    return Side(
        {**work.live_spec(row), "addons": offers},
        {key: work.live_spec(found) for key, found in rows.items() if found is not None},
    )


def _wanted(work: Work, address: Address) -> Side | None:
    resource = work.desired.resources.get(address)
    if resource is None:
        return None
    plan = work.wanted(resource)
    keys = [str(offer.get("addon")) for offer in items(plan.get("addons"))]
    return Side(plan, dict(_addons(work, keys)))


def _addons(work: Work, keys: Iterable[str]) -> Iterator[tuple[str, Spec]]:
    for key in keys:
        address = Address("Addon", key)
        resource = work.desired.resources.get(address)
        live: Observed | None = work.lives[address].current if address in work.lives else None
        if resource is not None and resource.spec:
            yield key, work.wanted(resource)
        elif live is not None:
            yield key, work.live_spec(live)
