"""Price tests: the scenarios that are declared, billed and held to what they expect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError, UsageError
from reconciler.model import Address, Desired, Guard, Observation, Scenario
from reconciler.planning.digest import sha256
from reconciler.planning.price_lists import PRICED, declared_prices, live_prices
from reconciler.pricing import PriceList, PriceTest, price_test
from reconciler.workflow.context import Context, connect, load_desired
from reconciler.workflow.revisions import at_revision

if TYPE_CHECKING:
    from reconciler.project import Project

LIVE = "live"
"""In ``increaseVs``: what is live, not a git revision."""
CODE = "price-test"
"""The code of the guard."""


@dataclass(frozen=True, slots=True)
class TestRequest:
    """Which scenarios are run: those that any of ``targets`` matches (patterns over ``Scenario/KEY``), or all."""

    __test__ = False  # to pytest

    targets: tuple[str, ...] = ()


def run_price_tests(context: Context, request: TestRequest = TestRequest()) -> tuple[PriceTest, ...]:
    """Every scenario of an environment with what came of it, by key. Reads what is live only where one asks for it.

    Raises ``ManifestError`` for manifests that do not read, ``UsageError`` for a target that matches no scenario.
    """
    desired = load_desired(context)
    scenarios = _wanted(desired.scenarios, request.targets)
    return run_scenarios(context, desired, scenarios, lambda: _observed(context, desired))


def run_scenarios(
    context: Context, desired: Desired, scenarios: Sequence[Scenario], observed: Callable[[], Observation]
) -> tuple[PriceTest, ...]:
    """What came of these scenarios; ``observed`` is asked for what is live at most once, and only if need be."""
    prices = declared_prices(desired, {scenario.plan for scenario in scenarios})
    versus = _versus(context, desired, scenarios, observed)
    return tuple(price_test(scenario, prices, versus) for scenario in scenarios)


def failing(
    context: Context, desired: Desired, observation: Observation, only: frozenset[Address] | None
) -> tuple[Guard, ...]:
    """One guard per price test that fails on what a plan would bring; ``only`` is what the plan is about, None: all.

    Its change digest is over what was expected and what came: an approval of one failure is not one of the next.
    """
    tests = [one for one in desired.scenarios if one.expect is not None and (only is None or _about(one) & only)]
    results = run_scenarios(context, desired, tests, lambda: observation) if tests else ()
    return tuple(_guard(result) for result in results if not result.passed)


def _about(scenario: Scenario) -> set[Address]:
    return {Address("Plan", scenario.plan), *(Address("Addon", key) for key in scenario.addons)}


def _guard(result: PriceTest) -> Guard:
    address = Address("Scenario", result.scenario.key)
    said = [miss.sentence for miss in result.misses] or [f"it cannot be billed: {result.refused}"]
    change = sha256([str(address), *said])
    place = next((miss.location for miss in result.misses), result.scenario.location)
    return Guard(CODE, address, f"{address}: {'; '.join(said)}", consentable=True, change=change, location=place)


def _wanted(scenarios: Sequence[Scenario], targets: Sequence[str]) -> tuple[Scenario, ...]:
    def matches(scenario: Scenario, patterns: Iterable[str]) -> bool:
        return any(fnmatchcase(f"Scenario/{scenario.key}", pattern) for pattern in patterns)

    for pattern in targets:
        if not any(matches(scenario, (pattern,)) for scenario in scenarios):
            raise UsageError(f"`{pattern}` matches no scenario")
    return tuple(one for one in scenarios if not targets or matches(one, targets))


def _versus(
    context: Context, desired: Desired, scenarios: Sequence[Scenario], observed: Callable[[], Observation]
) -> Mapping[str, PriceList | str]:
    """The prices of everything that bills are compared with, or why there are none."""
    asked = {one.versus: None for scenario in scenarios if scenario.expect for one in scenario.expect.increases}
    found: dict[str, PriceList | str] = {}
    for name in asked:
        if name == LIVE:
            found[name] = live_prices(desired, observed(), context.environment.api)
        else:
            found[name] = _at_revision(context, name)
    return found


def _at_revision(context: Context, revision: str) -> PriceList | str:
    today: Project = context.project
    if today.revision is not None:
        return f"this is revision {today.revision} itself"
    try:
        with at_revision(replace(context, instead=None, bundle=None, paths=()), revision) as then:
            return declared_prices(load_desired(then))
    except ReconcilerError as error:
        return str(error).splitlines()[0]


def _observed(context: Context, desired: Desired) -> Observation:
    from reconciler.workflow.plans import require_identity

    with connect(context, read_only=True) as backend:
        found = backend.observe(PRICED, named=[address for address in desired.resources if address.kind in PRICED])
    require_identity(context, found.identity)
    return found
