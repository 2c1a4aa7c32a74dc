"""What a plan is asked for, and what the planner is told of it: scope, prune, whom to adopt, secrets to compare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from reconciler.errors import SecretError, UsageError
from reconciler.kinds.references import references
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired, Mode, Snapshot, TeamConsent, Tree
from reconciler.planning.options import PlanOptions, no_secret
from reconciler.policy import Consent
from reconciler.workflow.context import Context
from reconciler.workflow.usage_request import UsageRequest


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
