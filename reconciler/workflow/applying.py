"""Applying a plan: refuse what may not run, run it, read back what it did."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.errors import (
    BackendError,
    ForeignPlanError,
    GuardError,
    ReconcilerError,
    RefusedError,
    RehearsalError,
    StaleError,
)
from reconciler.kinds.registry import KINDS
from reconciler.model import Action, Address, Guard, Observation, Plan, Report, Tree
from reconciler.planning import planfile
from reconciler.planning.planner import stops
from reconciler.planning.resume import progress
from reconciler.planning.stale import moved
from reconciler.planning.verify import verify
from reconciler.policy import exceeded, frozen, stricter
from reconciler.workflow.answers import answered
from reconciler.workflow.context import Context, connect, load_desired, now
from reconciler.workflow.judging import bounds, consents_for, population
from reconciler.workflow.plans import nothing, require_identity, rfc3339
from reconciler.workflow.requests import PlanRequest, options_for, revealer
from reconciler.workflow.trusting import require_listed, require_named

if TYPE_CHECKING:
    from reconciler.backends import Backend
    from reconciler.execution import Event


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an apply came to: the report, and the second plan where the manifests were at hand."""

    report: Report
    second: Plan | None = None

    @property
    def exit_code(self) -> int:
        """The exit code of ``cli.md``."""
        return self.report.exit_code


def require_open(made: Plan) -> None:
    """Refuse a plan that may not be applied: raises ``GuardError`` with every open guard."""
    if made.open_guards:
        raise GuardError(made.open_guards, tip=_tip(made.open_guards))


def require_writable(context: Context, made: Plan) -> None:
    """Refuse a plan with something to do where nothing may be written: raises ``RefusedError``."""
    if context.read_only and made.steps:
        raise RefusedError(
            f"{context.environment.name} was opened to be read only, and this plan would write",
            tip="leave out --read-only, and unset RECONCILER_READ_ONLY",
            reason="read-only",
        )


def require_live(made: Plan) -> None:
    """Refuse to apply what was planned against a snapshot: raises ``ForeignPlanError``."""
    if made.source.snapshot is not None:
        raise ForeignPlanError(
            "the plan was made from a snapshot: plan again against the live catalogue",
            tip=f"reconciler plan -e {made.target.environment}",
            reason="from-snapshot",
        )


def require_complete(made: Plan) -> None:
    """Refuse to end well with a plan that could not be drawn up in full: raises ``GuardError`` with what stops it."""
    if found := stops(made):
        raise GuardError(found, tip=_tip(found))


def require_rehearsed(made: Plan) -> None:
    """Refuse to end well with a plan that was tried out and failed: raises ``RehearsalError``."""
    rehearsal = made.rehearsal
    if rehearsal is None or rehearsal.passed:
        return
    if rehearsal.refusals:
        found = f"{len(rehearsal.refusals)} of {rehearsal.total} steps would be refused"
    else:
        found = "its steps would not lead to what is declared"
    raise RehearsalError(f"the rehearsal failed: {found}. Nothing was written", tip="the plan above says why")


def _tip(guards: tuple[Guard, ...]) -> str | None:
    asks = [_flag(guard) for guard in guards if guard.consentable or guard.code == "foreign_draft"]
    teams = dict.fromkeys(f"@{guard.team}" for guard in guards if guard.team)
    said = [f"after a review, consent with {' '.join(dict.fromkeys(asks))}"] if asks else []
    said += (
        [f"a member of {' and one of '.join(teams)} has to approve it in review; CI hands that over with --consents"]
        if teams
        else []
    )
    return "; ".join(said) or None


def _flag(guard: Guard) -> str:
    return f"--allow adopt:{guard.address}" if guard.code == "foreign_draft" else f"--allow {guard.name}"


