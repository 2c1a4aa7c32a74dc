"""What a plan does to bills: every changed price, at quantities where it matters, before and after.

Pure: what is live was observed, what will be is declared, and the rating engine does the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from reconciler.errors import PricingError
from reconciler.model import Action, Address, Amounts, Desired, Impact, Observation, Observed, Plan, Tree
from reconciler.planning.options import PlanOptions
from reconciler.planning.work import Work
from reconciler.pricing import Card, Customer, Extra, bill, probes, subscribed
from reconciler.pricing.bills import START
from reconciler.pricing.money import exact
from reconciler.pricing.offers import items
from reconciler.pricing.periods import duration, later

Spec = Mapping[str, Tree]

_TOUCHES_BILLS = frozenset({Action.NEW_VERSION, Action.UPDATE})
_YEAR = timedelta(days=365)


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


@exact
def impacts(
    made: Plan,
    desired: Desired,
    observation: Observation,
    options: PlanOptions,
) -> tuple[Impact, ...]:
    """The bills of every plan of which a price changes, its add-ons' included.

    The customers are the declared scenarios; a plan that none names gets made-up ones, at nothing and at the edges of
    the prices that change. Plans of which no price changes are left out.
    """
    work = Work(desired, observation, options)
    for resource in desired.resources.values():
        work.match(resource)
    found: list[Impact] = []
    for change in made.changes:
        if change.address.kind == "Plan" and change.action in _TOUCHES_BILLS:
            before, after = _live(work, change.address), _wanted(work, change.address)
            if before is not None and after is not None:
                found += _of_plan(change.address, before, after, _declared(desired, change.address.key))
    return tuple(found)


def _declared(desired: Desired, plan: str) -> tuple[Case, ...]:
    """The scenarios of a plan."""
    return tuple(
        Case(
            scenario.key,
            scenario.usage,
            scenario.addons,
            scenario.phase,
            scenario.signs_up,
            scenario.periods,
            generated=False,
            start=datetime.combine(scenario.start, time(), UTC) if scenario.start else START,
        )
        for scenario in desired.scenarios
        if scenario.plan == plan
    )


def _of_plan(address: Address, before: Side, after: Side, cases: tuple[Case, ...]) -> list[Impact]:
    try:
        made_up = tuple(_made_up(before.cards(), after.cards()))
    except PricingError as error:
        return [_unknown(address, after, "any customer", error, generated=True)]
    return [_compared(address, before, after, case) for case in cases or made_up] if made_up else []


def _made_up(before: Mapping[tuple[str, str], Card], after: Mapping[tuple[str, str], Card]) -> Iterator[Case]:
    """One case per changed card and quantity worth looking at."""
    seen: set[str] = set()
    changed = [where for where in dict.fromkeys((*after, *before)) if before.get(where) != after.get(where)]
    several = len({phase for phase, _ in changed if not phase.startswith("+")}) > 1
    for where in changed:
        sides = [side[where] for side in (before, after) if where in side]
        for case in _cases_of(where[0], sides, name_phase=several):
            if case.name not in seen:
                seen.add(case.name)
                yield case


def _cases_of(phase: str, cards: list[Card], *, name_phase: bool) -> Iterator[Case]:
    addons = {phase[1:]: 1} if phase.startswith("+") else {}
    beside = f" with {phase[1:]}" if addons else f" in {phase}" if name_phase else ""
    feature = next((card.feature for card in cards if card.feature), None)
    for quantity in probes(*(card.price for card in cards)):
        usage = {feature: quantity} if feature and quantity else {}
        name = (f"{quantity:,f} {feature}" if usage else "no usage") + beside
        yield Case(name, usage, addons, None if addons else phase)


def _compared(address: Address, before: Side, after: Side, case: Case) -> Impact:
    cadence = duration(str(after.plan.get("billingCadence")))
    try:
        each = _amounts(before, after, case)
        many = max(1, round(_YEAR / (later(START, cadence) - START)))
        listed = any(isinstance(units, tuple) for units in case.usage.values())
        yearly = None if listed or case.periods > 1 else _amounts(before, after, replace(case, periods=many))
    except PricingError as error:
        return _unknown(address, after, case.name, error, generated=case.generated)
    return Impact(
        address, case.name, case.generated, str(after.plan.get("currency")), str(cadence), each=each, yearly=yearly
    )


def _amounts(before: Side, after: Side, case: Case) -> Amounts:
    return Amounts(
        bill(before.plan, before.customer(case)).total,
        bill(after.plan, after.customer(case)).total,
    )


def _unknown(address: Address, after: Side, customer: str, error: PricingError, *, generated: bool) -> Impact:
    currency, cadence = (str(after.plan.get(name)) for name in ("currency", "billingCadence"))
    return Impact(address, customer, generated, currency, cadence, reason=error.message)


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
