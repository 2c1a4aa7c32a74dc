"""Mistakes in files on the page of a job: all of them as far as the page goes, and how many there are beyond it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model import Location, Problem
from reconciler.render import problems_markdown


def problem(line, message="no"):
    return Problem("plan.x", message, Location("a.yaml", line, 1))


def test_they_are_in_the_order_of_their_lines_each_once():
    text = problems_markdown.problems([problem(12), problem(3), problem(12)])
    assert text.startswith("### Billing catalogue: 2 errors in 1 file\n\n")
    assert [line.split("`")[1] for line in text.splitlines()[4:]] == ["a.yaml:3", "a.yaml:12"]


@pytest.mark.parametrize(("lines", "left"), [(150, None), (400, True)])
def test_a_page_has_an_end_and_says_what_is_beyond_it(lines, left):
    text = problems_markdown.problems(problem(line, "x" * 5000) for line in range(1, lines + 1))
    rows = text.count("| `a.yaml:")
    assert len(text) < problems_markdown.LIMIT + 20_000
    assert f"{lines} errors in 1 file" in text
    assert (f"\n\n{lines - rows} more are in the log.\n" in text) is bool(left)
    assert (rows < lines) is bool(left)


def test_nothing_is_said_where_nothing_is_wrong():
    assert problems_markdown.problems([]) == ""
    assert problems_markdown.problems([replace(problem(1), rule="allow.used", severity="warning")]) == ""
    assert problems_markdown.refusals([]) == ""
