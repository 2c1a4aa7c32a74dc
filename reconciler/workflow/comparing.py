"""``diff``: one environment against another, or what is declared against what is live. Only reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase

from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Between, Catalogue, Desired, Observation
from reconciler.planning.between import (
    Entries,
    counted,
    declared_entries,
    differences,
    live_entries,
    matched,
    only,
    rows_of,
)
from reconciler.planning.export_keys import Name, known_names
from reconciler.planning.work import Work
from reconciler.workflow.context import Context, connect, load_desired
from reconciler.workflow.live import declared_or_nothing
from reconciler.workflow.plans import require_identity

Wanted = Callable[[Address], bool]


def compare_environments(
    source: Context, target: Context, *, targets: tuple[str, ...] = (), excludes: tuple[str, ...] = ()
) -> Between:
    """What is live in one environment against what is live in another; ``targets`` as of a plan.

    Raises ``RefusedError`` where another namespace answers than the environment names.
    """
    one, other = (_observed(context, declared_or_nothing(context)) for context in (source, target))
    names = _names(other) | _names(one)
    wanted = _wanted(targets, excludes)
    found = _between(
        _catalogue(source, one.observation),
        _catalogue(target, other.observation),
        only(live_entries(one, names), wanted),
        only(live_entries(other, names), wanted),
    )
    return replace(found, capped=tuple(sorted(one.observation.capped | other.observation.capped)))


def compare_declared(
    target: Context, *, name: str = "manifests", targets: tuple[str, ...] = (), excludes: tuple[str, ...] = ()
) -> Between:
    """What is declared for an environment against what is live there. ``Context.paths`` say where it is declared.

    Where those are only a part of the project's manifests, what they do not declare is left out.
    Raises ``ManifestError`` for manifests that do not read.
    """
    desired = load_desired(target)
    work = _observed(target, desired)
    wanted = _wanted(targets, excludes)
    declared = only(declared_entries(work), wanted)
    live = only(live_entries(work, _names(work)), wanted)
    compared = live if desired.complete else only(live, desired.resources.__contains__)
    found = _between(Catalogue(name), _catalogue(target, work.observation), declared, compared)
    return replace(found, left_out=len(live) - len(compared), capped=tuple(sorted(work.observation.capped)))


def _names(work: Work) -> dict[Name, str]:
    return known_names(work, rows_of(work.observation))


def _observed(context: Context, desired: Desired) -> Work:
    with connect(context, read_only=True) as backend:
        observation = backend.observe(KINDS, named=desired.resources)
        observation = replace(observation, requests=backend.requests)
    require_identity(context, observation.identity)
    return matched(desired, observation, context.environment.api)


def _catalogue(context: Context, observation: Observation) -> Catalogue:
    environment = context.environment
    return Catalogue(environment.name, environment.endpoint, observation.identity, observation.requests)


def _between(source: Catalogue, target: Catalogue, ours: Entries, theirs: Entries) -> Between:
    found = differences(ours, theirs)
    same = len({*ours, *theirs}) - len(found)
    return Between(source, target, found, same, counted(found))


def _wanted(targets: tuple[str, ...], excludes: tuple[str, ...]) -> Wanted:
    def wanted(address: Address) -> bool:
        name = str(address)
        inside = not targets or any(fnmatchcase(name, pattern) for pattern in targets)
        return inside and not any(fnmatchcase(name, pattern) for pattern in excludes)

    return wanted
