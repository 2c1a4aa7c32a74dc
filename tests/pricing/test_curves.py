"""A price against quantity: round numbers, and both sides of every edge."""

from decimal import Decimal

import pytest

from reconciler.errors import PricingError
from reconciler.pricing import Customer, bill
from reconciler.pricing.curves import curve, edges_of, grid

from .test_offers import usage

TIERS = [
    {"upToAmount": "1000", "unitPrice": {"type": "unit", "amount": "1"}},
    {"unitPrice": {"type": "unit", "amount": "0.5"}},
]
CARD = usage("tokens", "1", discounts={"usage": {"quantity": "30"}}) | {
    "price": {"type": "tiered", "mode": "graduated", "tiers": TIERS}
}
PLAN = {
    "currency": "USD",
    "billingCadence": "P1M",
    "phases": [{"key": "main", "rateCards": [CARD, usage("seats", "9")]}],
}


def test_a_curve_turns_where_the_tiers_end_after_the_free_units():
    assert edges_of(PLAN, "tokens") == (30, 1030)
    points = grid(PLAN, "tokens", Decimal(0), Decimal(2000))
    assert {Decimal(0), 30, 31, 1030, 1031, 2000} <= set(points)
    assert [point for point in points if point % 100] == [30, 31, 1030, 1031]
    assert list(points) == sorted(points)


def test_each_point_is_the_bill_for_that_quantity_everything_else_being_equal():
    customer = Customer({"seats": Decimal(2)})
    points = curve(PLAN, customer, "tokens", [Decimal(0), Decimal(1040)])
    assert [point.total for point in points] == [18, 18 + 1000 + 5]
    assert points[1].total == bill(PLAN, Customer({"seats": Decimal(2), "tokens": Decimal(1040)})).total


@pytest.mark.parametrize(("least", "most"), [(5, 5), (9, 1), (-1, 4)])
def test_a_range_that_is_none_is_refused(least, most):
    with pytest.raises(PricingError, match="no range"):
        grid(PLAN, "tokens", Decimal(least), Decimal(most))
