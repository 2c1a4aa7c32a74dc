"""Rollback: what a revision declared is planned for the environment as it is, and only ever forward.

Where to go, who may, and how much at once is decided by the project file and the approvals of today; what is declared
(manifests, variables, overlays) by the revision.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import BundleError, InputError
from reconciler.model import Approval, Desired, Permanent, Plan, Rollback
from reconciler.planning.permanence import permanent, questions
from reconciler.workflow.context import Context, connect, load_desired
from reconciler.workflow.plans import plan_for
from reconciler.workflow.requests import PlanRequest, options_for
from reconciler.workflow.revisions import at_revision

if TYPE_CHECKING:
    from reconciler.backends import Backend
    from reconciler.model import Observation


def make_rollback(context: Context, revision: str, request: PlanRequest) -> tuple[Rollback, Context]:
    """The plan back to a git revision, what it cannot undo, and the context to apply it in. Writes nothing.

    Raises ``UsageError`` where there is no such revision or no such environment then, ``ManifestError`` where what was
    declared then is not valid.
    """
    from reconciler.project.git import commit_of

    desired = declared_at(context, revision)
    context = replace(context, instead=desired)
    commit = commit_of(context.project.root, revision) or revision
    with connect(context, read_only=True) as backend:
        made, observation = plan_for(context, desired, backend, request, mode="rollback")
        made = replace(made, source=replace(made.source, revision=commit))
        told = _permanent(context, made, observation, backend, request)
    return replace(Rollback(revision, commit, made), permanent=told), context


def declared_at(context: Context, revision: str) -> Desired:
    """What an environment declared at a revision, under the protection and with the approvals of today."""
    with at_revision(context, revision) as then:
        desired = load_desired(then)
    project = context.project
    return replace(
        desired,
        project=project.name,
        protect=tuple(dict.fromkeys((*project.protect, *desired.protect))),
        former_names=tuple(dict.fromkeys((*project.former_names, *desired.former_names))),
        adopt={**desired.adopt, **context.environment.adopt},
        approvals=_approvals(context),
    )


def _approvals(context: Context) -> tuple[Approval, ...]:
    """Those at hand; none where the manifests at hand are broken, which may be why somebody goes back."""
    try:
        return load_desired(context).approvals
    except (BundleError, InputError):
        return ()


def _permanent(
    context: Context,
    made: Plan,
    observation: Observation,
    backend: Backend,
    request: PlanRequest,
) -> tuple[Permanent, ...]:
    desired = context.instead
    assert desired is not None
    answers = {**observation.answers, **backend.ask(questions(made, observation))}
    options = options_for(context, desired, request, (), "rollback")
    return permanent(made, desired, replace(observation, answers=answers), options)
