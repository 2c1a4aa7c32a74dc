"""A plan says which shared card or base a change comes from, and everything that one edit changes."""

from __future__ import annotations

import json

import jsonschema
import pytest

from reconciler.render.schemas import plan as plan_schema

CARD = """\
apiVersion: reconciler/v1
kind: RateCard
key: per_token
spec:
  type: usage_based
  featureKey: tokens
  billingCadence: P1M
  price: {type: unit, amount: "0.002"}
"""
BASE = """\
apiVersion: openmeter.io/v1
kind: Plan
key: base
abstract: true
spec:
  name: Base
  currency: USD
  billingCadence: P1M
  phases:
    - key: main
      name: Main
      duration: null
      rateCards:
        - use: per_token
"""
PRO = "apiVersion: openmeter.io/v1\nkind: Plan\nkey: pro\nextends: base\nspec: {name: Pro}\n"
TEAM = """\
apiVersion: openmeter.io/v1
kind: Plan
key: team
extends: base
spec:
  name: Team
  phases:
    - key: main
      rateCards:
        - {featureKey: tokens, price: {amount: "0.001"}}
"""
ADDON = """\
apiVersion: openmeter.io/v1
kind: Addon
key: more
spec: {name: More, currency: USD, instanceType: single, rateCards: [{use: per_token}]}
"""


@pytest.fixture
def catalog(project, run):
    folder = project / "catalog"
    for name, text in {"cards": CARD, "base": BASE, "pro": PRO, "team": TEAM, "addon": ADDON}.items():
        (folder / f"{name}.yaml").write_text(text)
    assert run("apply", "--auto-approve").code == 0
    return folder


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def saved(run, folder):
    assert run("plan", "-o", folder / "a.plan").code == 0
    return json.loads((folder / "a.plan").read_text())


def test_a_changed_shared_card_names_everything_that_it_changes(catalog, run):
    edit(catalog / "cards.yaml", '"0.002"', '"0.003"')
    edit(catalog / "cards.yaml", "billingCadence: P1M", "billingCadence: P1M\n  description: Tokens")
    shown = run("plan").out
    assert "RateCard/per_token (catalog/cards.yaml:1) changes Addon/more, Plan/pro, Plan/team\n" in shown
    assert shown.count("catalog/cards.yaml:9 (RateCard/per_token)") == 2, "team has a price of its own"
    assert shown.count("catalog/cards.yaml:8 (RateCard/per_token)") == 3


def test_a_changed_base_names_everything_that_it_changes(catalog, run):
    edit(catalog / "base.yaml", "spec:\n", "spec:\n  description: All of it\n")
    edit(catalog / "team.yaml", "0.001", "0.0012")
    shown = run("plan").out
    assert "Plan/base (catalog/base.yaml:1) changes Plan/pro, Plan/team\n" in shown
    assert "catalog/base.yaml:6 (Plan/base)" in shown
    assert "RateCard" not in shown


def test_what_a_shared_card_no_longer_says_is_its_change_too(catalog, run):
    edit(catalog / "cards.yaml", "billingCadence: P1M", "billingCadence: P1M\n  discounts: {usage: {quantity: 100}}")
    assert run("apply", "--auto-approve").code == 0
    edit(catalog / "cards.yaml", "  discounts: {usage: {quantity: 100}}\n", "")
    shown = run("plan").out
    assert "RateCard/per_token (catalog/cards.yaml:1) changes Addon/more, Plan/pro, Plan/team\n" in shown


def test_an_edit_of_the_object_itself_and_a_new_object_name_nobody_else(catalog, run):
    edit(catalog / "pro.yaml", "name: Pro", "name: Professional")
    (catalog / "new.yaml").write_text(PRO.replace("key: pro", "key: new"))
    shown = run("plan").out
    assert "Plan/new" in shown
    assert " changes Plan" not in shown


def test_a_saved_plan_tells_the_same(catalog, run):
    edit(catalog / "cards.yaml", '"0.002"', '"0.003"')
    body = saved(run, catalog.parent)
    jsonschema.validate(body, plan_schema())
    place = {"file": "catalog/cards.yaml", "line": 1, "column": 1}
    assert body["shared"] == [
        {"address": "RateCard/per_token", "location": place, "changes": ["Addon/more", "Plan/pro"]}
    ]
    fields = [field for change in body["changes"] for field in change["fields"]]
    assert [field["shared"] for field in fields] == [{"address": "RateCard/per_token", "location": place}] * 2
    shown = run("show", "--plan", catalog.parent / "a.plan").out
    assert "RateCard/per_token (catalog/cards.yaml:1) changes Addon/more, Plan/pro\n" in shown
    assert json.loads(run("plan", "--format", "json").out)["shared"] == body["shared"]


def test_how_a_change_is_written_is_no_part_of_its_digest(catalog, run):
    edit(catalog / "cards.yaml", '"0.002"', '"0.003"')
    shared = saved(run, catalog.parent)
    card = "{featureKey: tokens, type: usage_based, billingCadence: P1M, price: {type: unit, amount: '0.003'}}"
    edit(catalog / "base.yaml", "- use: per_token", f"- {card}")
    edit(catalog / "addon.yaml", "{use: per_token}", card)
    written_out = saved(run, catalog.parent)
    assert written_out["shared"] != shared["shared"]
    assert written_out["change_digest"] == shared["change_digest"]
    assert written_out["source"]["manifests"] == shared["source"]["manifests"]
