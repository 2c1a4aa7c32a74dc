"""Phases that end within a period: what is left of it, by the engine."""

import pytest

from .linting import fee, findings, plan, told, unit, usage

FREE = usage(None)


def test_a_trial_of_two_weeks_leaves_a_prorated_rest():
    ((_, rule, path, said),) = findings(plans={"p": plan(fee("100"), before=[("P14D", [FREE])])})
    assert (rule, path) == ("money.phase.stub", "phases.0.duration")
    assert "on 2026-01-01 pays 54.84 EUR for `base` from 2026-01-15 to 2026-02-01, not 100.00 EUR" in said


def test_the_dearest_fee_is_told():
    said = told(fee("9"), fee("100", key="big"), fee("10", key="last"), before=[("P14D", [FREE])])["money.phase.stub"]
    assert "54.84 EUR for `big`" in said


def test_a_phase_that_fits_some_months_only_is_told_with_a_month_that_it_does_not_fit():
    said = told(fee("100"), before=[("P31D", [FREE])])["money.phase.stub"]
    assert "on 2026-02-01 pays 90.32 EUR for `base` from 2026-03-04 to 2026-04-01" in said


def test_the_lengths_of_all_phases_before_count():
    assert told(fee("100"), before=[("P14D", [FREE]), ("P1M", [FREE])]).keys() == {"money.phase.stub"}


@pytest.mark.parametrize(
    ("length", "cadence", "card"),
    [
        ("P1M", "P1M", "P1M"), ("P3M", "P1M", "P1M"), ("P1Y", "P1M", "P1M"), ("P14D", "P1W", "P1W"),
        ("P28D", "P4W", "P4W"), ("P1M", "P1M", "P1D"), ("P3M", "P1M", "P3M"), ("P12M", "P1M", "P1Y"),
    ],
)  # fmt: skip
def test_a_phase_of_whole_periods_leaves_none(length, cadence, card):
    minimum = usage(unit("1", minimumAmount="5"), cadence=card)
    assert told(fee("100", cadence=card), minimum, cadence=cadence, before=[(length, [FREE])]) == {}


@pytest.mark.parametrize(("length", "card"), [("P1M", "P3M"), ("P1M", "P1Y"), ("P36M15D", "P1M"), ("PT1H", "P1M")])
def test_a_phase_that_is_shorter_than_the_cards_period_leaves_one(length, card):
    assert told(fee("100", cadence=card), before=[(length, [FREE])]).keys() == {"money.phase.stub"}


def test_months_are_no_whole_number_of_weeks():
    assert told(fee("7", cadence="P1W"), cadence="P1W", before=[("P1M", [FREE])]).keys() == {"money.phase.stub"}


def test_nothing_is_prorated_where_proration_is_off():
    assert (
        told(fee("100"), before=[("P14D", [FREE])], proRatingConfig={"enabled": False, "mode": "prorate_prices"}) == {}
    )


def test_a_fee_that_is_charged_once_and_one_of_nothing_leave_no_rest():
    assert told(fee("100", cadence=None), fee("0", key="none"), before=[("P14D", [FREE])]) == {}


@pytest.mark.parametrize("prorated", [True, False])
def test_a_minimum_after_a_trial_is_owed_in_full_for_the_rest_of_the_period(prorated):
    config = {"enabled": prorated, "mode": "prorate_prices"}
    found = told(usage(unit("1", minimumAmount="50")), before=[("P14D", [FREE])], proRatingConfig=config)
    assert found.keys() == {"money.minimum.stub"}
    assert "uses nothing pays 50.00 EUR for 2026-01-15 to 2026-02-01" in found["money.minimum.stub"]
    assert "the phase before" not in found["money.minimum.stub"]


def test_a_minimum_in_both_phases_is_owed_twice():
    card = usage(unit("1", minimumAmount="50"))
    assert "the phase before owes one, too" in told(card, before=[("P14D", [card])])["money.minimum.stub"]


@pytest.mark.parametrize("length", [None, "P99999Y", "P1.5M", "-P1M", "P0D"])
def test_lengths_that_nobody_can_bill_are_no_finding(length):
    assert told(fee("100"), usage(unit("1", minimumAmount="1")), before=[(length, [FREE])]) == {}
