"""Two renderings as unified diffs: per object, with the part that a hunk is in, and nothing that harms a terminal."""

import pytest

from reconciler.model import Address
from reconciler.render.style import Style
from reconciler.render.unified_text import differences, place

PRO, TEAM = Address("Plan", "pro"), Address("Plan", "team")
TEXT = """\
apiVersion: openmeter.io/v1
kind: Plan
key: pro
spec:
  name: Pro
  phases:
  - key: trial
    rateCards:
    - type: flat_fee
      key: base
      price: null
  - key: main
    rateCards:
    - type: usage_based
      featureKey: tokens
      price:
        type: tiered
        tiers:
        - upToAmount: "5"
          unitPrice:
            amount: "1"
        - unitPrice:
            amount: "2"
  metadata:
    a: b
"""
NAMES = ("old", "new")


def test_equal_renderings_have_no_difference():
    assert differences({PRO: TEXT}, {PRO: TEXT}, NAMES, Style()) == ""


def test_a_changed_line_is_shown_with_its_object_and_its_part():
    changed = TEXT.replace('amount: "2"', 'amount: "3"')
    shown = differences({PRO: TEXT, TEAM: TEXT}, {PRO: changed, TEAM: TEXT}, NAMES, Style())
    assert shown == (
        "--- old:Plan/pro\n+++ new:Plan/pro\n"
        "@@ -20,6 +20,6 @@ phases[main].rateCards[tokens].price.tiers[1].unitPrice\n"
        '           unitPrice:\n             amount: "1"\n         - unitPrice:\n'
        '-            amount: "2"\n+            amount: "3"\n   metadata:\n     a: b\n'
    )


def test_objects_of_one_side_only_come_from_and_go_to_nowhere():
    shown = differences({PRO: "a: 1\n"}, {TEAM: "b: 2\n"}, NAMES, Style())
    assert shown == (
        "--- /dev/null\n+++ new:Plan/team\n@@ -0,0 +1 @@\n+b: 2\n"
        "--- old:Plan/pro\n+++ /dev/null\n@@ -1 +0,0 @@\n-a: 1\n"
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("kind: Plan", ""),
        ("  name: Pro", ""),
        ("      price: null", "phases[trial].rateCards[base]"),
        ("      key: base", "phases[trial].rateCards[base]"),
        ('        - upToAmount: "5"', "phases[main].rateCards[tokens].price.tiers"),
        ('            amount: "1"', "phases[main].rateCards[tokens].price.tiers[0].unitPrice"),
        ("    a: b", "metadata"),
    ],
)
def test_a_line_stands_in_a_part(line, expected):
    lines = TEXT.splitlines()
    assert place(lines, lines.index(line)) == expected


def test_removed_lines_are_red_added_ones_green_and_escape_sequences_are_shown():
    shown = differences({PRO: "a: \x1b[2J\n"}, {PRO: "a: 2\n"}, NAMES, Style(colour=True))
    assert "\x1b[31m-a: " in shown
    assert "\x1b[32m+a: 2\x1b[0m" in shown
    assert "\x1b[2J" not in shown
