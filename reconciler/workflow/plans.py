"""Making plans: declared against live, with consents, limits and the facts of the moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.errors import RefusedError, UsageError
from reconciler.kinds.registry import KINDS
from reconciler.model import (
    Desired,
    Mode,
    Observation,
    Plan,
    PlanSource,
    Problem,
    Snapshot,
)
from reconciler.planning.affected import affected
from reconciler.planning.affected import questions as affected_questions
from reconciler.planning.contents import contents
from reconciler.planning.curves import curves
from reconciler.planning.impact import impacts
from reconciler.planning.options import PlanOptions
from reconciler.planning.sides import sides
from reconciler.policy import frozen
from reconciler.version import VERSION
from reconciler.workflow.answers import answered
from reconciler.workflow.bundles import pinned
from reconciler.workflow.context import Context, connect, load_desired, now
from reconciler.workflow.judging import consents_for, judged_by
from reconciler.workflow.price_tests import failing
from reconciler.workflow.requests import PlanRequest, options_for
from reconciler.workflow.trusting import unlisted
from reconciler.workflow.usage_request import UsageRequest

if TYPE_CHECKING:
    from reconciler.backends import Backend

_PLAIN = PlanRequest()
"""A plan of everything, as the environment says, and of now."""


def make_plan(context: Context, request: PlanRequest = _PLAIN) -> Plan:
    """What would change, now or at ``request.at``. Writes nothing. Raises ``UsageError`` for a moment that is past."""
    return observed_plan(context, request)[0]


def observed_plan(context: Context, request: PlanRequest) -> tuple[Plan, Observation]:
    """The same, with what was observed for it."""
    if request.at is not None and request.at < now():
        raise UsageError(f"{rfc3339(request.at)} is past; a plan without a date is the one of now")
    context = pinned(context)
    desired = load_desired(context, request.at)
    if request.snapshot is not None:
        made, observation = _from_snapshot(context, desired, request, request.snapshot)
        return _with_warning(context, made), observation
    with connect(context, read_only=True) as backend:
        made, observation = plan_for(context, desired, backend, request)
    return _with_warning(context, made), observation


def _from_snapshot(
    context: Context, desired: Desired, request: PlanRequest, snapshot: Snapshot
) -> tuple[Plan, Observation]:
    from reconciler.workflow.snapshots import against, remarks, require_fitting

    if request.usage is not None:
        raise UsageError("what real customers would have paid is in no snapshot", tip="leave out --impact live")
    require_fitting(context, snapshot)
    backend = against(snapshot, desired)
    made, observation = plan_for(context, desired, backend, request)
    source = replace(made.source, snapshot=snapshot.digest, snapshot_at=snapshot.created_at)
    found = remarks(context, snapshot, backend, desired, now())
    return replace(made, source=source, warnings=(*made.warnings, *found)), observation


def _with_warning(context: Context, made: Plan) -> Plan:
    """Say where a plan passes by the environment that its catalogue should have been proven in."""
    source, name = context.environment.promotes_from, context.environment.name
    if source is None or context.bundle is not None or made.is_empty:
        return made
    message = (
        f"{name} is promoted from {source}, and this is planned from the files at hand, whatever is live in {source}; "
        f"`reconciler promote --to {name}` brings over what is proven there"
    )
    return replace(made, warnings=(*made.warnings, Problem("project.unproven", message, severity="warning")))


def make_destroy_plan(context: Context, request: PlanRequest = _PLAIN) -> Plan:
    """What removing everything that this project owns would do.

    The manifests of a project file are read for what they say of their end. Raises ``ManifestError`` where they cannot
    be: nobody knows then what they protect.
    """
    wanted = nothing(context)
    with connect(context, read_only=True) as backend:
        return plan_for(context, wanted, backend, replace(request, prune=True), mode="destroy")[0]


def nothing(context: Context) -> Desired:
    """What a destroy wants to be there: no object of this project, but what it protects or wants kept.

    Markers say that too, but no update reaches those of features and of published versions.
    """
    empty = Desired(
        resources={},
        project=context.project.name,
        environment=context.environment.name,
        protect=tuple(context.project.protect),
        former_names=tuple(context.project.former_names),
    )
    if context.project.file is None:
        return empty
    declared = load_desired(context)
    lives = {address: resource.management for address, resource in declared.resources.items()}
    return replace(
        empty,
        protect=(*empty.protect, *(str(address) for address, managed in lives.items() if managed.protect)),
        on_remove={address: managed.on_remove for address, managed in lives.items() if managed.on_remove},
        approvals=declared.approvals,
    )


def plan_for(
    context: Context, desired: Desired, backend: Backend, request: PlanRequest, *, mode: Mode = "apply"
) -> tuple[Plan, Observation]:
    """The plan that leads to what is declared, judged and stamped; and what was observed for it."""
    consents = consents_for(desired, request)
    options = options_for(context, desired, request, consents, mode)
    observation = backend.observe(KINDS, everything=mode == "destroy", named=desired.resources)
    require_identity(context, observation.identity)
    made, observation = answered(backend, desired, observation, options)
    made = with_consequences(made, desired, observation, options, backend)
    if not made.is_empty:  # what changes nothing is held to nothing
        made = replace(made, guards=(*made.guards, *failing(context, desired, observation, options.only)))
    if request.usage is not None:
        made = _with_usage(context, made, desired, observation, options, backend, request.usage)
    judged = judged_by(context, made, request, consents)
    if request.rehearse:
        from reconciler.workflow.rehearsal import rehearse

        judged = replace(judged, rehearsal=rehearse(judged, desired, observation, options, context.environment))
    judged = replace(judged, guards=(*judged.guards, *frozen(judged, context.environment.freeze, request.at or now())))
    judged = replace(judged, warnings=(*judged.warnings, *unlisted(context.project, desired)))
    return stamped(context, desired, judged, request.at), observation


def with_consequences(
    made: Plan, desired: Desired, observation: Observation, options: PlanOptions, backend: Backend
) -> Plan:
    """The plan with what it does to bills and to subscribers; one question per plan that changes."""
    priced = sides(made, desired, observation, options)
    answers = backend.ask(affected_questions(made))
    return replace(
        made,
        impacts=impacts(priced, desired),
        curves=curves(priced),
        affected=affected(made, priced, answers),
        contents=contents(made, desired, observation, options),
        requests=backend.requests,
    )


def _with_usage(
    context: Context,
    made: Plan,
    desired: Desired,
    observation: Observation,
    options: PlanOptions,
    backend: Backend,
    asked: UsageRequest,
) -> Plan:
    from reconciler.workflow.rerating import rerate

    plans = sides(made, desired, observation, options)
    found = rerate(plans, made, desired, observation, options, backend, asked, now(), context.parallelism)
    return replace(made, rerated=found, requests=backend.requests)


def require_identity(context: Context, answering: str | None) -> None:
    """Refuse an address behind which another namespace answers than the environment names."""
    pinned = context.environment.identity
    if pinned is not None and answering != pinned:
        raise RefusedError(
            f"the environment {context.environment.name} is the namespace {pinned}, but at "
            f"{context.environment.endpoint} answers {answering or 'one without a billing profile'}",
            tip="check the endpoint and the token; correct `identity` only if the namespace really is another one now",
            reason="wrong-namespace",
        )


def stamped(context: Context, desired: Desired, made: Plan, at: datetime | None) -> Plan:
    """The plan with the facts of the moment: times, commit, tool."""
    from reconciler.project import git_facts

    facts = git_facts(context.project.root)
    made_at = now().replace(microsecond=0)
    return replace(
        made,
        tool=f"reconciler {VERSION}",
        created_at=rfc3339(made_at),
        valid_until=rfc3339((at or made_at) + context.environment.plan_valid_for),
        source=PlanSource(
            desired.digest, facts.commit, facts.dirty, bundle=context.bundle.digest if context.bundle else None
        ),
        not_before=at,
    )


def rfc3339(moment: datetime) -> str:
    """An instant in UTC as plan files and reports have it."""
    return moment.isoformat().replace("+00:00", "Z")
