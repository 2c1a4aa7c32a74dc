"""Which billing cadences go together, as the real server answered (and, unmarked, as its rule says)."""

import pytest

from reconciler.kinds.alignment import aligned, same_length

TABLE = [
    # Published or refused by the real server.
    ("P1M", "P1W", False),
    ("P1M", "P4W", False),
    ("P1M", "P1D", True),
    ("P1M", "P1Y", True),
    ("P1M", "P3M", True),
    ("P1M", "PT1H", True),
    ("P1M", "P12M", True),
    ("P4W", "P1W", True),
    ("P4W", "P2W", True),
    ("P1W", "P1M", False),
    ("P1M", "PT8H", False),
    # From its rule: every length of a month, every length of a day.
    ("P1M", "P1M", True),
    ("P1M", "P0Y1M", True),
    ("P12M", "P1Y", True),
    ("P1Y", "P3M", True),
    ("P1Y", "P5M", False),
    ("P3M", "P2M", False),
    ("P2W", "P4W", True),
    ("P1W", "P7D", True),
    ("P1W", "P10D", False),
    ("P1M", "P28D", False),
    ("P1M", "P30D", False),
    ("P1M", "PT30M", True),
    ("P1M", "PT0.5H", True),
    ("P1M", "PT24H", False),
    ("P1W", "PT24H", False),
    ("P1M", "P1M1D", False),
    ("P1M", "P0D", False),
    ("P1M", "-P1M", False),
    ("P1M", "monthly", False),
]


@pytest.mark.parametrize(("plan", "card", "together"), TABLE, ids=[f"{one}-{other}" for one, other, _ in TABLE])
def test_cadences_go_together_when_one_divides_the_other_in_every_calendar(plan, card, together):
    assert aligned(plan, card) is together
    assert aligned(card, plan) is together


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("P12M", "P1Y", True),
        ("P7D", "P1W", True),
        ("PT60M", "PT1H", True),
        ("P4W", "P1M", False),
        ("P1D", "PT24H", False),
    ],
)
def test_cadences_are_the_same_length_however_they_are_written(one, other, same):
    assert same_length(one, other) is same
