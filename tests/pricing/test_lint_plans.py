"""A larger plan that costs less than a smaller one whatever is used; and no catalogue that the rules fail on."""

import pytest
from hypothesis import HealthCheck, given, settings

from reconciler.kinds.registry import KINDS
from reconciler.pricing.lint import RULES, Lint

from ..kinds import strategies
from .linting import Catalogue, fee, findings, plan, unit, usage

SSO = {"type": "flat_fee", "featureKey": "sso", "entitlementTemplate": {"type": "boolean"}}
FEATURES = {"tokens": {"name": "Tokens", "meterSlug": "m"}, "sso": {"name": "SSO"}}


def compared(starter, pro):
    return findings(plans={"starter": starter, "pro": pro}, features=FEATURES)


def test_a_plan_that_includes_more_and_costs_less_is_told_with_both_bills():
    starter = plan(fee("29"), usage(unit("0.01")))
    pro = plan(fee("9"), usage(unit("0.008")), SSO)
    ((name, rule, path, said),) = compared(starter, pro)
    assert (name, rule, path) == ("Plan/pro", "money.plan.cheaper_than_smaller", "phases.0.rateCards.0.price.amount")
    assert "Plan/starter" in said
    assert "9.00 EUR instead of 29.00 EUR without usage, 17.00 EUR instead of 39.00 EUR with 1,000 units" in said


@pytest.mark.parametrize(
    "pro",
    [
        plan(fee("99"), usage(unit("0.001")), SSO),
        plan(fee("29"), usage(unit("0.008")), SSO),
        plan(fee("9"), usage(unit("0.1")), SSO),
        plan(fee("9"), usage(unit("0.008"))),
        plan(fee("9"), usage(unit("0.008")), SSO, currency="USD"),
        plan(fee("90", cadence="P1Y"), usage(unit("0.008"), cadence="P1Y"), SSO, cadence="P1Y"),
        plan(fee("9"), SSO),
    ],
    ids=[
        "dearer at first",
        "the same at first",
        "dearer with usage",
        "not larger",
        "other currency",
        "other cadence",
        "other features",
    ],
)
def test_the_larger_plan_may_be_cheaper_at_some_usage(pro):
    assert compared(plan(fee("29"), usage(unit("0.01"))), pro) == []


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(strategies.plans(), strategies.plans(), strategies.addons())
def test_whatever_stands_in_a_catalogue_the_rules_do_not_fail(one, other, addon):
    given_ = {("Plan", "a"): one, ("Plan", "b"): other, ("Addon", "c"): addon}
    specs = {name: KINDS[name[0]].spec.model_validate(spec) for name, spec in given_.items()}
    found = Lint(Catalogue(specs)).check([(key, spec) for (_, key), spec in specs.items()])
    assert len(found) == 3
    known = {rule.id for rule in RULES}
    for finding in (finding for own in found for finding in own):
        assert finding.rule.id in known
        assert finding.message


def test_every_rule_is_a_warning_about_money_with_a_reason():
    assert {rule.severity for rule in RULES} == {"warning"}
    assert all(rule.id.startswith("money.") and rule.why.endswith(".") and rule.source for rule in RULES)
