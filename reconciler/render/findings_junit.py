"""Problems and plans as JUnit XML: one case per object and rule of what is wrong, one per object of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.model import Action, Address, Change, Location, Plan, Problem
from reconciler.render import junit, problems_text, words
from reconciler.render.findings import HERE, Finding, Places, gravest_first, of_plan, of_problems, of_snapshot
from reconciler.render.junit import Case, Failure
from reconciler.render.problems_text import Checked
from reconciler.render.style import Style

_WHOLE = "plan"
"""The case of what is about no object of a plan."""


def problems(found: Iterable[Problem], checked: Checked | None = None, places: Places = HERE) -> str:
    """One case per object and rule that something is wrong with, and one for all there is; a warning passes."""
    return junit.dumps("reconciler validate", {"manifests": _checked(list(found), checked, places)})


def _checked(kept: Sequence[Problem], checked: Checked | None, places: Places) -> list[Case]:
    grouped: dict[tuple[str, str], list[Finding]] = {}
    for finding in gravest_first(of_problems(kept)):
        subject = str(finding.address) if finding.address else places.file(finding.location)
        grouped.setdefault((subject, finding.rule), []).append(finding)
    closing = problems_text.closing(problems_text.in_order(kept), checked, Style())
    cases = [_broken("validate", f"{subject}: {rule}", ones, places) for (subject, rule), ones in grouped.items()]
    if all(case.failure is None for case in cases):
        cases.insert(0, Case("validate", "manifests", said=(closing,)))
    return cases


def plan(plan: Plan, places: Places = HERE) -> str:
    """One suite: a case per object that changes, failed where a guard is open, and one for the plan as a whole."""
    return plans([plan], places)


def plans(plans: Sequence[Plan], places: Places = HERE, broken: Iterable[Problem] = ()) -> str:
    """The same of several plans, one suite per environment; ``broken`` are problems for which there is no plan."""
    problems = list(broken)
    suites = {"manifests": _checked(problems, None, places)} if problems else {}
    return junit.dumps("reconciler plan", suites | {plan.target.environment: _suite(plan, places) for plan in plans})


def _suite(plan: Plan, places: Places) -> list[Case]:
    found = [finding for finding in of_plan(plan) if not finding.rule.startswith("change.")]
    changes = {change.address: change for change in plan.changes if change.action is not Action.NO_CHANGE}
    by_subject: dict[Address | None, list[Finding]] = {None: [], **{address: [] for address in changes}}
    for finding in found:
        by_subject.setdefault(finding.address, []).append(finding)
    group = plan.target.environment
    whole = replace(_blocked(group, _WHOLE, by_subject.pop(None), places), location=None)
    first = words.planned(plan.summary, len(plan.open_guards))
    old = [finding.message for finding in of_snapshot(plan)]
    cases = [replace(whole, said=(first, *old, *whole.said))]
    for address, ones in by_subject.items():
        case = _blocked(group, str(address), ones, places)
        change = changes.get(address) if address else None
        cases.append(replace(case, said=(*_told(change), *case.said)) if change else case)
    return cases


def _told(change: Change) -> tuple[str, ...]:
    classes = f" [{', '.join(found.value for found in change.classes)}]" if change.classes else ""
    return (f"{change.title or change.action.value}{classes}",)


def _blocked(group: str, name: str, found: Sequence[Finding], places: Places) -> Case:
    """A case of a plan: what stands between it and its apply fails it, warnings of the files do not."""
    stops = [one for one in found if one.level == "error" or (one.level == "warning" and _opens(one))]
    return _case(group, name, stops, [one for one in found if one not in stops], places)


def _opens(finding: Finding) -> bool:
    return finding.rule.startswith("guard.") or (finding.rule.startswith("policy.") and finding.gravity > 0)


def _broken(group: str, name: str, found: Sequence[Finding], places: Places) -> Case:
    """A case of a rule: errors fail it, warnings do not."""
    stops = [one for one in found if one.level == "error"]
    return _case(group, name, stops, [one for one in found if one not in stops], places)


def _case(group: str, name: str, stops: Sequence[Finding], rest: Sequence[Finding], places: Places) -> Case:
    first = next((one for one in (*stops, *rest) if one.location), None)
    location = first.location if first else None
    if location is not None:
        location = Location(places.file(location), location.line, location.column)
    failure = None
    if stops:
        message = stops[0].message + (f" (and {len(stops) - 1} more)" if len(stops) > 1 else "")
        failure = Failure(message, stops[0].rule, [line for one in stops for line in _lines(one, places)])
    return Case(group, name, location, failure, said=[line for one in rest for line in _lines(one, places)])


def _lines(finding: Finding, places: Places) -> list[str]:
    where = finding.location
    place = f"{places.file(where)}:{where.line}:{where.column}: " if where else ""
    rest = [f"  {line}" for line in (*finding.details, *([finding.help] if finding.help else []))]
    return [f"{place}{finding.level}[{finding.rule}]: {finding.message}", *rest]
