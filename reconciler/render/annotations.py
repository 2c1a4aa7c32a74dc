r"""Problems and plans as workflow commands of GitHub Actions, which it shows at the lines of a pull request.

Source of the format: GitHub Docs, *Workflow commands for GitHub Actions*: ``%``, CR and LF are escaped in a message,
``:`` and ``,`` in a property too. Of each level it shows ten per step; the gravest come first, and what comes after
the tenth is told as plain text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reconciler.model import Plan, Problem
from reconciler.render import words
from reconciler.render.escape import escape
from reconciler.render.findings import (
    HERE,
    LEVELS,
    Finding,
    Level,
    Places,
    gravest_first,
    of_plan,
    of_problems,
    of_snapshot,
)

SHOWN = 10
"""How many annotations of each level GitHub shows of one step."""

_COMMANDS: dict[Level, str] = {"error": "error", "warning": "warning", "note": "notice"}


def problems(found: Iterable[Problem], places: Places = HERE) -> str:
    """Errors and warnings of files; empty where there are none."""
    return _text(gravest_first(of_problems(found)), places)


def plan(plan: Plan, places: Places = HERE) -> str:
    """Open guards, warnings, consented guards and changes that can hurt, of one plan."""
    return plans([plan], places)


def plans(plans: Sequence[Plan], places: Places = HERE, broken: Iterable[Problem] = ()) -> str:
    """The same of several plans: they share what GitHub shows of one step, so the gravest of all come first.

    ``broken`` are the problems of files for which there is no plan.
    """
    of_plans = (finding for plan in plans for finding in (*of_snapshot(plan), *of_plan(plan)))
    return _text(gravest_first((*of_problems(broken), *of_plans)), places, several=len(plans) > 1)


def _text(found: Sequence[Finding], places: Places, *, several: bool = False) -> str:
    return "".join(f"{line}\n" for line in _lines(found, places, several=several))


def _lines(found: Sequence[Finding], places: Places, *, several: bool) -> Iterator[str]:
    by_level = {level: [finding for finding in found if finding.level == level] for level in LEVELS}
    for ones in by_level.values():
        yield from (_command(finding, places, several=several) for finding in ones[:SHOWN])
    rest = {level: ones[SHOWN:] for level, ones in by_level.items() if len(ones) > SHOWN}
    for ones in rest.values():
        yield from (_plain(finding, places) for finding in ones)
    if rest:
        counts = words.listed(words.plural(len(ones), _COMMANDS[level]) for level, ones in rest.items())
        yield f"{counts} more than GitHub shows of one step: the lines above have no annotation."


def _command(finding: Finding, places: Places, *, several: bool) -> str:
    title = finding.rule + (f": {finding.address}" if finding.address else "")
    if several and finding.environment:
        title += f" in {finding.environment}"
    properties = {**_place(finding, places), "title": title}
    text = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.level]} {text}::{_data(_message(finding, places))}"


def _place(finding: Finding, places: Places) -> dict[str, str]:
    location = finding.location
    if location is None or not places.is_inside(location):
        return {}
    return {
        "file": places.file(location),
        "line": str(location.line),
        "endLine": str(location.line),
        "col": str(location.column),
        "endColumn": str(location.column + finding.span),
    }


def _message(finding: Finding, places: Places) -> str:
    where = finding.location
    parts = [finding.message, *finding.details, *([finding.help] if finding.help else [])]
    if where is not None and not places.is_inside(where):
        parts.append(f"at {where}")
    return "\n".join(escape(part) for part in parts)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(escape(text)).replace(":", "%3A").replace(",", "%2C")


def _plain(finding: Finding, places: Places) -> str:
    """A line of a log that no runner takes for a command: neither ``::`` at its start nor ``##[`` anywhere."""
    where = f"{places.file(finding.location)}:{finding.location.line}: " if finding.location else ""
    text = escape(f"{finding.level} {finding.rule}: {where}{finding.message}")
    return text.replace("##[", "# #[")
