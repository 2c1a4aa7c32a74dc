"""Holding a plan to what an environment asks for: consents, limits, policy."""

from __future__ import annotations

from functools import partial

from reconciler.model import Desired, Mode, Plan
from reconciler.planning.planfile import object_digest
from reconciler.policy import Bounds, Consent, Hearing, judge
from reconciler.workflow.context import Context, now
from reconciler.workflow.requests import PlanRequest

_REMOTE_BOUNDS = Bounds(max_changes_percent=30, max_removals=0)
"""What an environment that writes no limits gets, unless it is a sandbox."""


def judged_by(context: Context, made: Plan, request: PlanRequest, consents: tuple[Consent, ...]) -> Plan:
    """The plan with its guards, what was consented to, and what the environment's policy says of it."""
    environment = context.environment
    return judge(
        made,
        consents,
        bounds(context, made.mode),
        population=population(made),
        embedded=context.embedded,
        digest=partial(object_digest, made),
        hearing=Hearing(environment.policy, request.at or now(), request.consents, context.project.teams),
    )


def consents_for(desired: Desired, request: PlanRequest) -> tuple[Consent, ...]:
    """What is consented to: with ``--allow``, and by the committed approvals that hold on that day."""
    today = (request.at or now()).date()
    asked = (Consent.parse(text) for text in request.allow)
    return (*asked, *(consent for approval in desired.approvals for consent in Consent.of(approval, today)))


def bounds(context: Context, mode: Mode) -> Bounds:
    """How much of the catalogue one run may change there."""
    limits = context.environment.limits
    default = Bounds() if context.embedded or mode == "destroy" else _REMOTE_BOUNDS
    return Bounds(
        max_changes_percent=limits.max_changes_percent
        if limits.max_changes_percent is not None
        else default.max_changes_percent,
        max_removals=limits.max_removals if limits.max_removals is not None else default.max_removals,
        max_subscribers_affected=limits.max_subscribers_affected,
        max_bill_increase_percent=limits.max_bill_increase_percent,
    )


def population(made: Plan) -> int:
    """How many live objects a plan looked at."""
    return sum(not sighting.absent for sighting in made.observed)
