"""Applying what was approved: planned anew from the manifests at hand, and run only if it is the approved change.

An approval does not grow old: that what is planned now has the digest of what was looked at proves that nothing of it
moved, however long ago that was. So ``planValidFor``, which stands in for that proof where a saved plan is applied
without planning again, does not hold for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.errors import ForeignPlanError
from reconciler.model import Address, ChangeClass, Guard, Plan, Standing
from reconciler.planning import planfile
from reconciler.planning.approved import changed, require_equal, require_same_target, stand
from reconciler.workflow.bundles import pinned
from reconciler.workflow.context import Context, load_desired
from reconciler.workflow.plans import PlanRequest, consents_for, judged_by, observed_plan, revealer

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
    made, observation = observed_plan(context, request)
    require_same_target(approved, made)
    projects = frozenset({made.project, *context.project.former_names})
    found = stand(approved, made, observation, projects, revealer(context))
    if found.standing == "changed":
        raise changed(approved, made)
    if found.standing != "rest":
        return Approved(found.standing, made, made)
    run = _rest(context, approved, made, request, found.left)
    return Approved("rest", replace(made, guards=run.guards, policy=run.policy), run, found.left)


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


def _rest(context: Context, approved: Plan, made: Plan, request: PlanRequest, left: tuple[Address, ...]) -> Plan:
    """The approved plan, judged by the policy and with the consents of now, as of the moment it is planned again.

    Consents name the digest of the whole, so the whole is judged; what is done already needs no consent any more.
    """
    asked = replace(approved, guards=tuple(_unanswered(approved)), policy=(), warnings=made.warnings)
    judged = judged_by(context, asked, request, consents_for(load_desired(pinned(context)), request))
    if planfile.change_digest(judged) != planfile.change_digest(approved):  # the policy or a limit moved meanwhile
        raise changed(approved, replace(made, guards=judged.guards))
    keeps = [guard for guard in judged.guards if guard.address is None or guard.address in left]
    apart = [
        guard for guard in made.guards if planfile.is_apart(guard) and guard.name not in {one.name for one in keeps}
    ]
    return replace(
        judged,
        guards=(*keeps, *apart),
        source=made.source,  # it may have been approved from a snapshot
        valid_until=made.valid_until,
        not_before=made.not_before,
    )


def _unanswered(plan: Plan) -> list[Guard]:
    """The guards that the planner itself put up, as if nobody had said anything to them yet."""
    return [
        replace(guard, status="open", consent=None)
        for guard in plan.guards
        if guard.code not in _CLASSES | _JUDGED and not planfile.is_apart(guard)
    ]
