"""Mistakes in files as Markdown, for the page of the job that has checked them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from reconciler.model import Problem
from reconciler.render.findings import ALLOWED
from reconciler.render.markdown import code, sentence, table
from reconciler.render.problems_text import closing, in_order
from reconciler.render.review.naming import clipped
from reconciler.render.style import Style

LIMIT = 200_000
"""Characters of the table, more or less; GitHub takes 1 MiB of a step."""

_LONGEST = 1000


def problems(found: Iterable[Problem]) -> str:
    """How many there are, then a table in the order of files and lines; empty where there are none.

    Warnings that somebody gave a reason for are left out, as in the annotations.
    """
    ordered = in_order(problem for problem in found if problem.rule != ALLOWED)
    if not ordered:
        return ""
    return (
        "\n".join([f"### Billing catalogue: {closing(ordered, None, Style()).rstrip('.')}", "", *_rows(ordered)]) + "\n"
    )


def refusals(found: Iterable[str]) -> str:
    """Why a command failed as a whole, before it was known of which environment; empty where none did."""
    said = [sentence(clipped(line, _LONGEST)) for text in found for line in text.splitlines() if line.strip()]
    return "\n\n".join(["### Billing catalogue: failed", *said]) + "\n" if said else ""


def _rows(ordered: Sequence[Problem]) -> Iterator[str]:
    rows = [_row(problem) for problem in ordered]
    sizes = accumulate(sum(map(len, row)) for row in rows)
    fitting = [row for row, size in zip(rows, sizes, strict=True) if size <= LIMIT]
    yield from table(("where", "what is wrong", "rule"), fitting)
    if left := len(rows) - len(fitting):
        yield from ("", f"{left} more {'is' if left == 1 else 'are'} in the log.")


def _row(problem: Problem) -> tuple[str, str, str]:
    where = code(f"{problem.location.file}:{problem.location.line}") if problem.location else ""
    said = sentence(clipped(problem.message, _LONGEST))
    why = f"<br>{sentence(clipped(problem.why, _LONGEST))}" if problem.why else ""
    bold = f"**{problem.severity}** " if problem.severity == "error" else f"{problem.severity} "
    return where, f"{said}{why}", f"{bold}{code(problem.rule)}"
