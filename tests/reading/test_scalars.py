from decimal import Decimal

import pytest

from reconciler.reading.scalars import ScalarError, resolve


@pytest.mark.parametrize(
    "text",
    ["NO", "on", "Yes", "off", "1:30", "012", "-012", "1_000", "2027-01-01", "0b1", "1.2.3", "P1M", "-", "+", "."],
)
def test_what_yaml_1_1_would_guess_is_text(text):
    assert resolve(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("False", False), ("null", None), ("~", None), ("", None), ("12", 12), ("-0", 0), ("+7", 7)],
)
def test_words_and_whole_numbers_have_their_meaning(text, value):
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize(("text", "value"), [("0x1F", 31), ("0o17", 15)])
def test_based_numbers_are_whole_numbers(text, value):
    assert resolve(text) == value


@pytest.mark.parametrize(
    "text", ["1.5", "0.1", "0.0000025", "1e3", "2.50", ".5", "5.", "-1.5E-3", "0.1234567890123456789012345678901234567"]
)
def test_a_fraction_is_exactly_the_decimal_of_its_text(text):
    value = resolve(text)
    assert isinstance(value, Decimal)
    assert value.as_tuple() == Decimal(text).as_tuple()


@pytest.mark.parametrize("text", [".inf", "-.Inf", ".NaN", "1e201", "1e-999999999999", "9" * 201, "0." + "1" * 201])
def test_numbers_that_are_none_are_refused(text):
    with pytest.raises(ScalarError):
        resolve(text)