def run_apply(
    context: Context,
    made: Plan,
    *,
    on_event: Callable[[Event], None] | None = None,
    should_stop: threading.Event | None = None,
    again: PlanRequest | None = None,
) -> Outcome:
    """Do what a plan says, then read back.

    Everything is read again first; if something that matters to a step moved, nothing is written (``StaleError``).
    Each object is read once more just before its own write (``execution.watch`` tells what window remains).
    ``again`` is the request of the plan, for the second plan that must be empty. Raises ``GuardError`` for open
    guards and ``ForeignPlanError`` for an expired plan or another target: nothing is written then.
    """
    from reconciler.execution import append_verified, apply

    require_live(made)
    require_writable(context, made)
    require_listed(context.project, made)
    require_open(made)
    _require_target(context, made)
    _require_time(context, made)
    _require_pinned(context, made)
    started = time.monotonic()
    with connect(context) as backend:
        if should_stop is not None:
            backend.heed(should_stop)
        seen, done = _require_unmoved(backend, context, made)
        _require_policy(context, made, done)
        report = apply(
            made,
            backend,
            parallelism=context.parallelism,
            catalog_writes=context.environment.limits.catalog_writes,
            reveal=_secret(context),
            on_event=on_event or _silent,
            receipts=context.receipts,
            should_stop=should_stop or threading.Event(),
            done=done,
            seen=seen,
        )
        report = replace(report, plan_digest=planfile.digest(made))
        outcome = _checked(context, made, report, backend, again)
        append_verified(context.receipts, outcome.report, now)
    return replace(
        outcome, report=replace(outcome.report, seconds=time.monotonic() - started, requests=backend.requests)
    )


def _checked(context: Context, made: Plan, report: Report, backend: Backend, again: PlanRequest | None) -> Outcome:
    """Read back; where that fails, say so beside what was written instead of hiding it behind an error."""
    try:
        return _read_back(context, made, report, backend, again)
    except BackendError as error:
        unread = f"what was written could not be read back: {error.message}"
        return Outcome(replace(report, mismatches=(*report.mismatches, unread)))


def _require_pinned(context: Context, made: Plan) -> None:
    """A protected environment is only written once its file says which namespace it is."""
    environment = context.environment
    if environment.protected and environment.identity is None:
        raise RefusedError(
            f"the environment {environment.name} is protected and names no namespace",
            tip=f"if {made.target.identity} is right, `reconciler env check -e {environment.name} --pin` writes it",
            reason="not-pinned",
        )


def _silent(event: Event) -> None:
    """Nobody listens."""
    del event


def _require_target(context: Context, made: Plan) -> None:
    if made.target.endpoint.rstrip("/") != context.environment.endpoint.rstrip("/"):
        raise ForeignPlanError(
            f"the plan was made for {made.target.endpoint}, not for {context.environment.endpoint}",
            tip="apply it with the environment it was made for",
        )


def _require_time(context: Context, made: Plan) -> None:
    """Refuse a plan that is too old, made for later, or that a freeze window holds up now, whenever it was made."""
    moment = now()
    if made.valid_until and made.valid_until < rfc3339(moment):
        raise ForeignPlanError(f"the plan expired at {made.valid_until}", tip="make a new plan", reason="plan-expired")
    if made.not_before is not None and moment < made.not_before:
        due = rfc3339(made.not_before)
        raise RefusedError(
            f"this plan is what will be due at {due}, and that is not yet",
            tip=f"apply it from {due} on",
            reason="not-due",
        )
    if found := tuple(frozen(made, context.environment.freeze, moment)):
        raise GuardError(found, tip="; ".join(guard.message for guard in found))


def _require_policy(context: Context, made: Plan, done: Mapping[str, str | None]) -> None:
    """Refuse a saved plan that the environment's policy or limits of today would stop.

    Of an object that a run which was cut off has finished nothing is asked any more: none of its steps is sent again.
    """
    environment = context.environment
    left = {step.address for step in made.steps if step.id not in done}
    over = {step.address for step in made.steps} - left
    asked = (
        *stricter(made, environment.policy, now(), embedded=context.embedded),
        *exceeded(made, bounds(context, made.mode), population(made)),
    )
    if found := tuple(guard for guard in asked if guard.address not in over):
        raise GuardError(
            found, tip=f"the policy of {environment.name} asks for this now; make a new plan, which says how to go on"
        )


