"""A server that limits the rate, or hangs on catalogue writes, costs time: the run ends as declared, active, with 0.

The oracle is the live catalogue, read past the reconciler. No clock moves here but one that jumps.
"""

import threading
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import stamina

from reconciler.backends import open_backend
from reconciler.execution import apply
from reconciler.sandbox import Sandbox

from ..backends.faults import FakeTime
from .conftest import World, declare, secret
from .test_crash import assert_as_declared, catalogue, flat

MANY = 24
PLANS = "/api/v1/plans"


@pytest.fixture(autouse=True)
def _no_waiting():
    with stamina.set_testing(True, attempts=2):
        yield


@pytest.fixture
def sandbox():
    server = Sandbox()
    yield server
    server.close()


def world_on(sandbox, transport, time, told=None, parallelism=8):
    """A project on a sandbox behind this transport; ``http`` reaches the sandbox past it."""
    environment = SimpleNamespace(
        name="test", endpoint="sandbox:", api="v1", token=None, headers={}, limits=None, identity=None
    )
    on_wait = None if told is None else told.append
    channel = open_backend(
        environment,
        base=Path(),
        transport=transport,
        parallelism=parallelism,
        on_wait=on_wait,
        clock=time.clock,
        read_timeout=1,
    )
    return World(channel, httpx.Client(transport=sandbox.transport(), base_url="http://sandbox"))


def run(world, *resources, **options):
    made = world.plan(*resources)
    options.setdefault("should_stop", threading.Event())
    return apply(made, world.backend, reveal=secret, **options)


class Storm(httpx.BaseTransport):
    """Refuses each request so many times before it lets it through; ``headers`` go with a refusal."""

    def __init__(self, inner, refusals, **headers):
        self.inner, self.refusals, self.headers = inner, refusals, headers
        self.tries = Counter()
        self._lock = threading.Lock()

    def handle_request(self, request):
        what = (request.method, str(request.url), request.read())
        with self._lock:
            self.tries[what] += 1
            through = self.tries[what] % (self.refusals + 1) == 0
        return self.inner.handle_request(request) if through else httpx.Response(429, headers=self.headers)


@pytest.mark.parametrize(
    ("refusals", "headers"),
    [
        (1, {}),
        (1, {"retry-after": "30"}),
        (7, {"retry-after": "3"}),
        (1, {"retry-after": "Thu, 01 Jan 2026 12:00:09 GMT"}),
    ],
)
def test_a_storm_that_refuses_every_request_several_times_only_slows_the_run(sandbox, refusals, headers):
    time, told = FakeTime(), []
    storm = Storm(sandbox.transport(), refusals, **headers)
    world = world_on(sandbox, storm, time, told)
    report = run(world, *catalogue("1"), parallelism=8)
    assert {result.state for result in report.results} == {"done"}
    assert report.exit_code == 0
    assert_as_declared(world, "1", 1)
    assert world.plan(*catalogue("1")).steps == ()
    world.backend.close()
    assert all(tries % (refusals + 1) == 0 for tries in storm.tries.values())
    writes = [what for what in storm.tries if what[0] == "POST"]
    assert len(writes) == sum(step.method == "POST" for step in report.plan.steps)
    assert len(told) <= 1 + time.seconds / 30


class Quota(httpx.BaseTransport):
    """Accepts so many requests in a second of its clock, and refuses the others until the next one."""

    def __init__(self, inner, time, a_second):
        self.inner, self.time, self.a_second = inner, time, a_second
        self.accepted, self.refused = Counter(), 0
        self._lock = threading.Lock()

    def handle_request(self, request):
        request.read()
        with self._lock:
            second = int(self.time.seconds)
            if self.accepted[second] >= self.a_second:
                self.refused += 1
                return httpx.Response(429, headers={"retry-after": "1"})
            self.accepted[second] += 1
        return self.inner.handle_request(request)


