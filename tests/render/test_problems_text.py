from __future__ import annotations

import json

import pytest

from reconciler.model import Location, Problem
from reconciler.render import problems_json, text

SOURCE = {
    "catalog/plans.yaml": [
        "apiVersion: openmeter.io/v1",
        "spec:",
        "        tiers:",
        '  x: "\x1b[31m"',
        "k: " + "x" * 300,
    ],
    "b.yaml": ["signingSecret: whsec_dGVzdA==", "a\ttab: 1"],
}
TIERS = Problem(
    "plan.tiers.open_end",
    "the last tier needs to be open: leave out `upToAmount`",
    Location("catalog/plans.yaml", 3, 9),
    why="OpenMeter refuses a tiered price whose every tier ends.",
    span=5,
)


def test_a_mistake_is_shown_with_its_line_a_caret_and_the_reason():
    assert text.problems([TIERS], SOURCE.get, checked=text.Checked(14, 3)) == (
        "catalog/plans.yaml:3:9: error[plan.tiers.open_end]: the last tier needs to be open: leave out `upToAmount`\n"
        "    3 |         tiers:\n"
        "      |         ^^^^^\n"
        "   OpenMeter refuses a tiered price whose every tier ends.\n"
        "1 error in 1 file; 14 files checked against 3 environments.\n"
    )


def test_problems_stand_in_the_order_of_files_and_lines_whatever_order_they_came_in():
    found = [
        Problem("r", "third", Location("b.yaml", 2)),
        Problem("r", "second", Location("a.yaml", 9, 4)),
        Problem("r", "first", Location("a.yaml", 9, 2)),
        Problem("r", "nowhere"),
    ]
    shown = text.problems(found)
    assert shown == text.problems(reversed(found))
    assert shown.index("nowhere") < shown.index("first") < shown.index("second") < shown.index("third")


def test_one_mistake_seen_in_several_environments_is_told_once():
    assert text.problems([TIERS, TIERS]).count("error[") == 1


def test_the_reason_of_a_rule_is_given_once():
    other = Problem(TIERS.rule, "another", Location("catalog/plans.yaml", 1), why=TIERS.why)
    assert text.problems([TIERS, other]).count("whose every tier ends") == 1


def test_warnings_and_errors_are_counted_apart():
    warning = Problem("w", "careful", Location("b.yaml", 1), severity="warning")
    assert text.problems([TIERS, warning]).endswith("1 error and 1 warning in 2 files.\n")
    assert "warning[w]: careful" in text.problems([warning])
    assert text.problems([], checked=text.Checked(1, 0)) == "No problems; 1 file checked.\n"


def test_an_excerpt_is_harmless_and_shows_no_secret():
    shown = text.problems(
        [
            Problem("schema.x", "m\x1b[2J", Location("catalog/plans.yaml", 4, 3)),
            Problem("schema.y", "unknown", Location("b.yaml", 1, 1)),
            Problem("secret.literal", "not here", Location("b.yaml", 1, 1)),
        ],
        SOURCE.get,
    )
    assert "\x1b" not in shown
    assert r"\x1b[31m" in shown
    assert "dGVzdA" not in shown
    assert shown.count("signingSecret") == 1


@pytest.mark.parametrize("column", [1, 4, 150, 299])
def test_a_long_line_is_cut_around_the_mistake(column):
    problem = Problem("r", "m", Location("catalog/plans.yaml", 5, column), span=3)
    _, excerpt, caret, _ = text.problems([problem], SOURCE.get, width=80).splitlines()
    assert len(excerpt) <= 80
    marked = slice(caret.index("^"), caret.index("^") + 3)
    assert excerpt[marked] == SOURCE["catalog/plans.yaml"][4][column - 1 : column + 2]


def test_a_place_that_is_gone_is_told_without_an_excerpt():
    shown = text.problems([Problem("r", "m", Location("b.yaml", 99)), Problem("r", "m", Location("gone.yaml", 1))])
    assert "|" not in shown


def test_json_problems_carry_places_rules_and_the_verdict():
    tree = json.loads(problems_json.dumps([TIERS], text.Checked(14, 3)))
    assert tree["valid"] is False
    assert tree["errors"] == 1
    assert tree["checked"] == {"files": 14, "environments": 3}
    assert tree["problems"][0]["location"] == {"file": "catalog/plans.yaml", "line": 3, "column": 9}
    assert tree["problems"][0]["rule"] == "plan.tiers.open_end"
