"""A policy's own rules, asked of a plan: each change of it, or the whole, as the expression names ``change`` or not.

Where nobody can tell what an expression comes to, the rule applies and says why: it is there to stop something.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.errors import ProjectError
from reconciler.model import POLICY, Address, Guard, Plan, Policy, PolicyRule, Problem
from reconciler.policy.demands import Demand, whom
from reconciler.policy.facts import Case

if TYPE_CHECKING:
    from reconciler.expressions.engine import Expression

PASSED = "rules"
"""What a ruling is called that counts the rules which have nothing against a plan."""


def of_rules(plan: Plan, policy: Policy, at: datetime) -> Iterator[Demand]:
    """What the rules ask for, and how many have nothing against it. A plan that changes nothing is held to nothing."""
    if not policy.rules or plan.is_empty:
        return
    case = Case(plan, at)
    passed: list[str] = []
    for rule in policy.rules:
        demands = list(_asked(rule, case))
        yield from demands
        if not demands:
            passed.append(rule.name)
    if passed:
        count = f"{len(passed)} rules have" if len(passed) > 1 else "1 rule has"
        yield Demand(PASSED, "allow", None, f"{count} nothing against this plan: {', '.join(passed)}", None)


def _asked(rule: PolicyRule, case: Case) -> Iterator[Demand]:
    expression = _expression(rule)
    values = {"plan": expression.value("plan", case.plan)} if "plan" in expression.variables else {}
    if "change" not in expression.variables:
        yield from _heard(rule, None, expression.ask(values))
        return
    for address, change in case.changes.items():
        yield from _heard(rule, address, expression.ask({**values, "change": expression.value("change", change)}))


def _expression(rule: PolicyRule) -> Expression:
    """The checked expression; the project file was refused if it is wrong."""
    from reconciler.expressions.engine import compiled

    found = compiled(rule.when)
    if isinstance(found, tuple):
        raise ProjectError(tuple(Problem("project.policy", fault.message, rule.location) for fault in found))
    return found


def _heard(rule: PolicyRule, address: Address | None, said: bool | str) -> Iterator[Demand]:
    if said is False:
        return
    about = f"{address}: " if address else ""
    careful = f" (this cannot be told, so the rule holds: {said})" if isinstance(said, str) else ""
    message = f"{about}{rule.because}{careful}"
    code = f"{POLICY}{rule.name}"
    guard = Guard(
        code,
        address,
        message,
        consentable=rule.effect == "consent" and rule.team is None,
        team=rule.team,
        location=rule.location,
    )
    asks = {"warn": None, "deny": f"another change, or another policy ({rule.location})"}
    unblock = asks.get(rule.effect) if rule.effect != "consent" else whom(rule.team, guard.name)
    yield Demand(
        rule.name, rule.effect, address, message, rule.location, guard if rule.effect != "warn" else None, unblock
    )
