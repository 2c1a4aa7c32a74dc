"""Rules about one card: each fires with the engine's numbers, and is silent just beside."""

import pytest

from .linting import fee, findings, plan, tiered, told, unit, usage

METERED = {"type": "metered", "issueAfterReset": 1000}
SOFT = {**METERED, "isSoftLimit": True}
FREE_1000 = {"usage": {"quantity": 1000}}


@pytest.mark.parametrize(
    ("card", "rule", "said"),
    [
        (usage(unit("0.0025"), entitlementTemplate=SOFT), "money.allowance.not_free", "1,000 units cost 2.50 EUR"),
        (usage(unit("0.0025"), entitlementTemplate=METERED), "money.allowance.not_free", "is a limit, not free usage"),
        (usage(tiered("volume", (1000, "0.1"), (None, "0.05"))), "money.tiers.cliff",
         "1,000 units cost 100.00 EUR, 1,001 cost 50.05 EUR: more usage costs less"),
        (usage(tiered("volume", (1000, "0.1"), (None, "0.05")), discounts={"usage": {"quantity": 100}}),
         "money.tiers.cliff", "1,100 units cost 100.00 EUR, 1,101 cost 50.05 EUR"),
        (usage(tiered("volume", (0, None, "9"), (None, "1"))), "money.tiers.cliff",
         "0 units cost 9.00 EUR, 1 costs 1.00 EUR"),
        (usage(tiered("graduated", (1000, "0.1", "10"), (None, "0.05"))), "money.tiers.flat_at_zero",
         "0 units cost 10.00 EUR"),
        (usage(tiered("graduated", (None, "1", "99"), (10, "1", "10"))), "money.tiers.unsorted",
         "0 units cost 99.00 EUR as the tiers are written, and 10.00 EUR in order"),
        (usage(tiered("graduated", (0, None, "1"), (0, None, "2"), (None, "1"))), "money.tiers.duplicate",
         "another tier ends at 0 already"),
        (usage(tiered("graduated", (100, "0.00001"), (None, "1"))), "money.tiers.rounded_away",
         "100 units at 0.00001 EUR round to 0.00 EUR"),
        (usage(unit("0.1", minimumAmount="10"), discounts={"percentage": {"percentage": 100}}),
         "money.minimum.not_free", "still 0 units cost 10.00 EUR"),
        (usage(unit("0", minimumAmount="10")), "money.minimum.not_free", "0 units cost 10.00 EUR"),
        (usage(unit("0.1", minimumAmount="10", maximumAmount="0")), "money.maximum.reached",
         ("0 units cost 10.00 EUR, and so do 1,000,000 units: the maximum is reached without usage, and the minimum of "
         "10.00 EUR is charged nevertheless")),
        (usage(unit("0.1", maximumAmount="0")), "money.maximum.reached", "0 units cost 0.00 EUR, and so do 1,000,000"),
        (fee("19.999"), "money.amount.too_fine", "19.999 EUR is billed as 20.00 EUR: EUR has 2 decimals"),
        (usage(unit("1", minimumAmount="5.005")), "money.amount.too_fine", "5.005 EUR is billed as 5.01 EUR"),
        (usage(tiered("volume", (10, None, "0.004"), (None, "1"))), "money.amount.too_fine", "is billed as 0.00 EUR"),
        (fee("50", cadence=None, term="in_arrears"), "money.fee.never_billed",
         "of 50.00 EUR 0.00 EUR are billed after a year"),
    ],
)  # fmt: skip
def test_a_rule_fires_with_the_numbers_of_the_engine(card, rule, said):
    found = told(card)
    assert said in found.pop(rule)