def test_a_quota_is_used_up_without_hammering_the_server(sandbox):
    time = FakeTime()
    quota = Quota(sandbox.transport(), time, 5)
    world = world_on(sandbox, quota, time)
    assert run(world, *catalogue("1"), parallelism=8).exit_code == 0
    assert_as_declared(world, "1", 1)
    world.backend.close()
    seconds = len(quota.accepted)
    assert quota.refused <= 2.5 * seconds
    assert seconds <= 2 * sum(quota.accepted.values()) / 5


def test_a_limit_that_does_not_end_is_a_failure_of_what_was_not_sent_and_the_next_run_goes_on(sandbox):
    time, limited = FakeTime(), []

    class Closing(httpx.BaseTransport):
        def handle_request(self, request):
            request.read()
            if request.method != "GET":
                limited.append(request)
            closed = len(limited) > 5
            return httpx.Response(429) if closed else sandbox.transport().handle_request(request)

    world = world_on(sandbox, Closing(), time)
    report = run(world, *catalogue("1"), parallelism=8)
    assert Counter(result.state for result in report.results)["done"] == 5
    assert {result.state for result in report.results} == {"done", "failed", "skipped"}
    assert report.exit_code == 4
    assert any("has accepted nothing for almost 10 min" in str(result.error) for result in report.results)
    assert len(limited) < 5 + 8 * 20
    limited.clear()
    world.backend.close()
    calm = world_on(sandbox, sandbox.transport(), time)
    assert run(calm, *catalogue("1")).exit_code == 0
    assert_as_declared(calm, "1", 1)
    calm.backend.close()


def test_a_stop_in_a_storm_ends_it_at_once_and_what_waited_was_not_sent(sandbox):
    stop, writes = threading.Event(), []
    time = FakeTime(on_sleep=lambda _: len(writes) > 3 and stop.set())

    class Closing(httpx.BaseTransport):
        def handle_request(self, request):
            request.read()
            if request.method != "GET":
                writes.append(request)
            if len(writes) > 3:
                return httpx.Response(429, headers={"retry-after": "300"})
            return sandbox.transport().handle_request(request)

    world = world_on(sandbox, Closing(), time)
    report = run(world, *catalogue("1"), parallelism=8, should_stop=stop)
    world.backend.close()
    assert Counter(result.state for result in report.results) == {"done": 3, "not-sent": len(report.results) - 3}
    assert (report.interrupted, report.exit_code) == (True, 130)
    assert time.seconds < 10
    assert len(writes) <= 3 + 8


def plans(count=MANY):
    for number in range(count):
        phases = [{"key": "main", "name": "Main", "rateCards": [flat("base", "1")]}]
        spec = {"name": f"P{number}", "currency": "USD", "billingCadence": "P1M", "phases": phases}
        yield declare("Plan", f"p{number}", spec)


class Hanging(httpx.BaseTransport):
    """Answers no catalogue write while four of them are in flight. What it never answered, it may still have done.

    The first wave is let in together, ``wave`` of them. ``does`` says of each hung request, by its number, whether it
    is done all the same: ``before`` its time-out, ``after`` a later request, or ``never``.
    """

    def __init__(self, inner, wave, does):
        self.inner, self.wave, self.does = inner, wave, does
        self.here, self.hung, self.writes = set(), 0, Counter()
        self.beside_a_second_try = [0]
        self._late = []
        self._lock = threading.Condition()

    def handle_request(self, request):
        request.read()
        if request.method == "GET":
            return self.inner.handle_request(request)
        me, what = object(), (request.method, request.url.path, request.content)
        with self._lock:
            self.here.add(me)
            self.writes[what] += 1
            if self.writes[what] == 2:
                self.beside_a_second_try.append(len(self.here) - 1)
            self._lock.notify_all()
            self._lock.wait_for(lambda: self.hung or len(self.here) >= self.wave, timeout=5)
            hangs = len(self.here) >= 4 or (self.hung and self.hung < self.wave)
            self.hung += hangs
            number = self.hung
        try:
            if not hangs:
                return self._answered(request)
            self._hang(request, self.does(number))
        finally:
            with self._lock:
                self.here.discard(me)
        raise httpx.ReadTimeout("no answer", request=request)

    def _answered(self, request):
        answer = self.inner.handle_request(request)
        with self._lock:
            late, self._late = self._late, []
        for one in late:
            self.inner.handle_request(one)
        return answer

    def _hang(self, request, does):
        if does == "before":
            self.inner.handle_request(request)
        elif does == "after":
            with self._lock:
                self._late.append(request)


