"""Freeze windows hold up what concerns money, and only while they last."""

from datetime import UTC, datetime, timedelta

import pytest

from reconciler.model import NEEDS_NO_CONSENT, Action, Address, Change, ChangeClass, Plan, Target, Window
from reconciler.policy import frozen

PRO = Address("Plan", "pro")
START, END = datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 1, 3, tzinfo=UTC)
WINDOW = Window(START, END, "the books are closed")
INSIDE = START + timedelta(days=1)


def plan(*classes, action=Action.NEW_VERSION, mode="apply"):
    change = Change(PRO, action, classes=classes)
    return Plan(Target("test", "https://openmeter.example", "id"), "acme", (change,), (), mode=mode)


@pytest.mark.parametrize("kind", list(ChangeClass))
def test_what_needs_consent_is_frozen_and_the_rest_goes_through(kind):
    assert bool(list(frozen(plan(kind), [WINDOW], INSIDE))) is (kind not in NEEDS_NO_CONSENT)


@pytest.mark.parametrize("mode", ["apply", "destroy", "promote", "rollback", "heal"])
def test_every_mode_is_frozen(mode):
    assert len(list(frozen(plan(ChangeClass.DESTRUCTIVE, mode=mode), [WINDOW], INSIDE))) == 1


@pytest.mark.parametrize(
    ("moment", "held"),
    [(START - timedelta(seconds=1), False), (START, True), (END - timedelta(seconds=1), True), (END, False)],
)
def test_it_begins_with_its_first_moment_and_ends_before_its_last(moment, held):
    assert bool(list(frozen(plan(ChangeClass.PRICE_RAISING), [WINDOW], moment))) is held


def test_the_guard_names_object_class_end_and_reason_and_nothing_opens_it():
    longer = Window(START, END + timedelta(hours=1), "an audit")
    classes = (ChangeClass.COSMETIC, ChangeClass.PRICE_LOWERING, ChangeClass.PRICE_RAISING)
    (guard,) = frozen(plan(*classes), [WINDOW, longer], INSIDE)
    assert (guard.name, guard.status, guard.consentable) == ("frozen:Plan/pro", "open", False)
    assert guard.message == (
        "Plan/pro: price-raising changes are frozen until 2027-01-03T01:00:00Z, because an audit (`freeze` of test)"
    )


def test_what_stays_as_it_is_is_not_frozen():
    assert list(frozen(plan(ChangeClass.DESTRUCTIVE, action=Action.NO_CHANGE), [WINDOW], INSIDE)) == []
