"""A policy's own rules over a plan, and the per cent by which a price rises."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from reconciler.model import (
    Action,
    Address,
    Affected,
    Amounts,
    Change,
    ChangeClass,
    FieldChange,
    Impact,
    Location,
    Plan,
    Policy,
    PolicyRule,
    Step,
    Target,
)
from reconciler.policy import Bounds, Consent, Hearing, judge
from reconciler.policy.percentages import ENDLESS, fall, of_field, rise

PRO, TEAM = Address("Plan", "pro"), Address("Plan", "team")
FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
RAISING, LOWERING = ChangeClass.PRICE_RAISING, ChangeClass.PRICE_LOWERING
CARD = "phases[main].rateCards[base]"


def price(before, after, path=f"{CARD}.price.amount", currency="USD"):
    return FieldChange(path, before, after, currency=currency)


def change(*fields, address=PRO, classes=(RAISING,), action=Action.NEW_VERSION, **more):
    return Change(address, action, classes=classes, fields=fields, **more)


def plan(*changes, **more):
    steps = tuple(Step(str(one.address), one.address, "create", "POST", "/plans") for one in changes)
    return Plan(Target("prod", "https://openmeter.example", "id"), "acme", changes, steps, **more)


def rule(when, effect="deny", name="mine", team=None):
    return PolicyRule(name, when, effect, "the board says so", Location("reconciler.yaml", 9), team)


def judged(made, *rules, allow=()):
    hearing = Hearing(Policy({}, rules), FRIDAY)
    consents = [Consent.parse(text) for text in ("price-raising:*/*", *allow)]
    return judge(made, consents, Bounds(), population=1, hearing=hearing)


def opened(made):
    return [guard.name for guard in made.open_guards]


def test_the_rule_of_the_readme():
    steep = rule('change.class == "price-raising" && change.percent > 20.0')
    assert opened(judged(plan(change(price("20", "24"))), steep)) == []
    assert opened(judged(plan(change(price("20", "24.01"))), steep)) == ["policy.mine:Plan/pro"]


def test_a_rule_about_changes_is_asked_of_each_and_one_about_the_plan_once():
    two = plan(change(price("20", "21")), change(price("20", "21"), address=TEAM))
    assert opened(judged(two, rule("change.percent > 1.0"))) == ["policy.mine:Plan/pro", "policy.mine:Plan/team"]
    assert opened(judged(two, rule("size(plan.changes) > 1"))) == ["policy.mine"]


def test_what_a_rule_denies_nothing_opens():
    made = judged(plan(change(price("20", "21"))), rule("true || change.key == 'x'"), allow=["policy.mine:*/*"])
    assert opened(made) == ["policy.mine:Plan/pro"]
    assert made.open_guards[0].message == "Plan/pro: the board says so"
    assert made.open_guards[0].location == Location("reconciler.yaml", 9)


def test_consent_that_a_rule_asks_for_is_given_as_any_other():
    asked = rule("change.percent > 1.0", "consent")
    made = plan(change(price("20", "21")))
    assert opened(judged(made, asked)) == ["policy.mine:Plan/pro"]
    assert opened(judged(made, asked, allow=["policy.mine:Plan/pro"])) == []
    whole = rule("plan.percent > 1.0", "consent")
    assert opened(judged(made, whole, allow=["policy.mine"])) == []


def test_consent_of_a_team_is_none_that_a_flag_gives():
    made = judged(plan(change(price("20", "21"))), rule("plan.complete", "consent", team="a/b"), allow=["policy.mine"])
    assert [(guard.name, guard.team) for guard in made.open_guards] == [("policy.mine", "a/b")]


def test_a_warning_opens_and_closes_nothing():
    made = judged(plan(change(price("20", "21"))), rule("change.percent > 1.0", "warn"))
    assert opened(made) == []
    assert [(one.rule, one.message) for one in made.warnings] == [("policy.warning", "Plan/pro: the board says so")]


def test_rules_that_have_nothing_against_a_plan_are_counted():
    made = judged(plan(change(price("20", "21"))), rule("change.percent > 90.0"), rule("false", name="other"))
    assert [(one.rule, one.status, one.message) for one in made.policy] == [
        ("rules", "met", "2 rules have nothing against this plan: mine, other")
    ]


def test_what_changes_nothing_is_held_to_nothing():
    idle = change(action=Action.NO_CHANGE, classes=())
    made = judged(Plan(Target("prod", "https://x.example", "id"), "acme", (idle,), ()), rule("true"))
    assert (made.policy, opened(made)) == ((), [])


@pytest.mark.parametrize(
    ("when", "more"),
    [
        ("change.subscriptions > 100", {"affected": (Affected(PRO, None),)}),
        ("plan.subscriptions > 100", {"affected": (Affected(PRO, None),)}),
        ("change.after_version / change.before_version > 3", {}),
    ],
)
def test_a_rule_that_nobody_can_answer_holds_and_says_so(when, more):
    made = judged(plan(change(price("20", "21")), **more), rule(when))
    assert len(opened(made)) == 1
    assert "this cannot be told, so the rule holds:" in made.open_guards[0].message


def test_bills_that_cannot_be_computed_are_above_every_number():
    bill = Impact(PRO, "no usage", True, "USD", "P1M", reason="a tier without an end")
    made = plan(change(price("20", "21")), impacts=(bill,))
    assert opened(judged(made, rule("change.bills.exists(b, b.percent > 9999.0)"))) == ["policy.mine:Plan/pro"]


def test_bills_and_days_can_be_ruled_on():
    amounts = Amounts(Decimal(20), Decimal("21.5"))
    made = plan(change(price("20", "21")), impacts=(Impact(PRO, "no usage", True, "USD", "P1M", amounts, amounts),))
    assert opened(judged(made, rule("change.bills.exists(b, b.difference == 1.5 && b.percent == 7.5)"))) != []
    assert opened(judged(made, rule('plan.at.getDayOfWeek("Europe/Berlin") == 5'))) == ["policy.mine"]


RISES = [
    (price("20", "25"), "25"),
    (price("20", "19"), "-5"),
    (price("3", "3.1"), None),
    (price("0", "1"), ENDLESS),
    (price("20", "0"), "-100"),
    (price("0.000002", "0.0000025"), "25"),
    (FieldChange(f"{CARD}.price", None, {"type": "flat", "amount": "1"}), ENDLESS),
    (FieldChange(f"{CARD}.price", {"type": "flat", "amount": "1"}, None), "-100"),
    (FieldChange(f"{CARD}.price.type", "unit", "flat"), ENDLESS),
    (FieldChange(CARD, None, {"price": {"type": "flat", "amount": "1"}}), ENDLESS),
    (FieldChange(CARD, {"price": {"type": "flat", "amount": "1"}}, None), "-100"),
    (FieldChange(f"{CARD}.price.tiers[1].unitPrice.amount", "1", "1.1"), "10"),
    (FieldChange(f"{CARD}.price.tiers[1].upToAmount", 100, 50), ENDLESS),
    (FieldChange(f"{CARD}.price.quantityPerPackage", "100", "50"), "100"),
    (FieldChange(f"{CARD}.price.quantityPerPackage", "100", "200"), "-50"),
    (FieldChange(f"{CARD}.price.multiplier", "1.2", "1.5"), "25"),
    (FieldChange(f"{CARD}.price.minimumAmount", None, "10"), ENDLESS),
    (FieldChange(f"{CARD}.price.maximumAmount", "10", None), ENDLESS),
    (FieldChange(f"{CARD}.price.maximumAmount", None, "10"), -ENDLESS),
    (FieldChange(f"{CARD}.discounts.percentage.percentage", 20, 10), "12.5"),
    (FieldChange(f"{CARD}.discounts.percentage.percentage", 100, 10), ENDLESS),
    (FieldChange(f"{CARD}.discounts", {"percentage": {"percentage": 10}}, None), ENDLESS),
    (FieldChange(f"{CARD}.discounts.usage.quantity", "100", "50"), ENDLESS),
    (FieldChange("currency", "USD", "EUR"), ENDLESS),
    (FieldChange("billingCadence", "P1M", "P1Y"), ENDLESS),
    (FieldChange("somethingNew", 1, 2), ENDLESS),
    (FieldChange("name", "Pro", "Pro+"), "0"),
    (FieldChange(f"{CARD}.entitlementTemplate.issueAfterReset", 100, 50), "0"),
]


@pytest.mark.parametrize(("field", "percent"), RISES, ids=[f"{row[0].path}:{row[0].before}" for row in RISES])
def test_by_how_much_a_price_rises(field, percent):
    found = of_field(change(field), field)
    if percent is None:
        assert abs(found - Decimal("3.3333333333")) < Decimal("0.0000000001")
    else:
        assert found == Decimal(percent)


def test_the_steepest_rise_and_the_deepest_fall_count():
    both = change(price("20", "21"), price("1", "2"), price("9", "3"), price("10", "9"), classes=(LOWERING, RAISING))
    assert (rise(both), int(fall(both))) == (100, 66)


def test_a_change_that_may_raise_a_price_and_has_none_to_show_rises_without_end():
    assert rise(change(FieldChange("name", "a", "b"))) == ENDLESS


def test_what_is_new_raises_nothing():
    new = change(price(None, "20"), action=Action.CREATE, classes=(ChangeClass.ADDITIVE,))
    assert (rise(new), of_field(new, new.fields[0])) == (0, 0)
