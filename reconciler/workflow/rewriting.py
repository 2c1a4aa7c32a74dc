"""Documents brought to what is live as a whole: tried out in memory, object by object.

Those that are only observed, which nobody compares; and, in an overlay, those for which it takes more than single
values: an order, another kind of price, another state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.errors import EditError, InputError
from reconciler.kinds import markers as m
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired, Left, Observation, Observed, Problem, Resource, Tree
from reconciler.planning.canonical import complete
from reconciler.planning.export import declared, simplified
from reconciler.planning.options import PlanOptions
from reconciler.planning.patching import patch
from reconciler.planning.work import Work
from reconciler.reading.updating import update
from reconciler.workflow.context import Context, load_desired
from reconciler.workflow.desk import Desk
from reconciler.workflow.placing import Placer, verbatim
from reconciler.workflow.wishes import order_at


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The documents that say something else now, on a desk that nobody has saved yet, and those that cannot."""

    desk: Desk
    addresses: tuple[Address, ...] = ()
    left: tuple[Left, ...] = ()


def observed(context: Context, desired: Desired, observation: Observation, chosen: Iterable[Address]) -> Rewritten:
    """Every chosen document with `manage: observe` and a spec says what is live.

    The weeks in which a catalogue is observed before it is taken over are those in which it is still edited elsewhere.
    """
    resources = (desired.resources[address] for address in chosen)
    wanted = [one for one in resources if one.management.manage == "observe" and one.spec]
    return _Rewriter(context, desired, observation).all(wanted, overlay=False)


def patched(context: Context, desired: Desired, observation: Observation, chosen: Iterable[Address]) -> Rewritten:
    """The environment's overlay says of every chosen object what is live, where it says nothing of it yet."""
    wanted = [desired.resources[address] for address in chosen]
    return _Rewriter(context, desired, observation).all(wanted, overlay=True)


class _Rewriter:
    """One run over the documents of an environment."""

    def __init__(self, context: Context, desired: Desired, observation: Observation) -> None:
        self._context, self._desired = context, desired
        self._work = Work(desired, observation, PlanOptions(api=context.environment.api))
        for resource in desired.resources.values():
            self._work.match(resource)
        self._desk = Desk(context.project)
        self._placer = Placer(self._desk, context.project, context.environment)

    def all(self, resources: Iterable[Resource], *, overlay: bool) -> Rewritten:
        done: list[Address] = []
        left: list[Left] = []
        for resource in resources:
            before = self._desk.copy()
            try:
                if self._one(resource, overlay=overlay):
                    done.append(resource.address)
                continue
            except (EditError, InputError) as error:
                problem = error.problems[0]
            self._desk.back(before)
            left.append(Left(resource.address, "", problem.message, problem.location, problem.rule))
        return Rewritten(self._desk, tuple(done), tuple(left))

    def _one(self, resource: Resource, *, overlay: bool) -> bool:
        """Write one document; False where it says what is live, or where that cannot be said. Raises ``EditError``."""
        live = self._work.lives[resource.address]
        row = live.current or live.draft
        if row is None:
            return False
        kind, key = KINDS[resource.address.kind], resource.address.key
        plain = _with_sources(kind, resource.spec, declared(self._work, row, key))
        drafted = row.state == "draft" and resource.management.state == "active"
        if plain == self._plain(kind, resource) and not drafted:
            return False
        wanted = {**plain, **_chosen_by_server(kind, resource.spec)}
        if overlay:
            self._over(kind, resource, wanted, row, drafted=drafted)
        else:
            self._in_place(kind, resource, wanted)
        if not self._says(resource, plain):
            message = "what was written does not say what is live; change it by hand"
            raise EditError([Problem("edit.unsure", message, resource.location)], message)
        return True

    def _in_place(self, kind: Kind, resource: Resource, wanted: Mapping[str, Tree]) -> None:
        hit = self._desk.find(resource.location)
        if hit is not None:
            path, document, _ = hit
            editor = self._desk.editor(path)
            update(editor, document, ("spec",), verbatim(wanted), lambda at: order_at(kind.shape, at[1:]))

    def _over(self, kind: Kind, resource: Resource, wanted: dict[str, Tree], row: Observed, *, drafted: bool) -> None:
        full = complete(kind, resource.address.key, wanted, self._work.feature_name)
        old = complete(kind, resource.address.key, resource.spec, self._work.feature_name)
        change = patch(kind, resource.spec, wanted, old, full)
        parts: dict[str, Tree] = {"patch": verbatim(change)} if change else {}
        self._placer.begin(resource, {**parts, **({"lifecycle": {"state": row.state}} if drafted else {})})

    def _says(self, resource: Resource, plain: Mapping[str, Tree]) -> bool:
        """Whether what lies on the desk declares this, and everything else as before."""
        now = load_desired(replace(self._context, project=self._desk.project()))
        others = self._desired.resources
        same = all(
            address == resource.address or (address in others and others[address].spec == one.spec)
            for address, one in now.resources.items()
        )
        if not same or self._plain(KINDS[resource.address.kind], now.resources[resource.address]) != plain:
            return False
        self._desired = now
        return True

    def _plain(self, kind: Kind, resource: Resource) -> dict[str, Tree]:
        key = resource.address.key
        return simplified(self._work, kind, key, complete(kind, key, resource.spec, self._work.feature_name))


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
