"""When what is billed: anchors, short months, trials, cadences, one-time fees and ends."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from reconciler.errors import PricingError
from reconciler.pricing import Card, Phase, Subscription, parse_price, service_periods
from reconciler.pricing.money import text
from reconciler.pricing.periods import duration

BASE = Card("base", "Base", parse_price({"type": "flat", "amount": "100"}), duration("P1M"))
TOKENS = Card("tokens", "Tokens", parse_price({"type": "unit", "amount": "0.1"}), duration("P1M"), feature="tokens")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def subscription(*phases, start="2026-01-01", **more):
    parts = tuple(Phase(f"p{number}", duration(after), cards) for number, (after, cards) in enumerate(phases))
    return Subscription("USD", duration("P1M"), parts, at(start), **more)


def shown(found):
    return [
        (one.ident, f"{one.service.start:%m-%d}", f"{one.service.end:%m-%d}", one.price and text(one.price.amount))
        for one in found
    ]


def test_a_trial_is_followed_by_a_stub_because_phases_do_not_move_the_anchor():
    found = service_periods(subscription(("P0D", ()), ("P14D", (BASE,))), at("2026-02-15"))
    assert shown(found) == [
        ("p1/base/period[0]", "01-15", "02-01", "54.84"),
        ("p1/base/period[1]", "02-01", "03-01", "100"),
    ]


def test_a_month_that_is_too_short_ends_with_its_last_day():
    found = service_periods(subscription(("P0D", (BASE,)), start="2026-01-31"), at("2026-04-15"))
    assert [f"{one.service.start:%m-%d}" for one in found] == ["01-31", "02-28", "03-31"]


def test_usage_is_invoiced_when_its_billing_period_is_over_and_never_prorated():
    (only,) = service_periods(
        subscription(("P0D", (TOKENS,)), start="2026-01-15", anchor=at("2026-01-01")), at("2026-02-01")
    )
    assert (only.invoice_at, only.price, only.share) == (at("2026-02-01"), TOKENS.price, Decimal("0.5483870967741935"))


def test_a_one_time_fee_in_arrears_is_never_billed_in_an_open_ended_phase():
    fee = Card("exit", "Exit", parse_price({"type": "flat", "amount": "70", "paymentTerm": "in_arrears"}))
    (opened,) = service_periods(subscription(("P0D", (fee,))), at("2030-01-01"))
    assert (opened.invoice_at, opened.line("USD", Decimal(0))) == (None, None)
    (closed,) = service_periods(subscription(("P0D", (fee,)), end=at("2026-03-05")), at("2030-01-01"))
    assert closed.invoice_at == at("2026-03-05")


@pytest.mark.parametrize(("mode", "amount"), [("bill_actual_period", "50"), ("bill_full_period", "100")])
def test_the_last_period_is_prorated_unless_the_profile_says_otherwise(mode, amount):
    found = service_periods(
        subscription(("P0D", (BASE,)), start="2026-04-01", end=at("2026-04-16"), end_proration=mode), at("2026-05-01")
    )
    assert [text(one.price.amount) for one in found] == [amount]


def test_a_fee_that_rounds_to_nothing_has_no_line():
    cheap = Card("base", "Base", parse_price({"type": "flat", "amount": "0.10"}), duration("P1M"))
    found = service_periods(
        subscription(("P0D", (cheap,)), start="2026-01-31T23:00", anchor=at("2026-01-01")), at("2026-02-01")
    )
    assert [one.line("USD", Decimal(0)) is None for one in found] == [True, False]


def test_a_subscription_that_ends_where_it_begins_bills_nothing():
    assert service_periods(subscription(("P0D", (BASE, TOKENS)), end=at("2026-01-01")), at("2026-05-01")) == ()


@pytest.mark.parametrize("text", ["P0D", "-P1M", "monthly", "P0.5M"])
def test_a_cadence_that_leads_nowhere_is_refused(text):
    with pytest.raises(PricingError):
        service_periods(
            Subscription("USD", duration(text), (Phase("p", duration("P0D"), (BASE,)),), at("2026-01-01")),
            at("2026-02-01"),
        )
