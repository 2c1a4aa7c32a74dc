"""What a plan or a list of problems has to say, line by line: the one list behind annotations, SARIF and JUnit."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from reconciler.model import (
    NEEDS_NO_CONSENT,
    Action,
    Address,
    Change,
    ChangeClass,
    FieldChange,
    Guard,
    Location,
    Plan,
    Problem,
    Ruling,
)
from reconciler.render import field_words, words
from reconciler.render.problems_text import in_order

Level = Literal["error", "warning", "note"]

LEVELS: tuple[Level, ...] = ("error", "warning", "note")
"""The gravest first."""

ALLOWED = "allow.used"
"""A warning that somebody gave a reason for."""

_BY_POLICY = "policy.warning"
"""A warning that stands for a ruling, which tells more."""

_PRICED = frozenset({ChangeClass.PRICE_LOWERING.value, ChangeClass.PRICE_RAISING.value})
_BLOCKS = len(ChangeClass)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to tell at one line.

    ``rule`` is a rule of the validator, ``guard.CODE``, ``policy.RULE``, ``change.CLASS``, ``rehearsal.refused`` or
    ``plan.snapshot``.
    ``details`` are further lines below the message, ``help`` says what to do. ``gravity`` orders findings of a level:
    the higher, the graver. ``location`` None: it is about no line. Nothing in it is escaped.
    """

    level: Level
    rule: str
    message: str
    location: Location | None = None
    span: int = 1
    address: Address | None = None
    environment: str | None = None
    details: tuple[str, ...] = ()
    help: str | None = None
    related: Location | None = None
    gravity: int = 0


