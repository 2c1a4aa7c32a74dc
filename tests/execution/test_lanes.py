"""How many catalogue writes are in flight: the bound, what a lost answer makes of it, and how it recovers."""

import pytest

from reconciler.execution.lanes import HANGS_AT, RECOVER_AFTER, Lanes

from .conftest import plan_of, step


def job(number, *, kind="Plan", verb="update"):
    method = "POST" if verb == "create" else "PUT"
    return step(number, f"{kind}/x{number}", verb, method, f"/{number}", {})


def lanes(*steps, total=100, catalog=16):
    made = Lanes(plan_of(*steps), total=total, catalog=catalog)
    for one in steps:
        made.add(one)
    return made


def started(made):
    found = []
    while (one := made.start()) is not None:
        found.append(one)
    return found


def through(made, count):
    """So many steps, one after the other, done."""
    for _ in range(count):
        made.finish(made.start())


def widths(made, times):
    """How many go side by side, each time after as many writes as a recovery takes."""
    found = []
    for _ in range(times):
        flight = started(made)
        found.append(len(flight))
        for one in flight:
            made.finish(one)
        through(made, max(0, RECOVER_AFTER - len(flight)))
    return found


def test_after_a_lost_answer_one_is_in_flight_and_every_eight_done_double_it_up_to_what_was_configured():
    made = lanes(*map(job, range(200)), catalog=6)
    made.finish(made.start(), lost=True, done=False)
    assert widths(made, 5) == [1, 2, 4, 6, 6]


@pytest.mark.parametrize(("lost", "most"), [(HANGS_AT - 1, 4), (HANGS_AT, 2), (16, 2)])
def test_as_many_lost_together_as_hang_a_server_keep_it_at_what_does_not(lost, most):
    made = lanes(*map(job, range(200)))
    flight = started(made)
    for number, one in enumerate(flight):
        made.finish(one, lost=number < lost, done=number >= lost)
    assert max(widths(made, 3)) == most


def test_the_first_loss_slows_the_run_down_and_those_with_it_no_further():
    made = lanes(*map(job, range(200)))
    assert [made.finish(one, lost=True, done=False) for one in started(made)[:3]] == [True, False, False]


def test_where_one_at_a_time_is_configured_nothing_gets_slower():
    made = lanes(*map(job, range(5)), catalog=1)
    assert made.finish(made.start(), lost=True, done=False) is False


def test_answers_lost_together_are_one_loss():
    made = lanes(*map(job, range(200)))
    for one in started(made):
        made.finish(one, lost=True, done=False)
    through(made, RECOVER_AFTER)
    assert len(started(made)) == 2


def test_after_a_second_loss_it_stays_at_one():
    made = lanes(*map(job, range(200)))
    for _ in range(2):
        for one in started(made):
            made.finish(one, lost=True, done=False)
        through(made, RECOVER_AFTER)
    through(made, 50)
    assert len(started(made)) == 1


def test_only_writes_that_are_done_count_for_the_recovery():
    made = lanes(*map(job, range(200)))
    made.finish(made.start(), lost=True, done=False)
    for _ in range(50):
        made.finish(made.start(), done=False)
    assert len(started(made)) == 1


@pytest.mark.parametrize("lost", [True, False])
def test_a_lost_answer_of_another_kind_slows_no_catalogue_write(lost):
    made = lanes(job(0, kind="Meter"), *map(job, range(1, 50)), catalog=4)
    first = made.start()
    made.finish(first, lost=lost, done=False)
    assert len(started(made)) == 4


@pytest.mark.parametrize("kind", ["NotificationChannel", "NotificationRule", "BillingProfile"])
def test_a_create_that_could_never_be_repeated_goes_alone_among_the_catalogue_writes(kind):
    made = lanes(job(0), job(1), job(2, kind=kind, verb="create"), job(3), job(4, kind="Meter"))
    before = started(made)
    assert [one.id for one in before] == ["0", "1", "4"]
    made.finish(before[0])
    assert made.start() is None
    made.finish(before[1])
    alone = started(made)
    assert [one.id for one in alone] == ["2"]
    made.finish(alone[0])
    assert [one.id for one in started(made)] == ["3"]


def test_a_second_try_goes_alone_too():
    made = lanes(job(0), job(1), job(2))
    first, *others = started(made)
    made.finish(first, lost=True, done=False)
    made.add(first, again=True)
    for one in others:
        assert made.start() is None
        made.finish(one)
    through_to_two = lanes(*map(job, range(20)))
    first = through_to_two.start()
    through_to_two.finish(first, lost=True, done=False)
    through(through_to_two, RECOVER_AFTER)
    through_to_two.add(first, again=True)
    assert started(through_to_two) == [first]


@pytest.mark.parametrize("kind", ["Plan", "Addon"])
def test_creates_that_can_be_repeated_go_side_by_side(kind):
    assert len(started(lanes(*(job(number, kind=kind, verb="create") for number in range(5)), catalog=3))) == 3


def test_a_second_try_of_any_kind_waits_for_the_catalogue_writes_that_may_hang_it():
    meter = job(0, kind="Meter")
    made = lanes(meter, job(1), job(2))
    first, *others = started(made)
    made.finish(first, lost=True, done=False)
    made.add(meter, again=True)
    for one in others:
        assert made.start() is None
        made.finish(one)
    assert made.start() is meter
