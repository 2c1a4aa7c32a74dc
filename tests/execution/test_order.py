import threading
from dataclasses import dataclass, field

import pytest

from reconciler.backends import Answer
from reconciler.errors import ApiError, PlanFileError
from reconciler.execution import apply
from reconciler.execution import lanes as lanes_module
from reconciler.model import Address

from .conftest import meter, plan_of, step


@dataclass
class Desk:
    """A backend that answers when it is told to, and knows how many requests are with it."""

    fails: set = field(default_factory=set)
    expects: int = 1
    order: list = field(default_factory=list)
    most: int = 0
    requests: int = 0
    on_perform: object = None

    def __post_init__(self):
        self._here = 0
        self._lock = threading.Condition()

    def perform(self, _method, path, _body=None):
        with self._lock:
            self._here += 1
            self.requests += 1
            self.order.append(path)
            self.most = max(self.most, self._here)
            self._lock.notify_all()
            self._lock.wait_for(lambda: self.most >= self.expects, timeout=5)
        if self.on_perform:
            self.on_perform(path)
        with self._lock:
            self._here -= 1
        if path in self.fails:
            raise ApiError("400 no", status=400)
        return Answer(200, {"id": path}, None, 0.0)

    def find_created(self, *_):
        return None

    def heed(self, stop):
        """Nothing makes it wait."""


def job(number, *, kind="Meter", after=()):
    return step(number, f"{kind}/x{number}", "update", "PUT", f"/{number}", {}, after=after)


def _states(desk, *steps, **options):
    report = apply(plan_of(*steps), desk, reveal=str, **options)
    return {result.step.id: result.state for result in report.results}


def test_a_step_starts_only_after_everything_it_needs():
    desk = Desk()
    _states(desk, job(1), job(2, after=[1]), job(3, after=[2]), job(4, after=[1, 3]))
    assert desk.order == ["/1", "/2", "/3", "/4"]


def test_ready_steps_start_in_the_order_of_the_plan():
    desk = Desk()
    _states(desk, *(job(number) for number in range(20)), parallelism=1)
    assert desk.order == [f"/{number}" for number in range(20)]


def test_as_many_requests_are_in_flight_as_allowed_and_no_more():
    desk, events = Desk(expects=3), []
    _states(desk, *(job(number) for number in range(12)), parallelism=3, on_event=events.append)
    assert desk.most == 3
    assert max(event.in_flight for event in events) == 3


def test_a_step_does_not_wait_for_unrelated_steps_of_an_earlier_level():
    blocked = threading.Event()
    desk = Desk(on_perform=lambda path: blocked.wait(5) if path == "/1" else path == "/3" and blocked.set())
    assert set(_states(desk, job(1), job(2), job(3, after=[2]), parallelism=2).values()) == {"done"}
    assert blocked.is_set()


def test_catalogue_writes_have_a_bound_of_their_own(catalogue_kinds):
    desk = Desk(expects=2)
    _states(desk, *(job(number, kind="Plan") for number in range(8)), parallelism=8, catalog_writes=2)
    assert desk.most == 2


def test_the_bound_of_catalogue_writes_does_not_hold_back_other_writes(catalogue_kinds):
    desk = Desk(expects=5)
    steps = [job(number, kind="Plan") for number in range(4)] + [job(number) for number in range(4, 8)]
    _states(desk, *steps, parallelism=8, catalog_writes=1)
    assert desk.most == 5


@pytest.fixture
def catalogue_kinds(monkeypatch):
    """Plan as a kind of catalogue writes, whatever the registry says."""
    from types import SimpleNamespace

    binding = SimpleNamespace(catalog_write=True)
    plan = SimpleNamespace(bindings={"v1": binding}, binding={"v1": binding}.__getitem__)
    monkeypatch.setattr(lanes_module, "KINDS", {**lanes_module.KINDS, "Plan": plan})


def test_a_failed_step_skips_its_descendants_only():
    desk = Desk(fails={"/1"})
    assert _states(desk, job(1), job(2, after=[1]), job(3, after=[2]), job(4), job(5, after=[4])) == {
        "1": "failed", "2": "skipped", "3": "skipped", "4": "done", "5": "done",
    }  # fmt: skip