def gravest_first(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors, warnings, notes; the graver ones of a level first, else as they come."""
    return tuple(sorted(found, key=lambda finding: (LEVELS.index(finding.level), -finding.gravity)))


def of_problems(found: Iterable[Problem]) -> tuple[Finding, ...]:
    """The problems of files, each once, in the order of files and lines; without warnings that are allowed."""
    return tuple(
        Finding(
            problem.severity,
            problem.rule,
            problem.message,
            problem.location,
            max(1, problem.span),
            problem.address,
            help=problem.why,
        )
        for problem in in_order(found)
        if problem.rule != ALLOWED
    )


def of_plan(plan: Plan) -> tuple[Finding, ...]:
    """What stands between a plan and its apply, what to look at, and every change that can hurt; the gravest first."""
    changes = {change.address: change for change in plan.changes}
    told = {(ruling.rule, ruling.address) for ruling in plan.policy if ruling.status == "warned"}
    guards = [guard for guard in plan.guards if guard.status == "open" or (guard.code, guard.address) not in told]
    found = [_guard(guard, changes.get(guard.address) if guard.address else None) for guard in guards]
    rulings = [ruling for ruling in plan.policy if _tells_more(ruling, plan.guards)]
    found += [_ruling(ruling, changes.get(ruling.address) if ruling.address else None) for ruling in rulings]
    found += _refusals(plan)
    said = {ruling.message for ruling in plan.policy}
    warned = (problem for problem in plan.warnings if problem.rule != _BY_POLICY or problem.message not in said)
    found += of_problems(replace(problem, severity="warning") for problem in warned)
    found += _changes(plan)
    return gravest_first(replace(finding, environment=plan.target.environment) for finding in found)


def of_snapshot(plan: Plan) -> tuple[Finding, ...]:
    """That a plan knows what was live only as of when its snapshot was taken; nothing of one that asked the server.

    It comes and goes with each run, so it is told where a run is read, and not kept as an alert.
    """
    said = words.snapshot(plan)
    if said is None:
        return ()
    environment = plan.target.environment
    message = f"{environment} was planned {said}; it cannot be applied"
    return (Finding("note", "plan.snapshot", message, environment=environment, gravity=_BLOCKS),)


def is_closed(guard: Guard) -> bool:
    """Whether nothing that anybody consents to opens the guard."""
    return not guard.consentable and guard.code != "foreign_draft" and guard.team is None


def _guard(guard: Guard, change: Change | None) -> Finding:
    fields = _shown(guard.code, change)
    level: Level = "note" if guard.status == "consented" else "error" if is_closed(guard) else "warning"
    by = f"consented by {guard.consent}" if guard.consent else "consented"
    return Finding(
        level,
        f"guard.{guard.code}",
        guard.message,
        _line(fields, change) or guard.location,
        address=guard.address,
        details=tuple(field_words.sentence(change, field) for field in fields) if change else (),
        help=by if level == "note" else how_to_open(guard),
        related=guard.location,
        gravity=_gravity(guard.code, closed=is_closed(guard)),
    )


def _line(fields: Sequence[FieldChange], change: Change | None) -> Location | None:
    """The line that makes a change: of the first of these fields that has one, else of the object."""
    return next((field.location for field in fields if field.location), change.location if change else None)


def _gravity(code: str, *, closed: bool) -> int:
    if closed:
        return _BLOCKS + 1
    return ChangeClass(code).rank if code in set(ChangeClass) else _BLOCKS


def how_to_open(guard: Guard) -> str:
    """What consents to a guard, in words."""
    if guard.team:
        return f"needs the consent of @{guard.team}: an approving review of one of its members"
    if guard.code == "foreign_draft":
        return f"opened by: --allow adopt:{guard.address}"
    return f"opened by: --allow {guard.name}" if guard.consentable else "no flag opens this one"


def _shown(code: str, change: Change | None) -> tuple[FieldChange, ...]:
    """The fields that a guard is about: prices for one about prices, else the first few."""
    if change is None or change.action in (Action.CREATE, Action.ARCHIVE, Action.DELETE, Action.RELEASE):
        return ()
    priced = tuple(field for field in change.fields if field.currency)
    return priced if priced and code in _PRICED else change.fields[: field_words.SHOWN]


def _tells_more(ruling: Ruling, guards: Sequence[Guard]) -> bool:
    """Whether a ruling says something that no guard says already."""
    if ruling.status == "warned":
        return True
    if ruling.status == "met":
        return False
    codes = {ruling.rule, f"policy.{ruling.rule}"} | ({"notice"} if ruling.effect == "notice" else set())
    return not any(guard.code in codes and guard.address == ruling.address for guard in guards)


def _ruling(ruling: Ruling, change: Change | None) -> Finding:
    fields = _shown(ruling.rule, change)
    return Finding(
        "warning" if ruling.status == "warned" or ruling.effect != "deny" else "error",
        f"policy.{ruling.rule}",
        ruling.message,
        _line(fields, change) or ruling.location,
        address=ruling.address,
        details=tuple(field_words.sentence(change, field) for field in fields) if change else (),
        help=ruling.unblock,
        related=ruling.location,
        gravity=0 if ruling.status == "warned" else _BLOCKS,
    )


def _refusals(plan: Plan) -> Iterator[Finding]:
    for refusal in plan.rehearsal.refusals if plan.rehearsal else ():
        yield Finding(
            "error",
            "rehearsal.refused",
            f"{refusal.address}: {refusal.message}",
            refusal.location,
            address=refusal.address,
            help="tried out on a copy of what is live, this step was refused",
        )
    for difference in plan.rehearsal.differences if plan.rehearsal else ():
        yield Finding("error", "rehearsal.refused", difference, help="so it was when the plan was tried out on a copy")


def _changes(plan: Plan) -> Iterator[Finding]:
    """Changes that can hurt where no guard tells of them already (on a sandbox), at the line that makes them."""
    guarded = {guard.address for guard in plan.guards}
    for change in plan.changes:
        worst = change.change_class
        if worst is None or worst in NEEDS_NO_CONSENT or change.address in guarded:
            continue
        if change.action is Action.NO_CHANGE:
            continue
        fields = _shown(worst.value, change)
        yield Finding(
            "note",
            f"change.{worst.value}",
            change.title or f"{change.address}: {change.action.value.replace('_', ' ')}",
            _line(fields, change),
            address=change.address,
            details=tuple(field_words.sentence(change, field) for field in fields),
            gravity=worst.rank,
        )


@dataclass(frozen=True, slots=True)
class Places:
    """From files as locations name them to files of the repository.

    ``prefix`` is the project's folder from the top of the repository, empty where they are the same. ``fallback`` is
    what is about no line of any file told at: the project file, relative to the project.
    """

    prefix: str = ""
    fallback: str = "reconciler.yaml"

    def file(self, location: Location | None) -> str:
        """The path from the top of the repository, with slashes; of what is no location that of the project file."""
        name = location.file if location else self.fallback
        return posixpath.normpath(posixpath.join(self.prefix, name.replace("\\", "/")))

    def is_inside(self, location: Location) -> bool:
        """Whether a file is of the repository, so that a host can show it."""
        return not self.file(location).startswith(("../", "/"))


HERE = Places()
"""A project at the top of its repository."""
