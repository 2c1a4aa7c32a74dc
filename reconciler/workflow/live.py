"""What is live, for ``get``: every object, whose it is, and whether a document claims it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from reconciler.errors import BundleError, InputError
from reconciler.kinds import marker as markers
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired, Observation, Observed, Tree
from reconciler.planning.options import PlanOptions
from reconciler.planning.secrets import hide
from reconciler.planning.work import Work
from reconciler.workflow.context import Context, connect, load_desired
from reconciler.workflow.plans import require_identity

Claim = Literal["owned", "claimed", "unmanaged", "foreign"]


@dataclass(frozen=True, slots=True)
class LiveRow:
    """One live object or version. ``key`` is None where nothing tells it; ``spec`` holds no secret."""

    kind: str
    key: str | None
    id: str
    name: str | None
    state: str
    version: int | None
    claim: Claim
    project: str | None
    spec: dict[str, Tree]


def live_objects(context: Context, kind: str | None = None, key: str | None = None) -> tuple[LiveRow, ...]:
    """The live objects of one kind or all, optionally with one key, in registry order.

    Raises ``RefusedError`` where another namespace answers than the environment names.
    """
    desired = declared_or_nothing(context)
    named = [*desired.resources, *([Address(kind, key)] if kind and key else [])]
    with connect(context, read_only=True) as backend:
        observation = backend.observe([kind] if kind else KINDS, named=named)
    require_identity(context, observation.identity)
    rows = live_rows(context, desired, observation)
    return tuple(row for row in rows if key is None or row.key == key)


def live_rows(context: Context, desired: Desired, observation: Observation) -> Iterator[LiveRow]:
    """A row for everything that was observed."""
    work = Work(desired, observation, PlanOptions(api=context.environment.api))
    for resource in desired.resources.values():
        if resource.address.kind in observation.objects:
            work.match(resource)
    yield from _rows(work, observation, desired)


def declared_or_nothing(context: Context) -> Desired:
    """What is declared, or nothing where the manifests do not read: looking at what is live must still work."""
    try:
        return load_desired(context)
    except (InputError, BundleError):
        former = tuple(context.project.former_names)
        return Desired({}, context.project.name, context.environment.name, former_names=former)


def _rows(work: Work, observation: Observation, desired: Desired) -> Iterator[LiveRow]:
    for name, kind in KINDS.items():
        rows = observation.objects.get(name, ())
        for row in sorted(rows, key=lambda item: (work.key_of(name, item.id) or item.key or "~", -(item.version or 0))):
            spec = work.live_spec(row)
            key = work.key_of(name, row.id) or row.key
            shown = row.wire.get("name")
            yield LiveRow(
                kind=name,
                key=key,
                id=row.id,
                name=shown if isinstance(shown, str) else None,
                state=row.state,
                version=row.version,
                claim=_claim(work, row, key, desired),
                project=row.marker.project if row.marker else None,
                spec=hide(kind.shape, {**spec, "metadata": markers.strip(spec.get("metadata"))}),
            )


def _claim(work: Work, row: Observed, key: str | None, desired: Desired) -> Claim:
    owner = work.index.owner(row)
    if owner == "unmarked":
        declared = key is not None and Address(row.kind, key) in desired.resources
        return "claimed" if declared else "unmanaged"
    return "owned" if owner == "ours" else "foreign"
