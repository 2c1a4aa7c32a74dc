from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.kinds.registry import KINDS
from reconciler.render import facts, values
from reconciler.render.values import Print


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("USD", "USD"),
        ("$.tokens", "$.tokens"),
        ("", '""'),
        ("two words", '"two words"'),
        ("true", '"true"'),
        (True, "true"),
        (None, "null"),
        (Decimal("1E+2"), "100"),
        ('say "hi"', r'"say \"hi\""'),
        ("\x1b[2J", r'"\x1b[2J"'),
        ({"$secret": {"env": "TOKEN"}}, "(secret)"),
        ({"$live": "signingSecret"}, "(secret)"),
        ([1, "a b"], '[1, "a b"]'),
    ],
)
def test_a_value_reads_the_same_to_everybody(value, text):
    assert values.text(value) == text


def test_a_short_map_stands_on_one_line_and_a_long_one_below_its_name():
    price = {"type": "unit", "amount": "1"}
    assert values.named("price", price, None, Print(room=60)) == ["price: {type: unit, amount: 1}"]
    assert values.named("price", price, None, Print(room=20)) == ["price:", "  type:   unit", "  amount: 1"]


def test_items_of_a_list_are_named_by_their_key_or_their_index():
    cards = [{"key": "base", "type": "flat_fee"}, {"type": "unit", "tiers": [{"upTo": "1"}, {"upTo": "2"}]}]
    assert values.tree(cards, None, Print()) == [
        "[base]: {type: flat_fee}",
        "[1]:",
        "  type: unit",
        "  tiers:",
        "    [0]: {upTo: 1}",
        "    [1]: {upTo: 2}",
    ]


def test_a_secret_field_is_never_printed_even_as_a_literal():
    kind = KINDS["NotificationChannel"]
    shown = "\n".join(values.tree({"name": "ops", "signingSecret": "whsec_abc"}, kind.shape, Print()))
    assert "whsec_abc" not in shown
    assert "signingSecret: (secret)" in shown
    assert values.flow({"signingSecret": "whsec_abc"}, kind.shape, Print()) == "{signingSecret: (secret)}"


def test_money_inside_a_new_object_has_its_currency_and_a_readable_unit():
    shape = KINDS["Plan"].shape
    card = {"key": "t", "type": "usage_based", "price": {"type": "unit", "amount": "0.000002"}}
    spec = {"phases": [{"key": "main", "rateCards": [card]}]}
    shown = "\n".join(values.tree(spec, shape, Print("USD", 100)))
    assert "amount: 0.000002 USD (2.00 USD per 1M)" in shown


@pytest.mark.parametrize(
    ("path", "money"),
    [
        ("phases[main].rateCards[t].price.amount", True),
        ("phases[main].rateCards[t].price.tiers[0].unitPrice.amount", True),
        ("phases[main].rateCards[t].price.tiers[0].upToAmount", False),
        ("phases[main].rateCards[t].price.nonsense", False),
    ],
)
def test_what_a_card_of_any_type_may_have_is_known(path, money):
    assert facts.is_money(facts.shape_at("Plan", path)) is money


def test_a_price_is_any_of_its_models():
    assert "tiered" in facts.shape_at("Plan", "phases[main].rateCards[t].price").variants
