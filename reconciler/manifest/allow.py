"""``# reconciler: allow RULE because …``: silences a warning on its line, and is itself listed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model import Location, Problem

HINT = "reconciler: allow"
_COMMENT = re.compile(r"#\s*reconciler:\s*allow\s+(?P<rule>[A-Za-z0-9_.\-]+)(?:\s+because\s+(?P<reason>\S.*?))?\s*$")
_ALONE = re.compile(r"\s*#")
_LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Allowance:
    """One comment; ``line`` is the line it is about: its own, or the next one where it stands alone."""

    rule: str
    reason: str | None
    location: Location
    line: int


def allowances(name: str, text: str) -> list[Allowance]:
    """The comments of a file."""
    if HINT not in text:
        return []
    lines = _LINE_END.split(text)
    found: list[Allowance] = []
    about = len(lines)
    # From the end, so that a comment on a line of its own knows the next line with content.
    for number in range(len(lines), 0, -1):
        line = lines[number - 1]
        if line.strip() and not _ALONE.match(line):
            about = number
        if match := _COMMENT.search(line):
            found.append(Allowance(match["rule"], match["reason"], Location(name, number, match.start() + 1), about))
    return found[::-1]


def apply_allowances(
    problems: Iterable[Problem], comments: Iterable[Allowance], *, whole: bool = True
) -> list[Problem]:
    """The problems without the silenced warnings, and a line for each comment.

    ``whole`` False: warnings may be missing, of other environments or behind errors, so no comment is called unused.
    """
    by_line: dict[tuple[str, int, str], Allowance] = {
        (comment.location.file, comment.line, comment.rule): comment for comment in comments if comment.reason
    }
    used: set[tuple[str, int, str]] = set()
    kept: list[Problem] = []
    for problem in problems:
        place = problem.location
        at = (place.file, place.line, problem.rule) if place else ("", 0, "")
        if problem.severity == "warning" and at in by_line:
            used.add(at)
        else:
            kept.append(problem)
    told = (_line(comment, used) for comment in comments)
    return kept + [line for line in told if whole or line.rule != "allow.unused"]


def _line(comment: Allowance, used: set[tuple[str, int, str]]) -> Problem:
    rule, message = "allow.unused", f"no warning `{comment.rule}` is here to be allowed"
    if comment.reason is None:
        rule, message = "allow.reason", f"say why: `# reconciler: allow {comment.rule} because …`"
    elif (comment.location.file, comment.line, comment.rule) in used:
        rule, message = "allow.used", f"`{comment.rule}` is allowed here because {comment.reason}"
    return Problem(rule, message, comment.location, "warning")
