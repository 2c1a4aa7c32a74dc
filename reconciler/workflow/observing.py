"""Documents of what is only observed follow what is live: nobody compares them, so nobody else would tell.

The weeks in which a catalogue is observed before it is taken over are those in which it is still edited elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.errors import EditError
from reconciler.kinds import markers as m
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired, Left, Observation, Resource, Tree
from reconciler.planning.canonical import complete
from reconciler.planning.export import declared, simplified
from reconciler.planning.options import PlanOptions
from reconciler.planning.work import Work
from reconciler.reading.updating import update
from reconciler.workflow.context import Context
from reconciler.workflow.desk import Desk
from reconciler.workflow.placing import verbatim
from reconciler.workflow.wishes import order_at


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The documents that say something else now, on a desk that nobody has saved yet, and those that cannot."""

    desk: Desk
    addresses: tuple[Address, ...] = ()
    left: tuple[Left, ...] = ()


def refreshed(context: Context, desired: Desired, observation: Observation, chosen: Iterable[Address]) -> Refreshed:
    """Bring the spec of every chosen document with `manage: observe` to what is live, in memory."""
    work = Work(desired, observation, PlanOptions(api=context.environment.api))
    for resource in desired.resources.values():
        work.match(resource)
    desk, done, left = Desk(context.project), [], []
    for address in chosen:
        wanted = _wanted(work, desired.resources[address])
        if wanted is None:
            continue
        before = desk.copy()
        try:
            _write(desk, desired.resources[address], wanted)
            done.append(address)
        except EditError as error:
            desk.back(before)
            problem = error.problems[0]
            left.append(Left(address, "", problem.message, problem.location, problem.rule))
    return Refreshed(desk, tuple(done), tuple(left))


def _wanted(work: Work, resource: Resource) -> dict[str, Tree] | None:
    """What the document should say; None where it says so, says nothing, or nothing is live."""
    live = work.lives[resource.address]
    row = live.current or live.draft
    if resource.management.manage != "observe" or not resource.spec or row is None:
        return None
    kind, key = KINDS[resource.address.kind], resource.address.key
    ours = simplified(work, kind, key, complete(kind, key, resource.spec, work.feature_name))
    theirs = _with_sources(kind, resource.spec, declared(work, row, key))
    return None if ours == theirs else {**theirs, **_chosen_by_server(kind, resource.spec)}


def _with_sources(kind: Kind, ours: Mapping[str, Tree], theirs: dict[str, Tree]) -> dict[str, Tree]:
    """What is live, with the sources of secrets that the document names."""
    for name, field in kind.shape.fields.items():
        old, new = ours.get(name), theirs.get(name)
        if field.has(m.Secret) and isinstance(old, Mapping) and isinstance(new, Mapping):
            theirs[name] = {
                part: old[part] if isinstance(old.get(part), Mapping) else text for part, text in new.items()
            }
    return theirs


def _chosen_by_server(kind: Kind, ours: Mapping[str, Tree]) -> dict[str, Tree]:
    """What the document says of values that a live object does not tell."""
    return {name: ours[name] for name, field in kind.shape.fields.items() if name in ours and field.has(m.ServerChosen)}


def _write(desk: Desk, resource: Resource, wanted: Mapping[str, Tree]) -> None:
    hit = desk.find(resource.location)
    if hit is None:
        return
    path, document, _ = hit
    shape = KINDS[resource.address.kind].shape
    update(desk.editor(path), document, ("spec",), verbatim(wanted), lambda at: order_at(shape, at[1:]))
