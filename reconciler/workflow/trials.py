"""Trying out what lies on a desk: does this environment declare what is live then, and who else is touched.

Nothing is written and nothing is sent; the live side is what was observed once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from reconciler.backends import Backend
from reconciler.errors import EditError, InputError, ReconcilerError
from reconciler.model import Action, Address, Desired, Left, Location, Management, Tree
from reconciler.workflow.answers import answered
from reconciler.workflow.context import Context, load_desired
from reconciler.workflow.desk import Desk
from reconciler.workflow.drifting import Finding
from reconciler.workflow.placing import Placer
from reconciler.workflow.wishes import Wish

Differences = frozenset[tuple[Address, str]]
"""What differs from live, by object and path; an object that differs as a whole has an empty path."""
Others = dict[str, dict[Address, tuple[Mapping[str, Tree], Management]]]
"""What other environments declare, by their names."""


@dataclass(frozen=True, slots=True)
class Written:
    """Values and where they were written, and those that could not be."""

    done: tuple[tuple[Wish | None, Location], ...]
    left: tuple[Left, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A way of writing that works; ``felt``: another environment declares something else then."""

    desired: Desired
    differs: Differences
    others: Others
    wrote: Written
    felt: bool


class Trials:
    """What is declared with everything that was kept so far, and what still differs from live."""

    def __init__(self, context: Context, backend: Backend, finding: Finding, desk: Desk, placer: Placer) -> None:
        self._context, self._backend, self._finding = context, backend, finding
        self._desk, self._placer = desk, placer
        self.desired = finding.desired
        self.differs = self._differences(finding.desired)
        self._others = self._first = self._of_others(context)

    def attempt(self, address: Address, write: Callable[[], Written]) -> Outcome | tuple[Left, ...]:
        """Write about one object, and look; what stands in the way instead of an outcome. The desk is not cleared."""
        try:
            wrote = write()
            if not wrote.done:
                return wrote.left
            desired = self._reload()
        except EditError as error:
            problem = error.problems[0]
            return (Left(address, "", problem.message, problem.location, problem.rule),)
        except InputError as error:
            problem = error.problems[0]
            said = f"the manifests would be wrong then: {problem.message}"
            return (Left(address, "", said, problem.location, problem.rule),)
        return self._judged(address, wrote, desired)

    def _judged(self, address: Address, wrote: Written, desired: Desired) -> Outcome | tuple[Left, ...]:
        place = self._finding.desired.resources[address].location
        differs = self._differences(desired)
        paths = {field.change.path for wish, _ in wrote.done if wish is not None for field in wish.fields}
        still = sorted(differs & {(address, path) for path in paths or {""}})
        if still:
            reason = "what was written does not say what is live; change it by hand"
            return tuple(Left(address, path, reason, place) for _, path in still)
        if new := differs - self.differs:
            names = ", ".join(sorted({str(one) for one, _ in new}))
            return (Left(address, "", f"{names} would no longer be as live: they share what declares it", place),)
        others = self._of_others(self._edited())
        if broken := sorted(set(self._others) - set(others)):
            return (Left(address, "", f"the manifests of {', '.join(broken)} would be wrong then", place),)
        return Outcome(desired, differs, others, wrote, others != self._others)

    def keep(self, outcome: Outcome) -> None:
        """Go on from an outcome."""
        self.desired, self.differs, self._others = outcome.desired, outcome.differs, outcome.others

    def also(self) -> tuple[tuple[str, tuple[Address, ...]], ...]:
        """What other environments declare differently by now."""
        found = []
        for name, now in self._others.items():
            then = self._first.get(name, {})
            changed = sorted(address for address in {*now, *then} if now.get(address) != then.get(address))
            if changed:
                found.append((name, tuple(changed)))
        return tuple(found)

    def _edited(self) -> Context:
        return replace(self._context, project=self._desk.project())

    def _reload(self) -> Desired:
        context = self._edited()
        environment = context.environment
        variables = {**environment.variables, **self._placer.variables}
        return load_desired(replace(context, environment=replace(environment, variables=variables)))

    def _differences(self, desired: Desired) -> Differences:
        made, _ = answered(self._backend, desired, self._finding.observation, self._finding.options)
        found: set[tuple[Address, str]] = set()
        for change in made.changes:
            if change.action is Action.NO_CHANGE:
                continue
            paths = [field.path for field in change.fields] if change.action is not Action.CREATE else []
            found |= {(change.address, path) for path in paths} or {(change.address, "")}
        return frozenset(found)

    def _of_others(self, context: Context) -> Others:
        """What every other environment declares, as far as it can be read."""
        found: Others = {}
        for name in context.project.environments:
            if name == context.environment.name:
                continue
            try:
                other = context.project.environment(name)
                desired = load_desired(replace(context, environment=other))
            except ReconcilerError:
                continue
            found[name] = {
                address: (resource.spec, resource.management) for address, resource in desired.resources.items()
            }
        return found
