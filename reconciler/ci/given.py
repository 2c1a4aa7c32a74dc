"""What a job made, environment by environment: plans, reports of applies, and summaries of commands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.errors import PlanFileError, UsageError
from reconciler.model import ChangeClass, Plan
from reconciler.planning import planfile
from reconciler.render import fleet
from reconciler.render.fleet import Turn

_FINE = (0, 2)


@dataclass(frozen=True, slots=True)
class Made:
    """One environment. ``plan_digest`` is that of the file, ``turn`` what the summary says of the environment."""

    environment: str
    plan: Plan | None = None
    plan_digest: str | None = None
    report: Mapping[str, Any] | None = None
    turn: Turn | None = None

    @property
    def change_digest(self) -> str | None:
        """The digest of the change that its plan is."""
        return planfile.change_digest(self.plan) if self.plan else None

    @property
    def failure(self) -> str | None:
        """Why its command did not end well, None where it did."""
        if self.turn is None or self.turn.code in _FINE:
            return None
        return self.turn.error or self.turn.said or f"ended with exit code {self.turn.code}"

    @property
    def reason(self) -> str | None:
        """The same as a slug."""
        return ((self.turn and self.turn.reason) or "failed") if self.failure else None

    @property
    def guards_open(self) -> int:
        """How many guards nobody has consented to; none once its apply went well."""
        applied = self.report is not None and self.report["exit_code"] == 0
        return 0 if applied or self.plan is None else len(self.plan.open_guards)

    @property
    def max_class(self) -> ChangeClass | None:
        """The most severe class of its changes."""
        classes = [change.change_class for change in self.plan.changes if change.change_class] if self.plan else []
        return max(classes, key=lambda item: item.rank, default=None)

    @property
    def counts(self) -> dict[str, int]:
        """How many objects per action, of those that something happens to."""
        summary = self.plan.summary if self.plan else {}
        return {name: count for name, count in summary.items() if count and name != "no_change"}


@dataclass(frozen=True, slots=True)
class File:
    """A file that an option names, and its text."""

    name: str
    text: str


def gather(plans: Iterable[File], reports: Iterable[File] = (), summaries: Iterable[File] = ()) -> dict[str, Made]:
    """Everything by environment, in the order of their names.

    Raises ``PlanFileError`` for a file that is not what it is given as, ``UsageError`` for two plans of one
    environment, and what ``planfile.loads`` raises.
    """
    found: dict[str, Made] = {}
    for file in plans:
        plan, digest = _plan(file)
        name = _named(file, plan.target.environment)
        if name in found:
            raise UsageError(f"{file.name} is a second plan of {name}")
        found[name] = Made(name, plan, digest)
    for file in reports:
        report = _report(file)
        name = _named(file, str(report["environment"]))
        found[name] = replace(found.get(name, Made(name)), report=report)
    for file in summaries:
        for turn in _summary(file):
            if turn.name and _named(file, turn.name):
                found[turn.name] = replace(found.get(turn.name, Made(turn.name)), turn=turn)
    return dict(sorted(found.items()))


def refusals(summaries: Iterable[File]) -> tuple[str, ...]:
    """Why commands failed before they knew of which environment. Raises ``PlanFileError`` as ``gather`` does."""
    turns = (turn for file in summaries for turn in _summary(file) if not turn.name)
    return tuple(turn.failure for turn in turns if turn.failure)


def _named(file: File, name: str) -> str:
    """The name of an environment, which ends no hidden line of the comment. Raises ``PlanFileError``."""
    from reconciler.project.document import ENVIRONMENT_NAME

    if not ENVIRONMENT_NAME.fullmatch(name):
        raise PlanFileError(f"{file.name} is about {name!r}, which is no name of an environment")
    return name


def _plan(file: File) -> tuple[Plan, str]:
    plan = planfile.loads_named(file.name, file.text)
    return plan, str(json.loads(file.text)["digest"])


def _report(file: File) -> Mapping[str, Any]:
    try:
        tree = json.loads(file.text)
        if not isinstance(tree["environment"], str) or not isinstance(tree["steps"], list):
            raise TypeError
        int(tree["exit_code"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise PlanFileError(f"{file.name} is no report that `--report` wrote") from None
    return tree if isinstance(tree, dict) else {}


def _summary(file: File) -> Iterable[Turn]:
    try:
        return fleet.loads(file.text).turns
    except ValueError as error:
        raise PlanFileError(f"{file.name} is no summary that `--summary` wrote: {error}") from None
