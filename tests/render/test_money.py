from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.render import money


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("0.000002", "0.0000025", "2.00 -> 2.50 USD per 1M (+25.0 %)"),
        ("0.0005", "0.0004", "0.50 -> 0.40 USD per 1,000 (-20.0 %)"),
        ("0.00000001", "0.00000002", "0.01 -> 0.02 USD per 1M (+100.0 %)"),
        (None, "0.0000125", "12.50 USD per 1M"),
        ("0.005", "0.0099", "5.00 -> 9.90 USD per 1,000 (+98.0 %)"),
        ("19", "29", ""),
        ("0.01", "0.02", ""),
        ("0", "0", ""),
    ],
)
def test_a_unit_too_small_to_read_is_shown_per_thousand_or_million(before, after, text):
    numbers = (Decimal(before) if before else None, Decimal(after))
    assert money.scaled(*numbers, "USD") == text


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("20", "25", "+25.0 %"),
        ("3", "1", "-66.7 %"),
        ("0", "5", ""),
        ("5", "5", ""),
        ("100000", "100001", "less than +0.1 %"),
        ("1", "0", "-100.0 %"),
        ("1", "10001", "+1000000.0 %"),
        ("0.0000000000000007", "9" * 60, "more than +1,000,000 %"),
        ("9" * 60, "0.0000000000000007", "-100.0 %"),
    ],
)
def test_a_difference_is_told_in_per_cent_unless_there_was_no_price(before, after, text):
    assert money.percent(Decimal(before), Decimal(after)) == text


def test_amounts_are_exact_however_long():
    assert money.plain(Decimal("1.10000000000000000000000000000001000")) == "1.10000000000000000000000000000001"
    assert money.scaled(None, Decimal("0.000000123456789012345678901234567"), "EUR") == (
        "0.123456789012345678901234567 EUR per 1M"
    )
