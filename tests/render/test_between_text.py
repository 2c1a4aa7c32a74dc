"""How two catalogues differ, as text and as JSON, without a server."""

from __future__ import annotations

import json

from reconciler.model import Address, Between, Catalogue, ChangeClass, Difference, FieldChange, Side
from reconciler.render import between_json, between_text
from reconciler.render.style import Style

RAISED = FieldChange("phases[main].rateCards[base].price.amount", "20", "25", currency="USD")
FOUND = Between(
    Catalogue("staging", "https://s.example", "id1"),
    Catalogue("production", "https://p.example", "id2"),
    (
        Difference(Address("Plan", "pro"), Side("owned", version=5), Side("foreign", version=2, project="other"),
                   (RAISED,), (ChangeClass.PRICE_RAISING,), unchanged=7),
        Difference(Address("Plan", "old"), None, Side("unmanaged", version=1, draft_beside=True)),
    ),
    same=3,
    counts={"only_in_from": 0, "only_in_to": 1, "different": 1},
)  # fmt: skip


def shown(found, width=100):
    return between_text.between(found, Style(width=width))


def test_both_sides_stand_above_and_every_value_leads_from_the_target_to_the_source():
    assert (
        shown(FOUND)
        == """\
  + only in staging     https://s.example  identity id1
  - only in production  https://p.example  identity id2
  ~ production -> staging

    # Plan/pro differs: staging (version 5), production (version 2)
  ~ Plan/pro  [price-raising]
      ~ phases[main].rateCards[base].price.amount: 20 -> 25 USD (+25.0 %)
      # staging: owned; production: by other
      # (7 unchanged fields hidden)

    # Plan/old is only in production (version 1)
  - Plan/old
      # production: unmanaged
      # a draft stands beside it in production; it is not compared

Differences: 1 only in production, 1 different; 3 the same.
"""
    )


def test_what_a_server_cut_short_or_the_manifests_leave_open_is_said():
    part = Between(Catalogue("plans.yaml"), Catalogue("production", "x", "id"), left_out=2, capped=("Meter",))
    text = " ".join(shown(part).split())
    assert "The list of every Meter was cut short by a server: what is on one side only may be on both." in text
    assert "2 objects of production that plans.yaml does not declare left out." in text
    assert json.loads(between_json.dumps([part]))["comparisons"][0]["capped"] == ["Meter"]


def test_names_of_a_server_cannot_repaint_the_terminal_and_narrow_lines_hold():
    evil = Between(Catalogue("a"), Catalogue("b", "x\x1b[2J"), (
        Difference(Address("Meter", "m\x1b[2J"), None, Side("foreign", project="p\x1b[2J")),), counts={"only_in_to": 1},
    )  # fmt: skip
    assert "\x1b" not in shown(evil)
    assert max(len(line) for line in shown(FOUND, 60).splitlines()) <= 75


def test_json_tells_both_values_by_their_side():
    (one,) = json.loads(between_json.dumps([FOUND]))["comparisons"]
    assert one["differences"][0]["fields"] == [
        {"path": RAISED.path, "from": "25", "to": "20", "currency": "USD"}
    ]  # fmt: skip
    assert one["differences"][1]["from"] is None
    assert one["summary"] == {"only_in_from": 0, "only_in_to": 1, "different": 1, "same": 3, "left_out": 0}
