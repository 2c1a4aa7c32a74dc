"""The engine by hand: every price model once, the roundings that hurt, and what is refused."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import PricingError
from reconciler.pricing import Conversion, Discounts, Line, Period, invoice, parse_price, rate, rate_part
from reconciler.pricing.money import divided, exact, text

TIERS = [
    {"upToAmount": "1000", "flatPrice": {"type": "flat", "amount": "10"}},
    {"upToAmount": "5000", "unitPrice": {"type": "unit", "amount": "0.05"},
     "flatPrice": {"type": "flat", "amount": "20"}},
    {"unitPrice": {"type": "unit", "amount": "0.01"}},
]  # fmt: skip

PACKAGE = {"type": "package", "amount": "5", "quantityPerPackage": "1000"}


def unit(amount="1", **more):
    return {"type": "unit", "amount": amount, **more}


def tiered(mode, tiers=TIERS, **more):
    return {"type": "tiered", "mode": mode, "tiers": tiers, **more}


def line(price, quantity=0, currency="USD", **more):
    return Line("Tokens", parse_price(price), currency, Decimal(quantity), feature="tokens", **more)


def rows(rated):
    return [(one.name.removeprefix("Tokens"), text(one.quantity), text(one.totals.total)) for one in rated.detailed]


@pytest.mark.parametrize(
    ("price", "quantity", "expected"),
    [
        ({"type": "flat", "amount": "19.999"}, 7, [("", "1", "20")]),
        (unit("0.0025"), 40000, [(": usage in period", "40000", "100")]),
        (unit(), 0, []),
        ({"type": "dynamic", "multiplier": "1.2"}, "99.99", [(": usage in period", "1", "119.99")]),
        (PACKAGE, "1000.001", [(": usage in period", "2", "10")]),
        (tiered("volume"), "1000.001", [
            (": flat price for tier 2", "1", "20"),
            (": unit price for tier 2", "1000.001", "50"),
        ]),
        (tiered("graduated"), 6000, [
            (": flat price for tier 1", "1", "10"),
            (": usage price for tier 2", "4000", "200"),
            (": flat price for tier 2", "1", "20"),
            (": usage price for tier 3", "1000", "10"),
        ]),
        (tiered("graduated"), 0, [(": flat price for tier 1", "1", "10")]),
    ],
)  # fmt: skip
def test_each_price_model_bills_what_it_says(price, quantity, expected):
    assert rows(rate(line(price, quantity))) == expected


@pytest.mark.parametrize(
    ("currency", "total"), [("USD", "0.13"), ("JPY", "0"), ("HUF", "0"), ("KWD", "0.125"), ("MRU", "0.125")]
)
def test_an_amount_is_rounded_half_up_to_the_coins_of_its_currency(currency, total):
    assert text(rate(line(unit("0.125"), 1, currency)).totals.total) == total


def test_a_unit_may_cost_less_than_the_smallest_coin():
    (only,) = rate(line(unit("0.0000015"), 1_200_000)).detailed
    assert (text(only.unit_amount), text(only.totals.total)) == ("0.0000015", "1.8")


def test_free_units_come_off_before_the_tiers_and_only_once_a_period():
    grant = Discounts(usage=Decimal(100))
    assert rows(rate(line(tiered("graduated"), 1100, discounts=grant))) == [(": flat price for tier 1", "1", "10")]
    later = rate(line(unit(), 60, before=Decimal(60), first=False, discounts=grant))
    assert (later.quantity, later.free.quantity, later.free.before) == (20, 40, 60)


def test_a_percentage_is_taken_off_each_row_and_a_maximum_off_what_is_left():
    half = Discounts(percentage=Decimal(50))
    rated = rate(line(unit(maximumAmount="12"), 30, discounts=half))
    assert [(text(one.amount), one.reason) for one in rated.detailed[0].discounts] == [
        ("15", "ratecard_percentage"),
        ("3", "maximum_spend"),
    ]
    assert text(rated.totals.total) == "12"


def test_a_minimum_is_owed_even_without_usage_and_is_a_charge():
    rated = rate(line(unit(minimumAmount="20"), 0))
    assert rows(rated) == [(": minimum spend", "1", "20")]
    assert (rated.totals.amount, rated.totals.charges) == (0, 20)


def test_an_invoice_sums_rounded_lines_and_lists_them_by_name():
    parts = [Line(name, parse_price(unit("0.005")), "USD", Decimal(1), feature="x") for name in ("b", "a")]
    bill = invoice(parts)
    assert [one.name for one in bill.lines] == ["a", "b"]
    assert text(bill.totals.total) == "0.02"


@pytest.mark.parametrize(
    "price",
    [
        {"type": "free"}, unit("-1"), unit("1e-6"), unit(True), {"type": "unit"},
        unit(minimumAmount="2", maximumAmount="1"),
        {"type": "package", "amount": "1", "quantityPerPackage": "0"},
        {"type": "flat", "amount": "1", "paymentTerm": "never"},
        tiered("flat"), tiered("volume", []), tiered("volume", ["x"]), tiered("volume", [{"upToAmount": "1"}]),
        tiered("volume", [{"upToAmount": "9", "unitPrice": unit()}]),
        tiered("volume", [{"upToAmount": "-1", "unitPrice": unit()}, {"unitPrice": unit()}]),
        tiered("volume", [{"unitPrice": "1"}]), tiered("volume", [{"unitPrice": unit("-1")}]),
        tiered("volume", [{"upToAmount": end, "unitPrice": unit()} for end in ("10", "10.0")]),
    ],
)  # fmt: skip
def test_a_price_that_the_server_refuses_is_refused(price):
    with pytest.raises(PricingError, match="price"):
        parse_price(price)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"currency": "ABC"}, "no currency"),
        ({"feature": None}, "needs a feature"),
        ({"discounts": Discounts(percentage=Decimal(101))}, "not between 0 and 100"),
        ({"discounts": Discounts(usage=Decimal(-1))}, "negative"),
        ({"discounts": Discounts(usage=Decimal(1)), "quantity": Decimal(-1)}, "negative quantity"),
    ],
)
def test_a_line_that_cannot_be_billed_is_refused(change, said):
    given_line = {"name": "Tokens", "price": parse_price(unit()), "currency": "USD", "feature": "tokens", **change}
    with pytest.raises(PricingError, match=said):
        rate(Line(**given_line))


amounts = st.decimals(min_value=0, max_value=1000, places=6)
quantities = st.decimals(min_value=0, max_value=100_000, places=3)


# No clock decides: a busy machine is no failure.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=4), quantities, st.integers(0, 100), st.booleans())
def test_whatever_the_price_the_rows_add_up_and_nothing_is_negative(tiers, quantity, percentage, graduated):
    priced = [
        {"upToAmount": str((number + 1) * 1000), "unitPrice": unit(f"{one:f}"), "flatPrice": unit(f"{other:f}")}
        for number, (one, other) in enumerate(tiers)
    ]
    del priced[-1]["upToAmount"]
    mode = "graduated" if graduated else "volume"
    rated = rate(line(tiered(mode, priced), quantity, discounts=Discounts(percentage=Decimal(percentage))))
    assert rated.totals.total == sum(one.totals.total for one in rated.detailed) >= 0
    assert rated.totals.total == rated.totals.amount - rated.totals.discounts
    assert all(one.totals.amount == one.totals.amount.quantize(Decimal("0.01")) for one in rated.detailed)
    if graduated:
        assert sum(one.quantity for one in rated.detailed if "usage" in one.name) == quantity


@given(st.lists(quantities, min_size=1, max_size=5))
def test_parts_of_a_period_open_as_many_packages_as_the_whole(usage):
    march = Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC))
    days = [datetime(2026, 3, number + 2, tzinfo=UTC) for number in range(len(usage))]

    def meter(period):
        return sum(
            (value for at, value in zip(days, usage, strict=True) if period.start <= at < period.end), Decimal(0)
        )

    packages = line(PACKAGE, period=march)
    parts = []
    for number in range(len(usage)):
        parts.append(rate_part(packages, meter, parts, datetime(2026, 3, number + 3, tzinfo=UTC)))
    parts.append(rate_part(packages, meter, parts, march.end))
    whole = rate(line(PACKAGE, sum(usage)))
    assert sum(part.totals.total for part in parts) == whole.totals.total
    assert sum(part.quantity for part in parts) == sum(usage)


@exact
def test_a_quotient_has_sixteen_places_rounded_half_away_from_zero():
    assert divided(Decimal(2), Decimal(3)) == Decimal("0.6666666666666667")
    assert divided(Decimal(-2), Decimal(3)) == Decimal("-0.6666666666666667")


@pytest.mark.parametrize(
    "conversion",
    [
        Conversion("add", Decimal(2)),
        Conversion("divide", Decimal(0)),
        Conversion("divide", Decimal(3), "down"),
    ],
)
def test_a_conversion_that_is_none_is_refused(conversion):
    with pytest.raises(PricingError):
        rate(line(unit(), 5, conversion=conversion))