def assert_plans(world, count=MANY):
    live = [(item["key"], item["status"], item["version"]) for item in world.items(f"{PLANS}?pageSize=1000&page=1")]
    assert sorted(live) == sorted((f"p{number}", "active", 1) for number in range(count))


@pytest.mark.parametrize("does", ["before", "never", "after"])
def test_a_server_that_hangs_on_sixteen_catalogue_writes_costs_a_time_out_and_no_failure(sandbox, does):
    hanging = Hanging(sandbox.transport(), 16, lambda _: does)
    world = world_on(sandbox, hanging, FakeTime(), parallelism=16)
    report = run(world, *plans(), parallelism=16, catalog_writes=16)
    assert [str(result.error) for result in report.results if result.state != "done"] == []
    assert report.exit_code == 0
    assert hanging.hung >= 16
    assert_plans(world)
    assert world.plan(*plans()).steps == ()
    world.backend.close()
    assert max(hanging.writes.values()) <= 2
    assert max(hanging.beside_a_second_try) == 0


def test_some_of_what_hung_was_done_and_some_was_not(sandbox):
    ways = ("before", "never", "after")
    hanging = Hanging(sandbox.transport(), 16, lambda number: ways[number % 3])
    world = world_on(sandbox, hanging, FakeTime(), parallelism=16)
    report = run(world, *catalogue("1"), *plans(), parallelism=16, catalog_writes=16)
    assert [str(result.error) for result in report.results if result.state != "done"] == []
    assert world.plan(*catalogue("1"), *plans()).steps == ()
    world.backend.close()


def test_nothing_without_a_natural_key_is_ever_in_flight_beside_another_catalogue_write(sandbox):
    beside, here, lock = [], set(), threading.Lock()

    class Counting(httpx.BaseTransport):
        def handle_request(self, request):
            request.read()
            catalogue_write = request.method != "GET" and not request.url.path.endswith(("/meters", "/features"))
            with lock:
                if catalogue_write:
                    here.add(request)
                nameless = [one for one in here if one.method == "POST" and one.url.path.endswith(("ls", "es"))]
                beside.append(len(here) if nameless else 0)
            try:
                return sandbox.transport().handle_request(request)
            finally:
                with lock:
                    here.discard(request)

    world = world_on(sandbox, Counting(), FakeTime(), parallelism=16)
    assert run(world, *catalogue("1"), parallelism=16, catalog_writes=16).exit_code == 0
    world.backend.close()
    assert max(beside) == 1


def test_a_create_that_is_done_long_after_its_second_try_leaves_a_draft_that_the_next_run_removes(sandbox):
    kept = []

    class Late(httpx.BaseTransport):
        def handle_request(self, request):
            request.read()
            if request.method == "POST" and request.url.path == PLANS and not kept:
                kept.append(request)
                raise httpx.ReadTimeout("no answer", request=request)
            return sandbox.transport().handle_request(request)

    world = world_on(sandbox, Late(), FakeTime())
    assert run(world, *plans(1)).exit_code == 0
    assert_plans(world, 1)
    sandbox.transport().handle_request(kept[0])
    assert run(world, *plans(1)).exit_code == 0
    assert_plans(world, 1)
    world.backend.close()
