"""``reconciler price``: a bill at once, its lines explained, and the curve."""

import json

import pytest

from .conftest import FEATURE, METER

PLAN = """\
apiVersion: openmeter.io/v1
kind: Plan
key: pro
spec:
  name: Pro
  currency: EUR
  billingCadence: P1M
  phases:
    - key: trial
      name: Trial
      duration: P14D
      rateCards:
        - {type: usage_based, featureKey: tokens, billingCadence: P1M, price: null}
    - key: main
      name: Main
      rateCards:
        - {type: flat_fee, key: base, name: Base, billingCadence: P1M, price: {type: flat, amount: "19"}}
        - type: usage_based
          featureKey: tokens
          billingCadence: P1M
          discounts: {percentage: {percentage: 10}}
          price: {type: unit, amount: "0.0025", maximumAmount: "1000"}
  addons:
    - {addon: seats, fromPlanPhase: main}
"""
ADDONS = """\
apiVersion: openmeter.io/v1
kind: Addon
key: seats
spec: &seats
  name: Seats
  currency: EUR
  instanceType: multiple
  rateCards:
    - {type: flat_fee, key: seat, name: Seat, billingCadence: P1M, price: {type: flat, amount: "4"}}
---
apiVersion: openmeter.io/v1
kind: Addon
key: other
spec: {name: Other, currency: EUR, instanceType: single, rateCards: [
  {type: flat_fee, key: other, name: Other, billingCadence: P1M, price: {type: flat, amount: "4"}}]}
"""


@pytest.fixture
def catalogue(tmp_path):
    (tmp_path / "reconciler.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Project\nname: acme\nmanifests: [catalog]\n"
    )
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog/all.yaml").write_text("---\n".join((METER, FEATURE, PLAN, ADDONS)))
    return tmp_path


def test_a_bill_is_explained_line_by_line(run, catalogue):
    ended = run("price", "pro", "--usage", "tokens=40000", "--addon", "seats=2")
    assert (ended.code, ended.err) == (0, "")
    assert [" ".join(line.split()) for line in ended.out.splitlines()] == [
        "Base 19.00",
        "Tokens 90.00",
        "usage in period: 40,000 x 0.0025 = 100.00",
        "10 % off: -10.00",
        "Seat 8.00",
        "Total 117.00 EUR",
    ]


def test_the_same_as_json_is_exact(run, catalogue):
    found = json.loads(run("price", "Plan/pro", "--usage", "tokens=40000", "--format", "json").out)
    assert (found["total"], found["currency"]) == ("109", "EUR")
    assert found["lines"][1]["detailed"][0]["unit_amount"] == "0.0025"


def test_who_signs_up_pays_the_stub_after_the_trial(run, catalogue):
    lines = [" ".join(line.split()) for line in run("price", "pro", "--signs-up").out.splitlines()]
    assert lines[-1] == "Total 10.42 EUR"


def test_a_curve_is_a_table_and_a_picture(run, catalogue):
    ended = run("price", "pro", "--at", "0..1e6", "--chart", "pro.svg")
    assert ended.code == 0
    assert ended.out.splitlines()[-1].split()[:3] == ["1,000,000", "1019.00", "EUR"]
    assert (catalogue / "pro.svg").read_text().startswith("<svg")
    points = json.loads(run("price", "pro", "--at", "tokens=0..10", "--format", "json").out)["points"]
    assert points[0] == {"quantity": "0", "total": "19"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["prp"], 64, "Plan/prp is not declared; did you mean `pro`?"),
        (["pro", "--usage", "seats=1"], 1, "nothing prices the usage of `seats`"),
        (["pro", "--usage", "tokens"], 64, "write it like `--usage KEY=10`"),
        (["pro", "--usage", "tokens=-1"], 64, "no quantity"),
        (["pro", "--usage", "tokens=many"], 64, "no quantity"),
        (["pro", "--addon", "seats=0"], 64, "no number of add-ons"),
        (["pro", "--addon", "other"], 64, "Plan/pro does not offer Addon/other"),
        (["pro", "--phase", "maim"], 1, "no phase `maim`"),
        (["pro", "--at", "9"], 64, "write it like"),
        (["pro", "--at", "9..3"], 1, "no range"),
        (["pro", "--chart", "x.svg"], 64, "--chart needs --at"),
    ],
)
def test_what_makes_no_sense_is_refused(run, catalogue, arguments, code, said):
    ended = run("price", *arguments)
    assert ended.code == code
    assert said in ended.err


def test_a_saved_plan_draws_the_prices_that_it_changes(run, catalogue):
    assert run("apply", "--auto-approve").code == 0
    run("plan", "-o", "same.plan")
    assert "nothing to draw" in run("show", "--plan", "same.plan", "--charts", "charts").err
    file = catalogue / "catalog/all.yaml"
    file.write_text(file.read_text().replace('"0.0025"', '"0.0030"'))
    run("plan", "-o", "pr.plan")
    assert "Wrote charts/pro-main-tokens.svg" in run("show", "--plan", "pr.plan", "--charts", "charts").err
    drawn = (catalogue / "charts/pro-main-tokens.svg").read_text()
    assert "before: 19.00 EUR for 0 tokens" in drawn
    assert drawn.count("<path class=") == 4


def test_charts_are_those_of_a_plan(run, catalogue):
    (catalogue / "summary.json").write_text("{}")
    assert run("show", "summary.json", "--charts", "charts").code == 64


def test_a_plan_is_markdown_for_a_pull_request_too(run, catalogue):
    assert run("apply", "--auto-approve").code == 0
    file = catalogue / "catalog/all.yaml"
    file.write_text(file.read_text().replace('"0.0025"', '"0.0030"'))
    made = run("plan", "-o", "pr.plan", "--format", "markdown")
    assert made.code == 0
    assert made.out.startswith("### Billing catalogue: 1 new version, 1 price raised, nothing removed\n")
    assert ", per 1,000 | 2.50 | 3.00\u00a0EUR | **+20.0\u00a0%** |" in made.out
    assert run("show", "--plan", "pr.plan", "--format", "markdown").out == made.out


def test_a_plan_is_a_page_too(run, catalogue):
    assert run("apply", "--auto-approve").code == 0
    file = catalogue / "catalog/all.yaml"
    file.write_text(file.read_text().replace('"0.0025"', '"0.0030"'))
    made = run("plan", "-o", "pr.plan", "--format", "html")
    assert made.code == 0
    assert made.out.startswith("<!doctype html>\n")
    assert '<span class="money">3.00</span> <span class="unit">EUR per 1,000</span>' in made.out
    assert made.out.count('class="chart"') == 1
    assert run("show", "--plan", "pr.plan", "--format", "html").out == made.out
