"""Warnings about money in manifests: at their place, silenced by a comment, never instead of an error."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
PRO = """\
apiVersion: openmeter.io/v1
kind: Meter
key: tokens
spec: {eventType: prompt, aggregation: SUM, valueProperty: $.tokens, groupBy: {type: $.type}}
---
apiVersion: openmeter.io/v1
kind: Feature
key: tokens
spec: {name: Tokens, meterSlug: tokens}
---
apiVersion: openmeter.io/v1
kind: Feature
key: reasoning
spec: {name: Reasoning, meterSlug: tokens, advancedMeterGroupByFilters: {type: {$eq: reasoning}}}
---
apiVersion: openmeter.io/v1
kind: Plan
key: pro
spec:
  name: Pro
  currency: EUR
  billingCadence: P1M
  phases:
    - key: main
      name: Pro
      rateCards:
        - type: usage_based
          featureKey: tokens
          billingCadence: P1M
          price:
            type: tiered
            mode: volume
            tiers:
              - { upToAmount: 1000, unitPrice: { type: unit, amount: "0.10" } }
              - { unitPrice: { type: unit, amount: "0.05" } }
        - type: usage_based
          featureKey: reasoning
          billingCadence: P1M
          price: { type: unit, amount: "0.02" }
"""
CLIFF = "              - { upToAmount: 1000,"
ALLOW = "              # reconciler: allow money.tiers.cliff because the price list says so\n"


@pytest.fixture
def pro(catalogue):
    def write(text=PRO, **more):
        return catalogue.project("manifests: [catalog]").write(catalog__pro_yaml=text, **more)

    return write


def told(found):
    return [f"{p.location}: {p.severity}[{p.rule}]: {p.message}" for p in found if p.rule.startswith("money.")]


def test_the_readme_shows_what_is_told(pro):
    shown = re.findall(r"^catalog/\S+ warning\[money\..*$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(shown) == 2
    assert told(pro().check()) == shown
    assert told(pro().load().warnings) == shown


def test_a_comment_with_a_reason_silences_one_and_is_listed(pro):
    found = pro(PRO.replace(CLIFF, ALLOW + CLIFF)).load().warnings
    assert [problem.rule for problem in found] == ["allow.used", "money.filters.overlap"]


def test_a_wrong_plan_is_no_matter_of_money_and_its_comments_are_not_unused(pro):
    text = PRO.replace(CLIFF, ALLOW + CLIFF).replace('amount: "0.05"', 'amount: "x"')
    assert [problem.rule for problem in pro(text).check()] == ["value.decimal"]


def test_what_the_server_refuses_is_refused_without_a_bill(pro):
    text = PRO.replace("- { unitPrice", "- { upToAmount: 1000, unitPrice")
    rules = {problem.rule for problem in pro(text).check()}
    assert "price.tiers.open_end" in rules
    assert not [rule for rule in rules if rule.startswith("money.")]


@pytest.mark.parametrize("lifecycle", ["{state: archived}", "{manage: observe}"])
def test_plans_that_are_not_sold_or_not_written_by_us_are_not_looked_at(pro, lifecycle):
    text = PRO.replace("key: pro\n", f"key: pro\nlifecycle: {lifecycle}\n")
    assert told(pro(text).check()) == []


def test_a_comment_that_another_environment_needs_is_not_unused(pro):
    catalogue = pro(
        PRO.replace(CLIFF, ALLOW + CLIFF),
        over__a_yaml="""\
            apiVersion: openmeter.io/v1
            kind: Plan
            key: pro
            patch:
              phases: [{key: main, rateCards: [{featureKey: tokens, price: {mode: graduated}}]}]
            """,
    )
    catalogue.project("manifests: [catalog]\nenvironments: {live: {endpoint: 'sandbox:', overlays: [over]}}")
    assert "allow.unused" not in {problem.rule for problem in catalogue.load("live").warnings}
    assert "allow.used" in {problem.rule for problem in catalogue.check()}
