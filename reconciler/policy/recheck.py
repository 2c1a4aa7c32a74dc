"""A saved plan before the policy of the day on which it is applied: it may have become stricter, and a day may matter.

The plan file is the approval, so consents that it holds go on to hold. Asked again is whether they are still the ones
that are needed: every rule is asked anew, and notice is counted anew, from the day that the plan says was announced.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reconciler.model import Action, Address, Guard, Plan, Policy, Ruling
from reconciler.policy.classes import of_classes
from reconciler.policy.judging import usual
from reconciler.policy.notice import Told, demand
from reconciler.policy.rules import of_rules


def stricter(plan: Plan, policy: Policy, at: datetime, *, embedded: bool) -> tuple[Guard, ...]:
    """The guards that the policy of today puts before a plan and that nobody has answered in it."""
    told = {(one.rule, one.address): one for one in plan.policy if one.effect != "notice"}
    asked = [found.guard for found in (*of_classes(plan, policy), *of_rules(plan, policy, at)) if found.guard]
    asked += usual(plan, policy, embedded=embedded)
    unanswered = [guard for guard in asked if guard.status == "open" and not _answered(plan, guard, told)]
    return tuple(dict.fromkeys([*unanswered, *_untimely(plan, policy, at)]))


def _answered(plan: Plan, guard: Guard, told: dict[tuple[str, Address | None], Ruling]) -> bool:
    """Whether the plan holds this consent: of the team that is asked for, and not because a policy was laxer."""
    if not (guard.consentable or guard.team):
        return False
    saved = next((one for one in plan.guards if one.name == guard.name), None)
    if saved is None or saved.status != "consented":
        return False
    then = told.get((guard.code, guard.address))
    freely = then is not None and then.effect in ("allow", "warn")
    return not freely and guard.team in (None, saved.team)


def _untimely(plan: Plan, policy: Policy, at: datetime) -> Iterator[Guard]:
    """Notice that is not given yet, by the announcements that the plan knows."""
    known = {(one.rule, one.address): one for one in plan.policy if one.effect == "notice"}
    for change in plan.changes:
        for found in change.classes if change.action is not Action.NO_CHANGE else ():
            needs = policy.needs(found)
            if needs is None or not needs.notice:
                continue
            then = known.get((found.value, change.address))
            told = Told(then.announced, "as the plan says") if then is not None else Told()
            guard = demand(change, found, needs, told, at.date()).guard
            if guard is not None and guard.status == "open":
                yield guard
