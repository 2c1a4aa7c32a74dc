"""What everything else is made of: numbers, and places in files."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.model import Location, exact_number


@pytest.mark.parametrize(("value", "number"), [("0.10", "0.10"), (3, "3"), (Decimal("1e-30"), "1e-30"), ("-2", "-2")])
def test_a_number_is_what_is_written(value, number):
    assert str(exact_number(value)) == str(Decimal(number))


@pytest.mark.parametrize("value", [True, None, "free", "", "NaN", "Infinity", Decimal("sNaN"), ["1"], {"amount": "1"}])
def test_what_is_no_finite_number_is_none(value):
    assert exact_number(value) is None


def test_a_place_is_read_back_from_the_values_of_a_file():
    assert Location.read({"file": "a.yaml", "line": 3, "column": 5}) == Location("a.yaml", 3, 5)
    assert Location.read(None) is None


@pytest.mark.parametrize("item", [{"file": "a.yaml", "line": 3}, {"file": 1, "line": 3, "column": 5}, "a.yaml:3:5", []])
def test_what_is_no_place_is_refused(item):
    with pytest.raises((KeyError, TypeError)):
        Location.read(item)
