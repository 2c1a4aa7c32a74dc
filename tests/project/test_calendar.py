"""Soak and freeze windows of an environment."""

from datetime import UTC, datetime, timedelta

import pytest


def windows(found):
    return [(window.start, window.end, window.because) for window in found.freeze]


def day(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_days_of_a_freeze_are_in_utc_and_the_last_one_counts(project):
    found = project(
        """
        environments:
          a:
            endpoint: "sandbox:"
            soak: P2D
            freeze:
              - {from: 2026-12-20, to: 2027-01-02, because: the books are closed}
              - {from: "2027-03-01T09:00:00+01:00", to: 2027-03-01T12:00Z, because: audit}
        """
    ).environment("a")
    assert found.soak == timedelta(days=2)
    assert windows(found) == [
        (day(2026, 12, 20), day(2027, 1, 3), "the books are closed"),
        (day(2027, 3, 1, 8), day(2027, 3, 1, 12), "audit"),
    ]


def test_they_are_inherited_until_something_else_is_written(project):
    found = project(
        """
        environments:
          a: {endpoint: "sandbox:", soak: PT1H, freeze: [{from: 2026-01-01, to: 2026-01-01, because: new year}]}
          b: {extends: a}
          c: {extends: a, soak: PT2H, freeze: []}
        """
    )
    b, c = found.environment("b"), found.environment("c")
    assert (b.soak, len(b.freeze), c.soak, c.freeze) == (timedelta(hours=1), 1, timedelta(hours=2), ())


@pytest.mark.parametrize(
    "freeze",
    [
        "{from: tomorrow, to: 2027-01-02, because: x}",
        "{from: 2026-12-20, to: 2027-01-02T00:00:00, because: x}",
        "{from: 2026-12-20, to: 2026-12-19, because: x}",
        "{from: 2026-12-20, to: 2026-12-20T00:00:00Z, because: x}",
    ],
)
def test_what_is_no_time_or_runs_backwards_is_refused(refused, freeze):
    places, _ = refused(f"environments: {{a: {{endpoint: 'sandbox:', freeze: [{freeze}]}}}}")
    assert [place.split()[1] for place in places] == ["project.freeze"]


@pytest.mark.parametrize("freeze", ["{from: 2026-12-20, because: x}", "{from: 2026-12-20, to: 2027-01-02}"])
def test_end_and_reason_are_asked_for(refused, freeze):
    places, _ = refused(f"environments: {{a: {{endpoint: 'sandbox:', freeze: [{freeze}]}}}}")
    assert [place.split()[1] for place in places] == ["schema.missing"]


def test_a_soak_is_a_fixed_time(refused):
    assert refused("environments: {a: {endpoint: 'sandbox:', soak: P1M}}")[0] == ["4:48 project.duration"]
