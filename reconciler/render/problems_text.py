"""Mistakes in files as ``file:line:col: error[rule]: message``, each with its line, a caret and the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from reconciler.model import Location, Problem
from reconciler.render import words
from reconciler.render.escape import columns, escape
from reconciler.render.style import Paint, Style

Lines = Callable[[str], Sequence[str] | None]
"""The lines of a source file by the name that locations use; None where it is not to be had."""

_ALLOWED = "allow.used"
"""A warning that somebody gave a reason for: told in a line, and not counted as a warning."""

_SECRET_TEXT = re.compile(r"whsec_[A-Za-z0-9+/=_-]+|(?i:bearer)\s+\S+")


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, for the closing line. ``environments`` are counted besides the base."""

    files: int
    environments: int = 0


def problems(found: Iterable[Problem], lines: Lines, style: Style, checked: Checked | None = None) -> str:
    """All problems in the order of files and lines, then how many there are; each reason is said once."""
    ordered = in_order(found)
    out: list[str] = []
    said: set[str] = set()
    for problem in ordered:
        out += _problem(problem, lines, style, said)
    out.append(closing(ordered, checked, style))
    return "\n".join(out) + "\n"


def in_order(found: Iterable[Problem]) -> tuple[Problem, ...]:
    """Without repetitions (one mistake seen in several environments), sorted by place, errors before warnings."""
    unique = {
        (str(problem.location or ""), problem.rule, problem.message, problem.severity): problem for problem in found
    }
    return tuple(sorted(unique.values(), key=_place))


def _place(problem: Problem) -> tuple[str, int, int, str, str, str]:
    where = problem.location or Location("", 0, 0)
    return where.file, where.line, where.column, problem.severity, problem.rule, problem.message


def _problem(problem: Problem, lines: Lines, style: Style, said: set[str]) -> Iterator[str]:
    paint = _paint(problem)
    where = f"{style.paint(_where(problem.location), 'bold')}: " if problem.location else ""
    if problem.rule == _ALLOWED:
        yield from style.wrap(f"{where}{escape(problem.message)}", first="", rest="   ")
        return
    label = style.paint(f"{problem.severity}[{escape(problem.rule)}]", paint, "bold")
    yield f"{where}{label}: {escape(problem.message)}"
    if problem.location:
        yield from _excerpt(problem, problem.location, lines, style)
    if problem.why and problem.rule not in said:
        said.add(problem.rule)
        yield from (style.paint(line, "dim") for line in style.wrap(escape(problem.why), first="   ", rest="   "))


def _paint(problem: Problem) -> Paint:
    return "red" if problem.severity == "error" else "yellow"


def _where(location: Location) -> str:
    return f"{escape(location.file)}:{location.line}:{location.column}"


def _excerpt(problem: Problem, location: Location, lines: Lines, style: Style) -> Iterator[str]:
    source = lines(location.file)
    if source is None or not 1 <= location.line <= len(source) or "secret" in problem.rule:
        return
    line = source[location.line - 1].rstrip("\r\n")
    before, marked, after = _cut(line, location.column, problem.span)
    number = str(location.line).rjust(5)
    before, after = _window(before, marked, after, style.columns - 10)
    caret = style.paint("^" * max(1, columns(marked)), _paint(problem), "bold")
    yield f"{style.paint(number + ' |', 'blue')} {_hide(before + marked + after)}".rstrip()
    yield f"{style.paint('      |', 'blue')} {' ' * columns(before)}{caret}"


def _cut(line: str, column: int, span: int) -> tuple[str, str, str]:
    """The line in three: before the mistake, the mistake, after it; tabs as one space, nothing harmful."""
    start = min(column - 1, len(line))
    end = min(len(line), start + max(1, span))
    return tuple(escape(part.replace("\t", " ")) for part in (line[:start], line[start:end], line[end:]))  # type: ignore[return-value]


def _window(before: str, marked: str, after: str, room: int) -> tuple[str, str]:
    """Only as much of a long line as fits around the mistake."""
    over = columns(before) + columns(marked) + columns(after) - room
    if over <= 0:
        return before, after
    room_after = max(0, room - columns(before) - columns(marked))
    if room_after >= 10 or columns(before) <= 20:
        return before, after[: max(0, room_after - 1)] + "…"
    keep = max(10, room - columns(marked) - 12)
    return "…" + before[-keep:], (after[:10] + "…" if len(after) > 10 else after)


def _hide(text: str) -> str:
    return _SECRET_TEXT.sub(lambda match: match[0][:6] + "…", text)


def closing(found: Sequence[Problem], checked: Checked | None, style: Style) -> str:
    """``2 errors in 1 file; 14 files checked against 3 environments``."""
    errors = sum(problem.severity == "error" for problem in found)
    allowed = sum(problem.rule == _ALLOWED for problem in found)
    warnings = len(found) - errors - allowed
    counts = [words.plural(errors, "error")] if errors else []
    counts += [words.plural(warnings, "warning")] if warnings else []
    files = len({problem.location.file for problem in found if problem.location and problem.rule != _ALLOWED})
    text = words.listed(counts) if counts else "No problems"
    text += f" in {words.plural(files, 'file')}" if files else ""
    text += f", {words.plural(allowed, 'warning')} allowed" if allowed else ""
    if checked is not None:
        text += f"; {words.plural(checked.files, 'file')} checked"
        text += f" against {words.plural(checked.environments, 'environment')}" if checked.environments else ""
    return style.paint(f"{text}.", *(("red", "bold") if errors else (("yellow",) if warnings else ("green",))))
