from datetime import UTC, datetime

import pytest

from reconciler.sandbox.durations import DurationError, parse_duration
from reconciler.sandbox.periods import period_at


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("P1,5M", "P1.5M"),
        ("P01M", "P1M"),
        ("P1M2W", "P1M2W"),
        ("P-1M", "-P1M"),
        ("+P1D", "P1D"),
        ("P1M0D", "P1M"),
        ("PT60M", "PT60M"),
        ("P0Y", "P0D"),
        ("PT0S", "P0D"),
    ],
)
def test_a_duration_is_printed_without_converting_units(written, printed):
    assert str(parse_duration(written)) == printed


@pytest.mark.parametrize("text", ["", "P", "PT", "P1", "1M", "P1MT", "1 month", "P1.5M1D", "p1m"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(DurationError):
        parse_duration(text)


def test_a_month_after_the_last_day_stays_in_the_next_month():
    end = parse_duration("P1M").after(datetime(2030, 1, 31, 8, tzinfo=UTC))
    assert end == datetime(2030, 2, 28, 8, tzinfo=UTC)


@pytest.mark.parametrize("day", range(1, 32))
def test_periods_of_a_month_cover_every_moment_once(day):
    anchor = datetime(2030, 1, 31, tzinfo=UTC)
    moment = datetime(2031, 7, day, tzinfo=UTC)
    start, end = period_at(anchor, parse_duration("P1M"), moment)
    assert start <= moment < end
    assert period_at(anchor, parse_duration("P1M"), end)[0] == end


def test_there_are_periods_before_the_anchor():
    anchor = datetime(2030, 1, 31, tzinfo=UTC)
    start, end = period_at(anchor, parse_duration("P1W"), datetime(2030, 1, 1, tzinfo=UTC))
    assert (start.day, end.day) == (27, 3)
