"""Making plans: declared against live, with consents, limits and the facts of the moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from reconciler.errors import RefusedError, SecretError, UsageError
from reconciler.kinds.references import references
from reconciler.kinds.registry import KINDS
from reconciler.model import (
    Address,
    Desired,
    Mode,
    Observation,
    Plan,
    PlanSource,
    Problem,
    Snapshot,
    TeamConsent,
    Tree,
)
from reconciler.planning.affected import affected
from reconciler.planning.affected import questions as affected_questions
from reconciler.planning.contents import contents
from reconciler.planning.curves import curves
from reconciler.planning.impact import impacts
from reconciler.planning.options import PlanOptions, no_secret
from reconciler.planning.planfile import object_digest
from reconciler.planning.sides import sides
from reconciler.policy import Bounds, Consent, Hearing, frozen, judge
from reconciler.version import VERSION
from reconciler.workflow.answers import answered
from reconciler.workflow.bundles import pinned
from reconciler.workflow.context import Context, connect, load_desired, now
from reconciler.workflow.price_tests import failing
from reconciler.workflow.trusting import unlisted
from reconciler.workflow.usage_request import UsageRequest

if TYPE_CHECKING:
    from reconciler.backends import Backend

_REMOTE_BOUNDS = Bounds(max_changes_percent=30, max_removals=0)
"""What an environment that writes no limits gets, unless it is a sandbox."""


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What a plan is asked for.

    ``targets`` and ``excludes`` are patterns over ``Kind/key``; ``allow`` are consents as ``--allow`` takes them;
    ``prune`` None: as the environment says. ``rehearse``: try the steps out on a copy in memory of what was observed;
    ``Plan.rehearsal`` tells what became of them. ``at``: what would be planned at a moment of the future, in UTC; such
    a plan cannot be applied before. ``usage``: re-rate the last closed billing period of real customers;
    ``Plan.rerated`` tells what it came to. ``consents`` are those of teams, as a host proves them. ``snapshot``: plan
    against it, without a network and without a secret.
    """

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    prune: bool | None = None
    allow: tuple[str, ...] = ()
    write_secrets: bool = False
    rehearse: bool = False
    at: datetime | None = None
    usage: UsageRequest | None = None
    consents: tuple[TeamConsent, ...] = ()
    snapshot: Snapshot | None = None


def make_plan(context: Context, request: PlanRequest = PlanRequest()) -> Plan:
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


def make_destroy_plan(context: Context, request: PlanRequest = PlanRequest()) -> Plan:
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


def consents_for(desired: Desired, request: PlanRequest) -> tuple[Consent, ...]:
    """What is consented to: with ``--allow``, and by the committed approvals that hold on that day."""
    today = (request.at or now()).date()
    asked = (Consent.parse(text) for text in request.allow)
    return (*asked, *(consent for approval in desired.approvals for consent in Consent.of(approval, today)))


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


def options_for(
    context: Context, desired: Desired, request: PlanRequest, consents: tuple[Consent, ...], mode: Mode
) -> PlanOptions:
    """What the planner is told: prune, consents to adopt, scope, secrets for comparing. Raises ``UsageError``."""
    prune = request.prune if request.prune is not None else bool(context.environment.prune)
    if prune and mode == "apply" and context.project.file is None:
        raise UsageError("--prune needs a project file: without one nothing says what is all there should be")
    return PlanOptions(
        api=context.environment.api,
        prune=prune,
        mode=mode,
        adopt=lambda address: any(consent.void is None and consent.covers("adopt", address) for consent in consents),
        only=_only(desired, request),
        write_secrets=request.write_secrets,
        reveal=revealer(context) if request.snapshot is None else no_secret,
    )


def _only(desired: Desired, request: PlanRequest) -> frozenset[Address] | None:
    """The addresses that targets and exclusions leave, with everything they name."""
    if not (request.targets or request.excludes):
        return None

    def matches(address: Address, patterns: Iterable[str]) -> bool:
        return any(fnmatchcase(str(address), pattern) for pattern in patterns)

    for pattern in (*request.targets, *request.excludes):
        if not any(matches(address, (pattern,)) for address in desired.resources):
            raise UsageError(f"`{pattern}` matches nothing that is declared")
    chosen = {
        address
        for address in desired.resources
        if (not request.targets or matches(address, request.targets)) and not matches(address, request.excludes)
    }
    return frozenset(with_dependencies(desired, chosen))


def with_dependencies(desired: Desired, chosen: Iterable[Address]) -> set[Address]:
    """The addresses with every declared object that they name, directly or not."""
    found = set(chosen)
    waiting = [address for address in found if address in desired.resources]
    while waiting:
        resource = desired.resources[waiting.pop()]
        for _, address in references(KINDS[resource.address.kind].shape, resource.spec):
            if address in desired.resources and address not in found:
                found.add(address)
                waiting.append(address)
    return found


def revealer(context: Context) -> Callable[[Mapping[str, Tree]], str | None]:
    """Reads secret sources for comparing in memory: env and file, never a command."""
    from reconciler.project import SecretSource, reveal

    def read(source: Mapping[str, Tree]) -> str | None:
        try:
            found = SecretSource.parse(source)
            if not context.project.may_name(found):
                return None
            return reveal(found, base=context.project.sources_root, allow_command=False)
        except SecretError:
            return None

    return read


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
