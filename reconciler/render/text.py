"""Plans, reports and problems as text for a terminal or a log. The one door to the text renderers.

``colour`` dresses the text in ANSI colours; ``unicode`` is False where the terminal is not UTF-8; ``width`` is in
columns. Every piece of text that came from a server or a manifest is escaped, and in the log of a job no line of it is
a command to the runner.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from reconciler import model
from reconciler.render import plan_text, problems_text, promotion_text, report_text, rollback_text
from reconciler.render.escape import uncommanding
from reconciler.render.problems_text import Checked, Lines
from reconciler.render.style import Style

__all__ = ["Checked", "Lines", "plan", "problems", "promotion", "report", "rollback"]


def _no_source(file: str) -> None:
    del file


def plan(plan: model.Plan, *, colour: bool = False, unicode: bool = True, width: int = 100) -> str:
    """What would be done, and as the last line how much of it."""
    return uncommanding(plan_text.plan(plan, Style(colour, unicode, width)))


def promotion(
    found: model.Promotion, moment: datetime, *, colour: bool = False, unicode: bool = True, width: int = 100
) -> str:
    """What is proven of a bundle at a moment, and what is meant to differ; its plan is printed below."""
    return uncommanding(promotion_text.promotion(found, moment, Style(colour, unicode, width)))


def rollback(found: model.Rollback, *, colour: bool = False, unicode: bool = True, width: int = 100) -> str:
    """What going back cannot undo, below its plan; empty where that is nothing."""
    return uncommanding(rollback_text.rollback(found, Style(colour, unicode, width)))


def report(
    report: model.Report,
    *,
    lines: bool = True,
    saved: str | None = None,
    colour: bool = False,
    unicode: bool = True,
    width: int = 100,
) -> str:
    """What was done, failed and skipped; without ``lines`` only failures and totals."""
    return uncommanding(report_text.report(report, Style(colour, unicode, width), lines=lines, saved=saved))


def problems(
    problems: Iterable[model.Problem],
    lines: Lines = _no_source,
    *,
    checked: Checked | None = None,
    colour: bool = False,
    unicode: bool = True,
    width: int = 100,
) -> str:
    """Every problem with its place, its source line and its reason."""
    return uncommanding(problems_text.problems(problems, lines, Style(colour, unicode, width), checked))
