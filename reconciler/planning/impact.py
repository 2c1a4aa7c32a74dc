"""What a plan does to bills: every changed price, at quantities where it matters, before and after.

Pure: what is live was observed, what will be is declared, and the rating engine does the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from reconciler.errors import PricingError
from reconciler.model import Address, Amounts, Desired, Impact
from reconciler.planning.sides import Case, Side, Sides
from reconciler.pricing import Card, bill, probes
from reconciler.pricing.bills import START
from reconciler.pricing.money import exact
from reconciler.pricing.periods import duration, later

_YEAR = timedelta(days=365)


@exact
def impacts(plans: Mapping[Address, Sides], desired: Desired) -> tuple[Impact, ...]:
    """The bills of every plan of which a price changes, its add-ons' included.

    The customers are the declared scenarios; a plan that none names gets made-up ones, at nothing and at the edges of
    the prices that change. Plans of which no price changes are left out.
    """
    found: list[Impact] = []
    for address, both in plans.items():
        found += _of_plan(address, both, _declared(desired, address.key))
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


def _of_plan(address: Address, both: Sides, cases: tuple[Case, ...]) -> list[Impact]:
    try:
        made_up = tuple(_made_up(both.changed()))
    except PricingError as error:
        return [_unknown(address, both.after, "any customer", error, generated=True)]
    return [_compared(address, both.before, both.after, case) for case in cases or made_up] if made_up else []


def _made_up(changed: Mapping[tuple[str, str], tuple[Card, ...]]) -> Iterator[Case]:
    """One case per changed card and quantity worth looking at."""
    seen: set[str] = set()
    several = len({phase for phase, _ in changed if not phase.startswith("+")}) > 1
    for (phase, _), cards in changed.items():
        for case in _cases_of(phase, cards, name_phase=several):
            if case.name not in seen:
                seen.add(case.name)
                yield case


def _cases_of(phase: str, cards: tuple[Card, ...], *, name_phase: bool) -> Iterator[Case]:
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
