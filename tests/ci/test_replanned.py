"""How a plan differs from the approved one, above the approved one, and never longer than there is room."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.ci import replanned
from reconciler.ci.given import Made
from reconciler.planning import replannedfile
from reconciler.planning.replanned import compare
from reconciler.render.fleet import Turn

from . import plans


def made(count=1):
    approved = plans.plan(*(plans.raised(f"p{at}") for at in range(count)))
    now = plans.plan(*(plans.raised(f"p{at}", new="0.000004") for at in range(count)))
    turn = Turn(
        "production", 3, "no", "no", reason="plan-changed", differences=replannedfile.tree(compare(approved, now))
    )
    return Made("production", turn=turn)


def test_it_stands_above_the_approved_plan_and_an_earlier_one_goes():
    once = replanned.above(made(), "the plan")
    twice = replanned.above(made(2), once)
    assert once.index("**Not as it was approved (1 object)**") < once.index("#### What was approved")
    assert once.endswith("\n\nthe plan")
    assert twice.count("#### What was approved") == 1
    assert "2 objects" in twice
    assert replanned.above(Made("production"), twice) == "the plan"


@pytest.mark.parametrize("limit", [200, 2_000, 8_000])
def test_what_does_not_fit_is_left_out_and_said(limit):
    text = replanned.text_of(made(60), limit)
    assert len(text) < max(limit, 400) + 200
    assert text.startswith("**What would be done now is not what was approved for `production`.**")
    assert text.endswith("the summary of the run and its log have all of them.")


@pytest.mark.parametrize("differences", [{}, [], "x", {"environment": 1}])
def test_differences_that_cannot_be_read_are_left_out(differences):
    found = made()
    broken = replace(found, turn=replace(found.turn, differences=differences))
    assert replanned.above(broken, "the plan") == "the plan"
