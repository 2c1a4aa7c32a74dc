"""A customer on a plan of the catalogue: phases, allowances, and what add-ons add."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from reconciler.errors import PricingError
from reconciler.pricing import Extra, FlatPrice, rate, service_periods, subscribed
from reconciler.pricing.money import text

START = datetime(2026, 1, 1, tzinfo=UTC)


def flat(key, amount, **more):
    return {"type": "flat_fee", "key": key, "name": key.title(), "billingCadence": "P1M",
            "price": {"type": "flat", "amount": amount}, **more}  # fmt: skip


def usage(feature, amount, **more):
    return {"type": "usage_based", "featureKey": feature, "billingCadence": "P1M",
            "price": {"type": "unit", "amount": amount}, **more}  # fmt: skip


PLAN = {
    "currency": "USD",
    "billingCadence": "P1M",
    "phases": [
        {"key": "trial", "duration": "P14D", "rateCards": [{**usage("tokens", "1"), "price": None}]},
        {"key": "intro", "duration": "P1M", "rateCards": [flat("base", "10")]},
        {"key": "main", "rateCards": [flat("base", "100"),
                                      usage("tokens", "0.5", discounts={"usage": {"quantity": "10"}})]},
    ],
}  # fmt: skip


def cards(found, phase):
    (one,) = [item for item in found.phases if item.key == phase]
    return {card.key: card for card in one.cards}


def bills(found, until, quantity="0"):
    lines = [one.line(found.currency, Decimal(quantity)) for one in service_periods(found, until)]
    return {f"{one.name} {one.period.start:%m-%d}": text(rate(one).totals.total) for one in lines if one}


def test_phases_begin_where_the_ones_before_end_month_by_month_and_day_by_day():
    found = subscribed(PLAN, START)
    assert [str(phase.after) for phase in found.phases] == ["P0D", "P14D", "P1M14D"]
    assert bills(found, datetime(2026, 3, 1, tzinfo=UTC), "30") == {
        "Base 01-15": "5.48",
        "Base 02-01": "5",
        "Base 02-15": "50",
        "Base 03-01": "100",
        "tokens 02-15": "10",
    }


def test_a_free_card_has_no_price_and_a_card_is_called_like_its_feature():
    assert cards(subscribed(PLAN, START), "trial")["tokens"].price is None
    assert cards(subscribed(PLAN, START), "main")["tokens"].name == "tokens"


def test_an_add_on_adds_to_the_fee_of_the_same_key_and_to_the_free_units_as_often_as_it_is_bought():
    addon = {"rateCards": [flat("base", "7"), {"type": "usage_based", "featureKey": "tokens", "billingCadence": "P1M",
                                               "price": None, "discounts": {"usage": {"quantity": "5"}}}]}  # fmt: skip
    found = subscribed(PLAN, START, extras=[Extra(addon, 3, "main")])
    assert cards(found, "main")["base"].price == FlatPrice(Decimal(121))
    assert cards(found, "main")["tokens"].discounts.usage == 25
    assert cards(found, "intro")["base"].price == FlatPrice(Decimal(10))


def test_a_card_that_only_the_add_on_has_is_charged_as_often_as_it_is_bought():
    found = subscribed(PLAN, START, extras=[Extra({"rateCards": [flat("seat", "4")]}, 2, "main")])
    assert cards(found, "main")["seat"].price == FlatPrice(Decimal(8))
    assert "seat" not in cards(found, "intro")


def test_a_price_of_an_add_on_takes_the_place_of_none_and_its_percentage_is_dropped():
    addon = {"rateCards": [usage("tokens", "2", discounts={"percentage": {"percentage": 50}})]}
    plan = {**PLAN, "phases": [PLAN["phases"][0] | {"duration": None}]}
    card = cards(subscribed(plan, START, extras=[Extra(addon)]), "trial")["tokens"]
    assert (text(card.price.amount), card.discounts.percentage) == ("2", None)


@pytest.mark.parametrize(
    ("plan", "extras", "said"),
    [
        ({"settlementMode": "credit_only"}, [], "credits"),
        ({}, [Extra({"rateCards": [usage("tokens", "1")]}, 1, "main")], "only flat prices add up"),
        ({}, [Extra({}, 0)], "0 of an add-on"),
        ({}, [Extra({}, 1, "nowhere")], "no phase `nowhere`"),
        ({"billingCadence": "monthly"}, [], "ISO-8601"),
    ],
)
def test_what_cannot_be_billed_faithfully_is_refused(plan, extras, said):
    with pytest.raises(PricingError, match=said):
        subscribed({**PLAN, **plan}, START, extras=extras)


def test_proration_can_be_switched_off():
    found = subscribed({**PLAN, "proRatingConfig": {"enabled": False, "mode": "prorate_prices"}}, START)
    assert bills(found, datetime(2026, 1, 20, tzinfo=UTC)) == {"Base 01-15": "10"}
