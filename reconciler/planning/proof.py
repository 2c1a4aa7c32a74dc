"""Whether what is live is exactly what is declared, and since when. Pure.

Stricter than a plan: what ``ignore`` and ``create-only`` leave to others counts, unless only one of two environments
says so, which is a difference that its overlay declares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from reconciler.model import (
    Action,
    Address,
    Change,
    Desired,
    FieldChange,
    LastChange,
    Observation,
    Observed,
    Plan,
    Resource,
    Tree,
)
from reconciler.planning.canonical import instant_text
from reconciler.planning.options import PlanOptions
from reconciler.planning.work import Work

_INSTANTS = ("createdAt", "updatedAt", "effectiveFrom", "effectiveTo", "archivedAt")
_SHOWN = 3
_STANDS = {
    Action.CREATE: "is not live",
    Action.ADOPT: "is not marked as this project's",
    Action.ARCHIVE: "is still live",
    Action.DELETE: "is still live",
    Action.RELEASE: "is still marked as this project's",
}


def strictly(desired: Desired, other: Desired) -> Desired:
    """What is declared, without what both environments leave to others."""
    found = {
        address: _strict(resource, other.resources.get(address)) for address, resource in desired.resources.items()
    }
    return replace(desired, resources=found)


def _strict(resource: Resource, twin: Resource | None) -> Resource:
    if twin is None:
        return resource
    own, others = resource.management, twin.management
    ignore = tuple(path for path in own.ignore if path not in others.ignore)
    both = own.manage == "create-only" == others.manage
    return replace(resource, management=replace(own, ignore=ignore, manage="full" if both else own.manage))


def unproven(made: Plan, lenient: Plan | None = None) -> Iterator[str]:
    """Why a plan says that what is live is not what is declared: one sentence per object, and per guard.

    What ``lenient``, the plan that leaves to others what is theirs, would not change is said to be so.
    """
    known = {change.address for change in lenient.changes if _counts(change)} if lenient is not None else None
    for change in made.changes:
        if _counts(change):
            why = " (left to others in the manifests)" if known is not None and change.address not in known else ""
            yield _sentence(change) + why
    yield from (guard.message for guard in made.guards)


def undeclared(strict: Plan, lenient: Plan) -> Iterator[str]:
    """What would stay as it is although both environments declare something else."""
    touched = {(change.address, field.path) for change in lenient.changes for field in change.fields}
    whole = {change.address for change in lenient.changes if _counts(change)}
    for change in strict.changes:
        left = tuple(field for field in change.fields if (change.address, field.path) not in touched)
        if _counts(change) and (change.address not in whole or (left and change.action is not Action.CREATE)):
            yield _sentence(replace(change, fields=left)) + " (left to others in the manifests)"


def _counts(change: Change) -> bool:
    return change.action is not Action.NO_CHANGE


def _sentence(change: Change) -> str:
    if change.action in _STANDS:
        return f"{change.address} {_STANDS[change.action]}"
    fields = "; ".join(_field(field) for field in change.fields[:_SHOWN])
    more = f"; {len(change.fields) - _SHOWN} more" if len(change.fields) > _SHOWN else ""
    return f"{change.address} is not as declared: {fields or ', '.join(change.reasons)}{more}"


def _field(field: FieldChange) -> str:
    if field.before is None and field.after is None:
        return f"{field.path} {field.note or ''}".rstrip()
    return f"{field.path} is {_show(field.before)} instead of {_show(field.after)}"


def _show(value: Tree) -> str:
    if value is None:
        return "nothing"
    return "something else" if isinstance(value, Mapping | list | tuple) else f"`{value}`"


def beside(desired: Desired, observation: Observation, options: PlanOptions) -> tuple[Address, ...]:
    """What is live, this project's, and not declared: kept because nothing is pruned, or because it says so."""
    owned = Work(desired, observation, options).index.owned()
    return tuple(
        address
        for address, rows in sorted(owned.items())
        if address not in desired.resources and any(row.state != "archived" for row in rows)
    )


def last_change(desired: Desired, observation: Observation, options: PlanOptions) -> LastChange | None:
    """The youngest instant that the server gives for anything that is declared; None where nothing is live.

    Every version counts, also those that ended: that one was archived is a change of the catalogue. What was deleted
    is not there to be asked. Objects that are only observed are somebody else's.
    """
    work = Work(desired, observation, options)
    found: list[tuple[str, str]] = []
    for address, resource in desired.resources.items():
        if resource.management.manage != "observe":
            found += ((instant, str(address)) for row in work.match(resource).rows for instant in _instants(row))
    if not found:
        return None
    instant, what = max(found)
    return LastChange(datetime.fromisoformat(instant), what)


def _instants(row: Observed) -> Iterator[str]:
    for name in _INSTANTS:
        value = row.wire.get(name)
        text = instant_text(value) if isinstance(value, str) else ""
        if text.endswith("Z"):
            yield text
