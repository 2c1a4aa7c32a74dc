"""Scenarios billed and held to what they expect: what passes, what misses, by how much and where it is written."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from reconciler.errors import PricingError
from reconciler.model import Address, Bound, Expectation, Increase, Location, Scenario
from reconciler.pricing import PriceList, price_test

from .test_offers import flat, usage

PRO, SEAT = Address("Plan", "pro"), Address("Addon", "seat")


class Written:
    """A source whose every value stands on the line of its depth."""

    def locate(self, path):
        return Location("prices.yaml", len(path), 1)


def plan(base="20", unit="0.5", **more):
    phases = [
        {"key": "trial", "duration": "P14D", "rateCards": [{**usage("tokens", "1"), "price": None}]},
        {"key": "main", "rateCards": [flat("base", base), usage("tokens", unit)]},
    ]
    offers = [{"addon": "seat", "fromPlanPhase": "main"}]
    return {"currency": "USD", "billingCadence": "P1M", "phases": phases, "addons": offers, **more}


def prices(**more):
    return PriceList({PRO: plan(**more), SEAT: {"rateCards": [flat("seats", "7")]}})


def scenario(expect=None, **more):
    more = {"usage": {"tokens": Decimal(10)}, **more}
    return Scenario("studio", "pro", Location("prices.yaml", 1), Written(), expect=expect, **more)


def outcome(versus=None, against=None, customer=None, **expect):
    return price_test(scenario(Expectation(**expect), **(customer or {})), against or prices(), versus)


def said(result):
    return [(miss.what, miss.expected, miss.got, miss.difference) for miss in result.misses]


@pytest.mark.parametrize(
    "expect",
    [
        {"total": Decimal(25)},
        {"at_most": Decimal(25)},
        {"at_least": Decimal("25.00")},
        {"lines": {"base": Decimal(20), "tokens": Decimal("5.00")}},
        {"lines": {"unknown": Decimal(0)}},
    ],
)
def test_a_bill_that_is_as_expected_passes(expect):
    found = outcome(**expect)
    assert found.passed
    assert found.bill.total == 25


@pytest.mark.parametrize(
    ("expect", "miss"),
    [
        ({"total": Decimal(26)}, ("total", "26.00 USD", "25.00 USD", -1)),
        ({"total": Decimal("24.99")}, ("total", "24.99 USD", "25.00 USD", Decimal("0.01"))),
        ({"at_most": Decimal("24.5")}, ("atMost", "at most 24.50 USD", "25.00 USD", Decimal("0.5"))),
        ({"at_least": Decimal("25.005")}, ("atLeast", "at least 25.005 USD", "25.00 USD", Decimal("-0.005"))),
        ({"lines": {"base": Decimal(20), "tokens": Decimal(4)}}, ("lines.tokens", "4.00 USD", "5.00 USD", 1)),
        ({"lines": {"unknown": Decimal(1)}}, ("lines.unknown", "1.00 USD", "0.00 USD", -1)),
    ],
)
def test_what_is_off_is_said_with_how_much(expect, miss):
    found = outcome(**expect)
    assert said(found) == [miss]
    assert not found.passed


def test_every_miss_is_said_and_where_it_is_written():
    found = outcome(total=Decimal(1), lines={"base": Decimal(1)}, at_least=Decimal(30))
    assert [(miss.what, miss.location.line) for miss in found.misses] == [
        ("total", 2),
        ("atLeast", 2),
        ("lines.base", 3),
    ]


def live(**more):
    return {"live": prices(**more)}


def bounds(most=None, least=None, versus="live"):
    return {"increases": (Increase(versus, most, least),)}


@pytest.mark.parametrize(
    ("before", "most", "passes"),
    [
        ("20", Bound(Decimal(0)), True),
        ("21", Bound(Decimal(0)), True),
        ("19.99", Bound(Decimal(0)), False),
        ("15", Bound(Decimal(5)), True),
        ("15", Bound(Decimal("4.99")), False),
        ("15", Bound(Decimal(25), percent=True), True),
        ("15", Bound(Decimal("24.99"), percent=True), False),
        ("30", Bound(Decimal(-10)), True),
        ("29", Bound(Decimal(-10)), False),
    ],
)
def test_a_bill_may_be_above_another_by_an_amount_or_a_percentage(before, most, passes):
    assert outcome(live(base=before), **bounds(most)).passed is passes


@pytest.mark.parametrize(
    ("least", "passes"), [(Bound(Decimal(5)), True), (Bound(Decimal("25.01"), percent=True), False)]
)
def test_a_bill_may_have_to_be_above_another(least, passes):
    assert outcome(live(base="15"), **bounds(least=least)).passed is passes


def test_a_rise_is_said_in_money_and_per_cent_with_both_bills():
    (miss,) = outcome(live(base="15"), **bounds(Bound(Decimal(10), percent=True))).misses
    assert miss.what == "increaseVs.live.atMost"
    assert miss.expected == "at most 10% above live"
    assert miss.got == "5.00 USD (+25.0%): 20.00 USD -> 25.00 USD"
    assert miss.difference == 3
    assert miss.location.line == 4


def test_what_was_free_may_not_rise_by_any_percentage():
    found = outcome(live(base="0", unit="0"), **bounds(Bound(Decimal(100), percent=True)))
    assert [miss.got for miss in found.misses] == ["25.00 USD: 0.00 USD -> 25.00 USD"]


def test_where_the_plan_is_new_there_is_nothing_to_compare_with_which_is_said():
    found = outcome({"live": PriceList({})}, **bounds(Bound(Decimal(0))))
    assert found.passed
    assert found.notes == ("increaseVs.live: there is no Plan/pro to compare with",)


def test_what_the_other_prices_lack_costs_nothing_there():
    bare = plan()
    bare["phases"][1]["rateCards"].pop()
    bare["addons"] = []
    other = {"live": PriceList({PRO: bare})}
    found = outcome(other, customer={"addons": {"seat": 2}}, **bounds(Bound(Decimal("18.99"))))
    assert [miss.got for miss in found.misses] == ["19.00 USD (+95.0%): 20.00 USD -> 39.00 USD"]
    assert outcome(other, customer={"addons": {"seat": 2}}, **bounds(Bound(Decimal(19)))).passed


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ("git knows no revision `v0` here", "none: git knows no revision `v0` here"),
        (PriceList({PRO: plan(settlementMode="credit_only")}), "none: a plan that is settled in credits"),
        (PriceList({PRO: {**plan(), "currency": "EUR"}}), "one in EUR"),
    ],
)
def test_what_cannot_be_compared_with_fails(other, says):
    (miss,) = outcome({"v0": other}, **bounds(Bound(Decimal(0)), versus="v0")).misses
    assert miss.got.startswith(says)
    assert (miss.what, miss.difference, miss.location.line) == ("increaseVs.v0", None, 3)


def test_what_nobody_looked_up_fails():
    assert not outcome(**bounds(Bound(Decimal(0)))).passed


@pytest.mark.parametrize(
    ("customer", "against", "says"),
    [
        ({}, PriceList({}), "the prices of Plan/pro are not known here"),
        ({"addons": {"seat": 1}}, PriceList({PRO: plan()}), "the prices of Addon/seat are not known here"),
        ({"addons": {"gift": 1}}, prices(), "Plan/pro does not offer the add-on `gift`"),
        ({"usage": {"q": Decimal(1)}}, prices(), "nothing prices the usage of `q`"),
        ({}, prices(settlementMode="credit_only"), "settled in credits"),
        ({"start": date(9998, 1, 1), "periods": 1000}, prices(), "year"),
    ],
)
def test_a_customer_who_cannot_be_billed_is_a_failure_with_its_reason(customer, against, says):
    found = outcome(against=against, customer=customer, total=Decimal(1))
    assert found.bill is None
    assert says in found.refused
    assert not found.passed


def test_a_scenario_that_expects_nothing_has_a_bill_and_passes():
    found = price_test(scenario(addons={"seat": 2}, periods=2), prices(), None)
    assert found.passed
    assert found.bill.by_card() == {"base": 40, "tokens": 10, "seats": 28}


def test_who_signs_up_has_usage_in_each_service_period_of_all_phases():
    usage = {"tokens": (Decimal(1000), Decimal(2), Decimal(4))}
    found = price_test(scenario(signs_up=True, periods=2, usage=usage), prices(), None)
    # Free for two weeks, then what is left of the month (17 of 31 days of the fee), then a month.
    assert [item.rated.totals.total for item in found.bill.items] == [Decimal("10.97"), 20, 1, 2]


def test_the_first_day_is_that_of_the_scenario():
    usage = {"tokens": (Decimal(1),)}
    found = price_test(scenario(signs_up=True, start=date(2026, 2, 1), usage=usage), prices(), None)
    assert [item.rated.totals.total for item in found.bill.items if item.due.card.key == "base"] == [10]


def test_a_plan_is_read_once_for_all_scenarios_of_it(monkeypatch):
    read = []
    original = __import__("reconciler.pricing.price_tests", fromlist=["tariff"]).tariff
    monkeypatch.setattr("reconciler.pricing.price_tests.tariff", lambda spec: read.append(1) or original(spec))
    found = prices()
    assert found.bill(scenario()).total == found.bill(scenario()).total == 25
    assert read == [1]


def test_a_bill_of_what_is_not_there_is_refused():
    with pytest.raises(PricingError, match="Plan/pro are not known"):
        PriceList({}).bill(scenario())


def test_customers_who_are_billed_one_after_the_other_do_not_get_each_others_bill():
    specs = {
        PRO: plan(),
        SEAT: {"rateCards": [flat("seats", "7")]},
        Address("Plan", "team"): plan(base="99"),
        Address("Addon", "lane"): {"rateCards": [flat("fast", "3")]},
    }
    for found in (specs[PRO], specs[Address("Plan", "team")]):
        found["addons"] = [{"addon": key, "fromPlanPhase": "main"} for key in ("seat", "lane")]
    customers = [
        scenario(**more)
        for more in (
            {},
            {"addons": {"seat": 1}},
            {"addons": {"seat": 2}},
            {"addons": {"lane": 1}},
            {"addons": {"seat": 1, "lane": 1}},
            {"phase": "trial"},
            {"signs_up": True},
            {"periods": 2},
            {"start": date(2026, 2, 1), "signs_up": True},
            {"usage": {"tokens": Decimal(11)}},
        )
    ]
    customers.append(replace(customers[0], plan="team"))
    shared = PriceList(specs)
    totals = [shared.bill(one).total for one in customers]
    assert totals == [PriceList(specs).bill(one).total for one in customers]
    assert totals[:6] == [25, 32, 39, 28, 35, 0]
    assert len(set(totals)) == len(totals)
