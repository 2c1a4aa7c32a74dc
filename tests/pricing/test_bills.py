"""What a customer pays on a plan: in a phase, since sign-up, over several periods."""

from decimal import Decimal

import pytest

from reconciler.errors import PricingError
from reconciler.pricing import Customer, Extra, bill, parse_price, probes
from reconciler.pricing.money import text

from .test_offers import PLAN, flat, usage


def paid(**customer):
    return {key: text(value) for key, value in bill(PLAN, Customer(**customer)).by_card().items()}


def test_a_customer_is_in_the_last_phase_unless_another_is_named_and_nothing_is_prorated():
    assert paid(usage={"tokens": Decimal(30)}) == {"base": "100", "tokens": "10"}
    assert paid(usage={}, phase="intro") == {"base": "10"}


def test_usage_is_that_of_each_period_or_a_list_of_them():
    assert paid(usage={"tokens": Decimal(30)}, periods=2) == {"base": "200", "tokens": "20"}
    assert paid(usage={"tokens": (Decimal(30), Decimal(50))}, periods=3) == {"base": "300", "tokens": "30"}


def test_who_signs_up_goes_through_the_trial_and_its_stub():
    assert paid(usage={}, signs_up=True, periods=3) == {"base": "160.48", "tokens": "0"}


def test_add_ons_are_billed_with_the_plan():
    extras = (Extra({"rateCards": [flat("seat", "4")]}, 2),)
    assert paid(usage={}, extras=extras) == {"base": "100", "tokens": "0", "seat": "8"}


def test_a_bill_adds_up():
    found = bill(PLAN, Customer({"tokens": Decimal(30)}))
    assert (found.currency, text(found.total)) == ("USD", "110")
    assert [item.rated.name for item in found.items] == ["Base", "tokens"]


@pytest.mark.parametrize(
    ("customer", "said"),
    [
        ({"usage": {"seats": Decimal(1)}}, "nothing prices the usage of `seats` here; priced by usage: tokens"),
        ({"usage": {}, "phase": "none"}, "no phase `none`"),
        ({"usage": {}, "periods": 0}, "0 billing periods"),
    ],
)
def test_a_customer_who_cannot_be_billed_is_refused(customer, said):
    with pytest.raises(PricingError, match=said):
        bill(PLAN, Customer(**customer))


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ({"type": "flat", "amount": "1"}, "0"),
        ({"type": "unit", "amount": "1"}, "0 1000 2000 10000"),
        ({"type": "dynamic"}, "0 100 200 1000"),
        ({"type": "package", "amount": "1", "quantityPerPackage": "50"}, "0 50 100 500"),
        ({"type": "tiered", "mode": "volume", "tiers": [
            {"upToAmount": "100", "unitPrice": {"amount": "1"}}, {"upToAmount": "1000", "unitPrice": {"amount": "1"}},
            {"unitPrice": {"amount": "1"}}]}, "0 100 200 1000 2000 10000"),
    ],
)  # fmt: skip
def test_a_price_is_looked_at_at_nothing_and_at_its_edges(price, expected):
    assert " ".join(map(text, probes(parse_price(price)))) == expected


def test_a_yearly_fee_falls_due_in_the_first_month_and_usage_when_its_period_is_over():
    plan = {"currency": "USD", "billingCadence": "P1M", "phases": [{"key": "main", "rateCards": [
        flat("year", "120", billingCadence="P1Y"), usage("tokens", "1")]}]}  # fmt: skip
    found = bill(plan, Customer({"tokens": Decimal(2)}, periods=2))
    assert {key: text(value) for key, value in found.by_card().items()} == {"year": "120", "tokens": "4"}