@pytest.mark.parametrize(
    "card",
    [
        usage(unit("0.0025"), entitlementTemplate=SOFT, discounts=FREE_1000),
        usage(tiered("graduated", (1000, "0"), (None, "1")), entitlementTemplate=SOFT),
        usage(unit("0.0025"), entitlementTemplate={"type": "metered", "issueAfterReset": 0}),
        usage(unit("0"), entitlementTemplate=SOFT),
        usage(unit("1"), entitlementTemplate=SOFT, discounts={"percentage": {"percentage": 100}}),
        usage(tiered("volume", (1000, "0.05"), (None, "0.1"))),
        usage(tiered("volume", (10, "1"), (None, "0", "10"))),
        usage(unit("0.0025"), entitlementTemplate=SOFT, discounts={"usage": {"quantity": 500}}),
        usage(tiered("volume", (1000, "0.1"), (None, "0.05", "50"))),
        usage(tiered("graduated", (1000, "0.1"), (None, "0.05"))),
        usage(tiered("graduated", (0, "0"), (1000, "0.1", "10"), (None, "0.05"))),
        usage(tiered("graduated", (1000, "0.1", "10"), (None, "0.05"), minimumAmount="10")),
        usage(tiered("graduated", (None, "1"), (10, "1"))),
        usage(tiered("graduated", (1000, "0.00001"), (None, "1"))),
        usage(unit("0.1", minimumAmount="10"), discounts={"percentage": {"percentage": 99}}),
        usage(unit("0.1", minimumAmount="10", maximumAmount="11")),
        usage(unit("0.0000001")),
        fee("19.99"),
        fee("50", cadence=None),
        fee("50", term="in_arrears"),
    ],
    ids=str,
)
def test_nothing_is_said_just_beside(card):
    assert told(card) == {}


def test_with_an_empty_first_tier_the_flat_price_is_charged_from_the_first_unit_on():
    said = told(usage(tiered("graduated", (1000, "0.1", "10"), (None, "0.05"))))["money.tiers.flat_at_zero"]
    assert "begin with a tier `upToAmount: 0` that costs 0 (1 unit costs 10.10 EUR then, and none 0.00 EUR)" in said


def test_a_finding_stands_where_the_number_is_written():
    card = usage(tiered("volume", (10, "1"), (20, "0.1"), (None, "2")))
    ((_, rule, path, _),) = findings(plans={"p": plan(card)})
    assert (rule, path) == ("money.tiers.cliff", "phases.0.rateCards.0.price.tiers.0.upToAmount")


@pytest.mark.parametrize(
    ("currency", "price", "said"),
    [
        ("HUF", unit("0.35"), "bills HUF with no decimals, ISO 4217 has 2: `tokens`: 1 unit costs 0 HUF, not 0.35"),
        ("MGA", unit("0.12345"), "bills MGA with 5 decimals, ISO 4217 has 2: `tokens`: 1 unit costs 0.12345 MGA, not"),
    ],
)
def test_a_currency_that_is_rounded_otherwise_than_by_iso_is_told_where_a_bill_shows_it(currency, price, said):
    assert said in told(usage(price), currency=currency)["money.currency.decimals"]


@pytest.mark.parametrize(("currency", "amount"), [("HUF", "35"), ("MGA", "0.12"), ("JPY", "0.35"), ("EUR", "0.12345")])
def test_a_currency_is_not_told_of_where_no_bill_shows_it(currency, amount):
    assert told(usage(unit(amount)), currency=currency) == {}


def test_a_fee_with_too_many_decimals_for_its_currency_is_told_once():
    assert told(fee("99.5"), currency="HUF") == {
        "money.amount.too_fine": "99.5 HUF is billed as 100 HUF: HUF has no decimals"
    }


def test_a_one_time_fee_in_arrears_is_billed_at_the_end_of_a_phase_that_ends_and_never_with_an_add_on():
    ending = plan(fee("9"), before=[("P1M", [fee("50", key="once", cadence=None, term="in_arrears")])])
    assert findings(plans={"p": ending}) == []
    addon = {"name": "A", "currency": "EUR", "instanceType": "single",
             "rateCards": [fee("50", cadence=None, term="in_arrears")]}  # fmt: skip
    assert [rule for _, rule, _, _ in findings(addons={"a": addon})] == ["money.fee.never_billed"]
