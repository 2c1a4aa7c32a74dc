"""Judging a plan: every guard that applies to it, who consented to what, and what the policy says of it.

What is asked for is gathered first, answered then: the change digest that a team's consent names covers the guards,
and not whether anybody has consented to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler.model import (
    NEEDS_NO_CONSENT,
    NO_POLICY,
    Action,
    Address,
    Change,
    ChangeClass,
    Guard,
    Plan,
    Policy,
    TeamConsent,
)
from reconciler.planning.planfile import change_digest
from reconciler.policy.classes import MEANING, of_classes
from reconciler.policy.consent import Consent, answered, identified
from reconciler.policy.demands import Demand
from reconciler.policy.limits import Bounds, exceeded
from reconciler.policy.notice import of_notice
from reconciler.policy.rules import of_rules
from reconciler.policy.teams import Teams


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a policy is judged by: the moment of the plan in UTC, and the consents that a host proves.

    ``teams`` are the members of the teams that the project file knows.
    """

    policy: Policy = NO_POLICY
    at: datetime | None = None
    consents: tuple[TeamConsent, ...] = ()
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def judge(
    plan: Plan,
    consents: Iterable[Consent],
    bounds: Bounds,
    *,
    population: int,
    embedded: bool = False,
    digest: Callable[[Address], str] | None = None,
    hearing: Hearing = Hearing(),
) -> Plan:
    """The plan with every guard that applies to it, consented or open, and with what its policy says.

    ``embedded``: on a sandbox no class needs consent but where a policy says so. ``destroy`` is its own consent for
    ``destructive``, unless a team has to give it. ``digest`` tells the change digest of an object, for approvals that
    name one.
    """
    given = tuple(consents)
    demands = tuple(_demands(plan, given, hearing, digest))
    guards = [*plan.guards, *exceeded(plan, bounds, population), *usual(plan, hearing.policy, embedded=embedded)]
    guards += {demand.guard.name: demand.guard for demand in demands if demand.guard}.values()
    asked = replace(plan, guards=tuple(identified(guard, digest) for guard in guards))
    teams = Teams(plan.target.environment, change_digest(asked), hearing.consents, hearing.teams)
    answers = tuple(teams.answered(guard, given) if guard.team else answered(guard, given) for guard in asked.guards)
    return _told(replace(asked, guards=answers), demands)


def usual(plan: Plan, policy: Policy, *, embedded: bool) -> Iterator[Guard]:
    """One guard per change and class that needs consent everywhere but on a sandbox, where no policy says otherwise."""
    for change in () if embedded else plan.changes:
        for found in _classes(plan, change):
            needs = policy.needs(found)
            if found not in NEEDS_NO_CONSENT and (needs is None or needs.effect is None):
                yield Guard(found.value, change.address, f"{change.address}: {MEANING[found]}", consentable=True)


def _classes(plan: Plan, change: Change) -> Iterator[ChangeClass]:
    if change.action is not Action.NO_CHANGE:
        yield from (
            found for found in change.classes if not (plan.mode == "destroy" and found is ChangeClass.DESTRUCTIVE)
        )


def _demands(
    plan: Plan, consents: tuple[Consent, ...], hearing: Hearing, digest: Callable[[Address], str] | None
) -> Iterator[Demand]:
    """Everything that the policy has to say, in the order of the changes."""
    yield from of_classes(plan, hearing.policy)
    if hearing.at is not None:
        yield from of_notice(plan, hearing.policy, consents, hearing.at.date(), digest)
        yield from of_rules(plan, hearing.policy, hearing.at)


def _told(plan: Plan, demands: tuple[Demand, ...]) -> Plan:
    """The plan with the rulings, now that the guards are answered, and with what they warn of."""
    guards = {guard.name: guard for guard in plan.guards}
    return replace(
        plan,
        policy=tuple(demand.ruling(guards) for demand in demands),
        warnings=(*plan.warnings, *(demand.warning for demand in demands if demand.warning)),
    )