def test_a_skipped_step_names_the_object_it_needed():
    report = apply(plan_of(job(1), job(2, after=[1])), Desk(fails={"/1"}), reveal=str)
    assert report.results[1].error == "Meter/x2: skipped, needs Meter/x1"


def test_after_a_stop_nothing_starts_and_what_is_in_flight_is_waited_for():
    stop = threading.Event()
    desk = Desk(on_perform=lambda _: stop.set())
    report = apply(plan_of(*map(job, range(5))), desk, reveal=str, parallelism=1, should_stop=stop)
    assert [result.state for result in report.results] == ["done", *["not-sent"] * 4]
    assert (report.interrupted, report.exit_code) == (True, 130)


def test_a_stop_that_comes_after_the_last_step_interrupts_nothing():
    stop = threading.Event()
    report = apply(plan_of(job(1)), Desk(on_perform=lambda _: stop.set()), reveal=str, should_stop=stop)
    assert (report.interrupted, report.exit_code) == (False, 0)


def test_results_stand_in_the_order_of_the_plan():
    report = apply(plan_of(job(3), job(1), job(2, after=[1])), Desk(fails={"/1"}), reveal=str)
    assert [result.step.id for result in report.results] == ["3", "1", "2"]


def test_events_come_from_the_calling_thread_and_tell_how_far_the_run_is():
    seen = []

    def listen(event):
        result = event.result and event.result.state
        seen.append((threading.current_thread() is threading.main_thread(), event.kind, event.step.id, result))

    apply(plan_of(job(1), job(2, after=[1])), Desk(fails={"/1"}), reveal=str, on_event=listen)
    assert seen == [
        (True, "started", "1", None),
        (True, "finished", "1", "failed"),
        (True, "finished", "2", "skipped"),
    ]


def test_a_plan_without_steps_sends_nothing():
    desk = Desk()
    assert apply(plan_of(), desk, reveal=str).results == ()
    assert desk.requests == 0


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((job(1, after=[2]), job(2, after=[1])), "wait for each other"),
        ((job(1, after=[9]),), "waits for 9, which is not in the plan"),
        ((job(1), job(1)), "the same id"),
        ((step(1, "Meter/a", "update", "PUT", "/x/{Meter/b#id}", {}),), "needs the id of Meter/b"),
        ((step(1, "Meter/a", "update", "PUT", "/x", {"a": [{"$ref": "Meter/b#id"}]}),), "needs the id of Meter/b"),
        (
            (step(1, "Meter/b", "update", "PUT", "/x"), step(2, "Meter/a", "update", "PUT", "/x/{Meter/b#id}", {})),
            "needs the id of Meter/b",
        ),
        ((step(1, "Meter/a", "update", "PUT", "/x", {"a": {"$ref": "Meter/b"}}),), "is not KIND/KEY#id"),
    ],
)
def test_a_plan_whose_steps_do_not_fit_together_is_refused_before_anything_is_sent(steps, words):
    desk = Desk()
    with pytest.raises(PlanFileError, match=words):
        apply(plan_of(*steps), desk, reveal=str)
    assert desk.requests == 0


def test_steps_that_are_done_already_are_not_sent_and_lend_their_ids():
    desk = Desk()
    steps = (meter(1, "a"), step(2, "Meter/b", "update", "PUT", "/x/{Meter/a#id}", {}, after=[1]))
    report = apply(plan_of(*steps), desk, reveal=str, done={"1": "01LIVE"})
    assert desk.order == ["/x/01LIVE"]
    assert [result.state for result in report.results] == ["done", "done"]
    assert report.results[0].notes == ("already as planned",)


def test_a_long_chain_and_a_wide_plan_need_no_deep_recursion():
    desk = Desk()
    steps = [job(0), *(job(number, after=[number - 1]) for number in range(1, 3000))]
    desk.fails = {"/0"}
    assert list(_states(desk, *steps).values()).count("skipped") == 2999
    assert Address.parse("Meter/x1") == steps[1].address
