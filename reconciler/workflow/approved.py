"""Applying what was approved: planned anew from the manifests at hand, and run only if it is the approved change.

An approval does not grow old: that what is planned now has the digest of what was looked at proves that nothing of it
moved, however long ago that was. So ``planValidFor``, which stands in for that proof where a saved plan is applied
without planning again, does not hold for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.errors import ForeignPlanError, RefusedError
from reconciler.model import Address, ChangeClass, Guard, Plan, Standing
from reconciler.planning import planfile
from reconciler.planning.approved import changed, finished, require_equal, require_same_target, stand
from reconciler.policy import Teams, upheld
from reconciler.workflow.bundles import pinned
from reconciler.workflow.context import Context, load_desired, now
from reconciler.workflow.judging import consents_for, judged_by
from reconciler.workflow.plans import observed_plan, rfc3339
from reconciler.workflow.requests import PlanRequest, revealer

_CLASSES = frozenset(found.value for found in ChangeClass)
_JUDGED = frozenset({"max_removals", "max_changes_percent", "max_subscribers_affected", "max_bill_increase_percent"})
"""Guards that judging adds, beside those of classes and of what the change digest leaves out."""


@dataclass(frozen=True, slots=True)
class Approved:
    """What may be done of an approved plan.

    ``plan`` is what there is to do, as it is planned now; ``run`` is what ``run_apply`` is given: the same, or the
    approved plan itself, of which an apply that was cut off has left the objects ``left``.
    """

    standing: Standing
    plan: Plan
    run: Plan
    left: tuple[Address, ...] = ()


def make_approved_plan(context: Context, approved: Plan, request: PlanRequest | None = None) -> Approved:
    """Plan anew, and hold it to an approved plan. Writes nothing.

    Raises ``ForeignPlanError`` for an approval of another environment, namespace, project or kind of run, and
    ``PlanChangedError`` with the differences where what would be done now is not what was approved.
    """
    request = request or PlanRequest()
    _require_here(context, approved)
    _require_due(approved)
    made, observation = observed_plan(context, request)
    require_same_target(approved, made)
    projects = frozenset({made.project, *context.project.former_names})
    found = stand(approved, made, observation, projects, revealer(context))
    if found.standing == "changed":
        raise changed(approved, made)
    if found.standing == "equal":
        made = _upheld(context, approved, made, request)
    if found.standing != "rest":
        return Approved(found.standing, made, made)
    run = _rest(context, approved, made, request, found.left)
    return Approved("rest", _shown(made, run, found.left), run, found.left)


def require_approved(approved: Plan, made: Plan) -> None:
    """Refuse a plan that is not the approved change.

    Raises ``ForeignPlanError`` for an approval of another target, and ``PlanChangedError`` with the differences.
    """
    require_equal(approved, made)


def _require_here(context: Context, approved: Plan) -> None:
    """What can be known without asking the server."""
    name, project = context.environment.name, context.project.name
    if (approved.target.environment, approved.project) != (name, project):
        raise ForeignPlanError(
            f"what was approved is a plan of {approved.project} for {approved.target.environment}, not of {project} "
            f"for {name}",
            tip="give the approved plan of this environment",
        )


def _require_due(approved: Plan) -> None:
    """What was approved for a day is not done before it, even where it would be the same change today."""
    if approved.not_before is not None and now() < approved.not_before:
        due = rfc3339(approved.not_before)
        raise RefusedError(
            f"what was approved is what will be due at {due}, and that is not yet",
            tip=f"apply it from {due} on",
            reason="not-due",
        )


def _upheld(context: Context, approved: Plan, judged: Plan, request: PlanRequest) -> Plan:
    """The same change, and what the policy asked for when it was approved."""
    environment = context.environment
    teams = Teams(environment.name, planfile.change_digest(judged), request.consents, context.project.teams)
    return upheld(approved, judged, environment.policy, teams)


def _rest(context: Context, approved: Plan, made: Plan, request: PlanRequest, left: tuple[Address, ...]) -> Plan:
    """The approved plan, judged by the policy and with the consents of now, as of the moment it is planned again.

    Consents name the digest of the whole, so the whole is judged; what is done already needs no consent any more.
    """
    asked = replace(approved, guards=tuple(_unanswered(approved)), policy=(), warnings=made.warnings)
    judged = judged_by(context, asked, request, consents_for(load_desired(pinned(context)), request))
    if planfile.change_digest(judged) != planfile.change_digest(approved):  # the policy or a limit moved meanwhile
        raise changed(approved, replace(made, guards=judged.guards))
    settled = finished(_upheld(context, approved, judged, request), left)
    known = {guard.name for guard in settled.guards}
    apart = (guard for guard in made.guards if planfile.is_apart(guard) and guard.name not in known)
    return replace(
        settled,
        guards=(*settled.guards, *apart),
        source=made.source,  # it may have been approved from a snapshot
        valid_until=made.valid_until,
        not_before=made.not_before,
    )


def _shown(made: Plan, run: Plan, left: tuple[Address, ...]) -> Plan:
    """The plan of now with what stands before the rest, and nothing of what is live already."""
    over = {step.address for step in run.steps}.difference(left)
    return replace(
        made,
        guards=tuple(guard for guard in run.guards if guard.address not in over),
        policy=tuple(ruling for ruling in run.policy if ruling.address not in over),
    )


def _unanswered(plan: Plan) -> list[Guard]:
    """The guards that the planner itself put up, as if nobody had said anything to them yet."""
    return [
        replace(guard, status="open", consent=None)
        for guard in plan.guards
        if guard.code not in _CLASSES | _JUDGED and not planfile.is_apart(guard)
    ]