def _require_unmoved(backend: Backend, context: Context, made: Plan) -> tuple[Observation, dict[str, str | None]]:
    """Refuse a plan that something overtook; tell what is live, and which steps a killed run has done already."""
    observation = backend.observe(KINDS, everything=made.mode == "destroy", named=_looked_at(made))
    require_identity(context, observation.identity)
    if made.target.identity and observation.identity and made.target.identity != observation.identity:
        raise ForeignPlanError(
            f"the plan was made for the namespace {made.target.identity}; at {made.target.endpoint} answers "
            f"{observation.identity}"
        )
    projects = frozenset({made.project, *context.project.former_names})
    reached = progress(made, observation, projects, revealer(context))
    found = moved(made, observation, projects, frozenset(reached.done) | reached.again)
    if found:
        raise StaleError(
            found,
            "the live catalogue moved since this plan was made",
            tip=f"make a new plan: reconciler plan -e {made.target.environment}",
        )
    return observation, reached.done


def _looked_at(made: Plan) -> tuple[Address, ...]:
    """What has to be read even where the server's list ends before it."""
    return tuple(seen.address for seen in made.observed)


def _secret(context: Context) -> Callable[[Mapping[str, Tree]], str]:
    from reconciler.project import SecretSource, reveal

    def read(source: Mapping[str, Tree]) -> str:
        found = SecretSource.parse(source)
        require_named(context.project, (found,))
        return reveal(found, base=context.project.sources_root, allow_command=True)

    return read


def _read_back(context: Context, made: Plan, report: Report, backend: Backend, again: PlanRequest | None) -> Outcome:
    """Compare what is live now with what was meant; upgrade ``done`` to ``verified``; plan a second time."""
    if not report.count("done", "sent-unknown"):
        return Outcome(report)
    observation = backend.observe(KINDS, everything=made.mode == "destroy", named=_looked_at(made))
    created = {
        f"{result.step.address}#id": result.created_id
        for result in report.results
        if result.created_id is not None and result.step.verb == "create"
    }
    undone = frozenset(result.step.address for result in report.results if result.state not in ("done", "verified"))
    mismatches = verify(made, observation, created, undone, revealer(context))
    wrong = {mismatch.address for mismatch in mismatches}
    results = tuple(
        replace(result, state="verified")
        if result.state == "done" and result.step.address not in wrong | undone
        else result
        for result in report.results
    )
    report = replace(report, results=results, mismatches=tuple(mismatch.message for mismatch in mismatches))
    if made.mode == "destroy":
        again = PlanRequest(prune=True)
    if undone or again is None:
        return Outcome(report)
    try:
        return _second_plan(context, report, observation, backend, again)
    except ReconcilerError as error:  # somebody may have edited a manifest meanwhile: what was written is told first
        unmade = f"a second plan could not be made: {error.message}"
        return Outcome(replace(report, mismatches=(*report.mismatches, unmade)))


def _second_plan(
    context: Context, report: Report, observation: Observation, backend: Backend, again: PlanRequest
) -> Outcome:
    """Plan once more, from the manifests as they are now: what it would still do is not as it was meant."""
    mode = report.plan.mode
    desired = nothing(context) if mode == "destroy" else load_desired(context)
    consents = consents_for(desired, again)
    options = options_for(context, desired, replace(again, write_secrets=False), consents, mode)
    second, _ = answered(backend, desired, observation, options)
    refused = {step.address for step in second.steps if step.may_refuse}  # tried by every plan
    left = tuple(
        f"{change.address}: a second plan would still {change.action.value.replace('_', ' ')} it"
        for change in second.changes
        if change.action is not Action.NO_CHANGE and change.address not in refused
    )
    return Outcome(replace(report, mismatches=(*report.mismatches, *left)), second)
