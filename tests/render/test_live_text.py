from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from reconciler.render import live_text
from reconciler.render.escape import columns
from reconciler.render.style import Style


@dataclass(frozen=True)
class Row:
    kind: str = "Meter"
    key: str | None = "tokens"
    id: str = "01M7YND131K71GMMEH8ZXKZTQ9"
    name: str | None = "Tokens"
    state: str = "live"
    version: int | None = None
    claim: str = "owned"
    project: str | None = "acme"
    spec: dict = field(default_factory=lambda: {"eventType": "prompt"})


def test_a_table_says_what_is_live_and_whose_it_is():
    rows = [
        Row(),
        Row("Plan", "pro", version=3, state="active", claim="foreign", project="other"),
        Row("BillingProfile", None, claim="unmanaged", name=None),
    ]
    shown = live_text.table(rows, Style()).splitlines()
    assert shown[0].split() == ["OBJECT", "STATE", "VERSION", "MANAGED", "NAME", "ID"]
    assert shown[2].split()[:5] == ["Plan/pro", "active", "3", "by", "other"]
    assert shown[3].startswith("BillingProfile/-  live")
    assert shown[-1] == "3 live objects: 1 owned, 1 unmanaged, 1 foreign."


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_narrow_terminal_loses_columns_but_never_the_object_or_its_owner(width):
    shown = live_text.table([Row(name="A very long display name of a meter")], Style(width=width)).splitlines()
    assert all(columns(line) <= width for line in shown)
    assert shown[1].startswith("Meter/tokens  live")
    assert "owned" in shown[1]


def test_colour_does_not_move_the_columns():
    rows = [Row(), Row(claim="unmanaged")]
    plain, coloured = (live_text.table(rows, Style(colour=flag)).splitlines() for flag in (False, True))
    assert [columns(line) for line in plain] == [columns(line) for line in coloured]


def test_one_object_is_shown_with_every_field():
    shown = live_text.detail(Row(spec={"eventType": "prompt", "groupBy": {"model": "$.model"}}), Style())
    assert shown.startswith("Meter/tokens\n")
    assert "owned, id 01M7YND131K71GMMEH8ZXKZTQ9" in shown
    assert "groupBy:   {model: $.model}" in shown


def test_nothing_live_is_a_sentence():
    assert live_text.table([], Style()) == "No live objects.\n"


def test_json_holds_the_same_rows():
    (row,) = json.loads(live_text.dumps([Row()]))
    assert row["managed"] == "owned"
    assert row["spec"] == {"eventType": "prompt"}


def test_names_of_a_server_cannot_repaint_the_terminal():
    evil = Row("\x1b[2J", "\u202e", "\x1b[2J", "\x1b[2J", "\x1b[2J", claim="foreign", project="\x1b[2J")
    for shown in (live_text.table([evil], Style()), live_text.detail(evil, Style())):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
