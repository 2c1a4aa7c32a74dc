"""``kind: Scenario``: a customer and what they are to pay. Never sent, never counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from reconciler.manifest.scenario_rules import RULES, check
from reconciler.manifest.scenario_spec import ExpectSpec, IncreaseSpec, ScenarioSpec
from reconciler.manifest.shared import LocalKind
from reconciler.model import Expectation, Increase, Location, Scenario, Source

SCENARIO = LocalKind(
    "Scenario",
    ScenarioSpec,
    check,
    RULES,
    "A customer: plan, add-ons and usage. With `expect` it is a price test, which `test` and `plan` run.",
    """\
apiVersion: reconciler/v1
kind: Scenario
key: small_team
spec:
  description: A team of three that uses a million tokens a month.
  plan: pro
  addons: {seats: 2}
  usage: {tokens: 1000000}
  expect:
    total: "120.00"
    lines: {tokens: "100.00"}
    increaseVs: {live: {atMost: 10%}}
""",
)


def scenario(key: str, spec: ScenarioSpec, location: Location, source: Source) -> Scenario:
    """A valid document as the other rooms know it."""
    return Scenario(
        key=key,
        plan=spec.plan,
        location=location,
        source=source,
        description=spec.description,
        phase=spec.phase,
        signs_up=bool(spec.signs_up),
        addons=dict(spec.addons or {}),
        periods=spec.periods or 1,
        start=date.fromisoformat(spec.start) if spec.start else None,
        usage=dict(spec.usage or {}),
        expect=_expectation(spec.expect) if spec.expect else None,
    )


def _expectation(spec: ExpectSpec) -> Expectation:
    return Expectation(
        total=spec.total,
        lines=dict(spec.lines or {}),
        at_most=spec.at_most,
        at_least=spec.at_least,
        increases=_increases(spec.increase_vs or {}),
    )


def _increases(spec: Mapping[str, IncreaseSpec]) -> tuple[Increase, ...]:
    return tuple(Increase(versus, one.at_most, one.at_least) for versus, one in spec.items())
