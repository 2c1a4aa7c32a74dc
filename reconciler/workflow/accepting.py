"""Writing live edits into the files that declare them: tried out in memory, object by object, before a file is touched.

An edit is taken where, with it, the environment declares what is live and nothing else of it changes. Where it would
change what another environment declares, it goes into this environment's overlay instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Literal

from reconciler.backends import Backend
from reconciler.errors import EditError
from reconciler.model import (
    Acceptance,
    Accepted,
    Address,
    Drifted,
    DriftField,
    How,
    Left,
    Location,
    Resource,
    Tree,
)
from reconciler.planning.export import declared
from reconciler.planning.work import Work
from reconciler.workflow.context import Context, connect
from reconciler.workflow.desk import Desk
from reconciler.workflow.drifting import DriftRequest, Finding, look
from reconciler.workflow.placing import Mode, Placer
from reconciler.workflow.trials import Outcome, Trials, Written
from reconciler.workflow.wishes import Wish, unwritable, wishes

To = Literal["auto", "base", "overlay"]
_TEMPLATE = "edit.template"
_SOLD = frozenset({"Plan", "Addon"})
UNMARKED = "it is as declared; `apply` marks it as ours again"
_WHY = {
    "extra": "it is live and not declared so; `export` writes what is not declared",
    "unmarked": UNMARKED,
    "draft": "a draft is not accepted; publish or delete it where it was made",
    "in-the-way": "what stands in its place is not ours",
}


@dataclass(frozen=True, slots=True)
class AcceptRequest:
    """What is to be accepted. ``targets`` and ``excludes`` are patterns over ``Kind/key``; ``base`` as for drift.

    ``to``: "base" writes where a value is declared even where other environments share it, "overlay" always into the
    environment's overlay; "auto" the first unless another environment would change.
    """

    base: str | None = None
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    to: To = "auto"
    dry_run: bool = False


def accept(context: Context, request: AcceptRequest = AcceptRequest()) -> Acceptance:
    """Write live edits into the manifests. Nothing is sent. Raises ``UsageError`` where a file cannot be written."""
    with connect(context, read_only=True) as backend:
        finding = look(context, backend, DriftRequest(request.base))
        run = _Run(context, backend, finding, request)
        for found in _in_order(finding.drift.objects):
            if _chosen(found.address, request):
                run.take(found)
        result = run.result()
    if result.edits and not request.dry_run:
        run.desk.save()
        result = replace(result, written=True)
    return result


def _in_order(objects: tuple[Drifted, ...]) -> list[Drifted]:
    """What is gone comes last, and what names others before what they name: then nothing is missed."""
    there = [found for found in objects if found.what != "missing"]
    return there + [found for found in reversed(objects) if found.what == "missing"]


def _chosen(address: Address, request: AcceptRequest) -> bool:
    def matches(patterns: Iterable[str]) -> bool:
        return any(fnmatchcase(str(address), pattern) for pattern in patterns)

    return (not request.targets or matches(request.targets)) and not matches(request.excludes)


class _Run:
    """One acceptance: what was taken so far, and what was left."""

    def __init__(self, context: Context, backend: Backend, finding: Finding, request: AcceptRequest) -> None:
        self.desk = Desk(context.project)
        self._context, self._finding, self._request = context, finding, request
        self._placer = Placer(self.desk, context.project, context.environment)
        self._trials = Trials(context, backend, finding, self.desk, self._placer)
        self._accepted: list[Accepted] = []
        self._left: list[Left] = []

    def take(self, found: Drifted) -> None:
        """Accept one object, or say why not."""
        resource = self._trials.desired.resources.get(found.address)
        if resource is None or (found.what not in ("changed", "missing") and not found.fields):
            self._leave(found, "", _WHY.get(found.what, _WHY["extra"]), found.location)
        elif found.what == "missing":
            self._take_absence(found, resource)
        else:
            self._take_fields(found, resource)

    def _take_absence(self, found: Drifted, resource: Resource) -> None:
        if found.origin == "manifest":
            self._leave(found, "", "it was declared since; `apply` makes it", found.location)
            return
        if found.origin == "unknown" and not self._request.targets:
            # Where nothing was applied yet, everything is missing: that is no edit, and no reason to declare it gone.
            reason = (
                f"it is not live, and may never have been; if it was removed on purpose, `accept --target "
                f"{found.address}`, or --base says what was applied"
            )
            self._leave(found, "", reason, found.location)
            return
        if not self._applied():
            self._leave(found, "", "nothing of this project is live here; was it ever applied?", found.location)
            return
        state = "archived" if found.address.kind in _SOLD and "archived" in found.title else "absent"

        def write(mode: Mode) -> Written:
            return Written(((None, self._placer.lifecycle(resource, state, mode)),))

        self._try(found, write, modes=("own", "overlay"), said=state)

    def _applied(self) -> bool:
        """Whether anything live carries our marker, or was asked for by name."""
        projects = {self._context.project.name, *self._context.project.former_names}
        rows = (row for rows in self._finding.observation.objects.values() for row in rows)
        return bool(self._request.targets) or any(row.marker and row.marker.project in projects for row in rows)

    def _take_fields(self, found: Drifted, resource: Resource) -> None:
        # What an earlier object settled is settled: a rule shows no channel that is disabled.
        unsettled = [field for field in found.fields if (found.address, field.change.path) in self._trials.differs]
        fields = [field for field in unsettled if self._acceptable(found, field)]
        row = self._row(found.address)
        if not fields or row is None:
            return
        each, wanted = wishes(found, fields, row, apart=True), wishes(found, fields, row)

        def write(mode: Mode) -> Written:
            if mode == "place":
                return self._in_place(found, resource, each)
            # What only this environment has stays where it is: its own overlays and variables.
            own = [wish for wish in wanted if mode == "overlay" and self._placer.is_own(resource, wish)]
            rest = [wish for wish in wanted if wish not in own]
            if self._request.to == "auto":
                # What a template computes is not written over either, but left with the place to change.
                own += [wish for wish in rest if self._placer.is_computed(resource, wish)]
                rest = [wish for wish in rest if wish not in own]
            done = self._in_place(found, resource, own)
            where = self._placer.over(resource, rest, mode) if rest else None
            over = tuple((wish, where) for wish in rest if where is not None)
            return Written((*done.done, *over), done.left)

        self._try(found, write, modes=("place", "own", "overlay"))

    def _in_place(self, found: Drifted, resource: Resource, wanted: list[Wish]) -> Written:
        """Each value where its declaration stands; what cannot be changed there does not keep the others."""
        done: list[tuple[Wish | None, Location]] = []
        left: list[Left] = []
        for wish, hit in [(wish, self._placer.find(resource, wish)) for wish in wanted]:
            before = self.desk.copy()
            try:
                done.append((wish, self._placer.in_place(resource, wish, hit)))
            except EditError as error:
                self.desk.back(before)
                problem = error.problems[0]
                left += [
                    Left(found.address, field.change.path, problem.message, problem.location, problem.rule)
                    for field in wish.fields
                ]
        return Written(tuple(done), tuple(left))

    def _acceptable(self, found: Drifted, field: DriftField) -> bool:
        reason = unwritable(field)
        if field.origin == "manifest":
            reason = "the manifests changed it; `apply` brings it to live"
        elif field.origin == "both" and not self._request.targets:
            reason = f"both sides changed it; `accept --target {found.address}` takes what is live"
        if reason is not None:
            self._leave(found, field.change.path, reason, field.change.location)
        return reason is None

    def _row(self, address: Address) -> dict[str, Tree] | None:
        """The live object as a manifest would declare it."""
        work = Work(self._finding.desired, self._finding.observation, self._finding.options)
        for resource in self._finding.desired.resources.values():
            work.match(resource)
        live = work.lives.get(address)
        row = (live.current or live.draft) if live else None
        return declared(work, row, address.key) if row is not None else None

    def _try(
        self,
        found: Drifted,
        write: Callable[[Mode], Written],
        *,
        modes: tuple[Mode, ...],
        said: str | None = None,
    ) -> None:
        """Write in the first way that settles all and that no other environment feels, else in the best there is."""
        before, variables = self.desk.copy(), dict(self._placer.variables)
        refusals: list[tuple[Left, ...]] = []
        ways: list[tuple[int, Mode]] = []
        for mode in self._modes(modes):
            outcome = self._trials.attempt(found.address, partial(write, mode))
            if not isinstance(outcome, Outcome):
                refusals.append(outcome)
            elif not (cost := self._cost(outcome)):
                self._keep(found, outcome, mode, said)
                return
            else:
                ways.append((cost, mode))
            self.desk.back(before)
            self._placer.variables = dict(variables)
            if mode == "place" and refusals and any(left.rule == _TEMPLATE for left in refusals[0]):
                break
        # Sorting is stable: of two ways that are as good, the first.
        for _, mode in sorted(ways, key=lambda way: way[0])[:1]:
            outcome = self._trials.attempt(found.address, partial(write, mode))
            if isinstance(outcome, Outcome):
                self._keep(found, outcome, mode, said)
                return
            self.desk.back(before)
        none = f"the environment {self._context.environment.name} has no overlay to write it into"
        self._left += refusals[0] if refusals else (Left(found.address, "", none, found.location),)

    def _cost(self, outcome: Outcome) -> int:
        """0 for a way that is as good as it gets: worse is one that leaves something, worst what others feel."""
        if self._request.to != "auto" or self._placer.overlay is None:
            return 0
        return 2 * outcome.felt + any(left.rule != _TEMPLATE for left in outcome.wrote.left)

    def _modes(self, modes: tuple[Mode, ...]) -> tuple[Mode, ...]:
        if self._request.to == "base":
            return tuple(mode for mode in modes if mode != "overlay")
        if self._placer.overlay is None:
            if self._request.to == "overlay":
                return ()
            return tuple(mode for mode in modes if mode != "overlay")
        return ("overlay",) if self._request.to == "overlay" else modes

    def _keep(self, found: Drifted, outcome: Outcome, mode: Mode, said: str | None) -> None:
        self._trials.keep(outcome)
        self._left += outcome.wrote.left
        for wish, location in outcome.wrote.done:
            how: How = "overlay" if mode == "overlay" else "manifest"
            if wish is None:
                self._accepted.append(Accepted(found.address, "", "declared", said, how, location))
                continue
            before = self._finding.desired.resources[found.address].source.locate(wish.path)
            how = "variable" if mode == "place" and location.file != before.file else how
            for field in wish.fields:
                change = field.change
                self._accepted.append(
                    Accepted(found.address, change.path, change.before, change.after, how, location, change.currency)
                )

    def _leave(self, found: Drifted, path: str, reason: str, location: Location | None) -> None:
        self._left.append(Left(found.address, path, reason, location))

    def result(self) -> Acceptance:
        """What it came to."""
        return Acceptance(
            environment=self._context.environment.name,
            accepted=tuple(self._accepted),
            left=tuple(self._left),
            edits=self.desk.edits(),
            also=self._trials.also(),
        )
