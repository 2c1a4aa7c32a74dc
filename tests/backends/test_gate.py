"""A server that limits the rate slows the client down: all its threads together, as long as it takes, no longer."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import httpx
import pytest

from reconciler.backends.gate import Gate, Pace
from reconciler.errors import ApiError, HaltedError, TransportError

from .faults import FakeTime, Faults, answered, client, handled_but

METER = {"slug": "tokens", "eventType": "prompt", "aggregation": "COUNT"}
PLAIN = Pace(jitter=0)


class Limiting(httpx.BaseTransport):
    """Refuses the first requests, and knows when each came."""

    def __init__(self, time, refusals, **headers):
        self.time, self.refusals, self.headers = time, refusals, headers
        self.came = []
        self._lock = threading.Lock()

    def handle_request(self, request):
        assert request.url.host
        with self._lock:
            self.came.append(self.time.seconds)
            refused = len(self.came) <= self.refusals
        return httpx.Response(429, headers=self.headers) if refused else httpx.Response(200, json=[])


def waits(server):
    return [round(later - earlier) for earlier, later in pairwise(server.came)]


def opened(server, time, **settings):
    settings.setdefault("pace", PLAIN)
    return client(server, clock=time.clock, **settings)


def test_every_wait_without_a_word_of_the_server_is_twice_the_last_one_up_to_the_longest():
    time = FakeTime()
    server = Limiting(time, 8)
    assert opened(server, time).get("/x").json == []
    assert waits(server) == [1, 2, 4, 8, 16, 20, 20, 20]


def test_the_server_is_not_asked_again_before_the_time_it_names():
    time = FakeTime()
    server = Limiting(time, 3, **{"retry-after": "7"})
    opened(server, time).get("/x")
    assert waits(server) == [7, 7, 7]


def test_a_date_is_a_time_that_the_server_names_too():
    time = FakeTime()
    server = Limiting(time, 1, **{"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT"})
    opened(server, time).get("/x")
    assert waits(server) == [30]


@pytest.mark.parametrize("nonsense", ["0", "soon", "-5", "Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 01 Jan 99999"])
def test_a_time_that_is_none_is_as_if_the_server_had_said_nothing(nonsense):
    time = FakeTime()
    server = Limiting(time, 3, **{"retry-after": nonsense})
    opened(server, time).get("/x")
    assert waits(server) == [1, 2, 4]


def test_clients_that_were_refused_together_do_not_come_back_together():
    time = FakeTime()
    server = Limiting(time, 1, **{"retry-after": "10"})
    opened(server, time, pace=Pace(jitter=0.5)).get("/x")
    assert 10 < server.came[1] <= 15


def test_more_refusals_than_attempts_are_no_failure_of_a_read_or_a_write(wire):
    for method in ("GET", "POST"):
        wire.breaks(method, "/meters", *[answered(429)] * 8)
    http = client(wire)
    assert http.send("POST", "/api/v1/meters", body=METER).json["slug"] == "tokens"
    assert len(http.get("/api/v1/meters").json) == 1
    assert http.requests == 18


def test_an_unavailable_server_that_says_when_to_come_back_is_waited_for(wire):
    time = FakeTime()
    wire.breaks("GET", "/meters", *[answered(503, retry_after="20")] * 8)
    assert client(wire, clock=time.clock).get("/api/v1/meters").json == []
    assert time.seconds >= 160


def test_a_post_that_an_unavailable_server_may_have_handled_is_not_sent_again(wire):
    time = FakeTime()
    http = client(wire, clock=time.clock)
    wire.breaks("POST", "/meters", handled_but(503, retry_after="20"))
    with pytest.raises(ApiError, match="503"):
        http.send("POST", "/api/v1/meters", body=METER)
    assert wire.seen == ["POST /api/v1/meters"]
    assert len(http.get("/api/v1/meters").json) == 1
    assert time.seconds >= 20


def test_a_refusal_does_not_use_up_the_attempts_of_a_read(wire):
    wire.breaks("GET", "/meters", answered(502), answered(429), answered(502), answered(429), answered(502))
    assert client(wire).get("/api/v1/meters").json == []


def test_a_wait_that_no_run_can_sit_out_ends_at_once_and_names_it():
    time = FakeTime()
    server = Limiting(time, 9, **{"retry-after": "86400"})
    http = opened(server, time)
    with pytest.raises(ApiError) as caught:
        http.get("/x")
    assert caught.value.message == (
        "429 Too Many Requests: the server limits the rate (429) and asks to wait 86400 s, until 2026-01-02 12:00 UTC; "
        "that is longer than the 10 min that a run waits"
    )
    assert caught.value.tip == "run the same command again after that; what is done stays done"
    assert time.seconds == 0


def test_after_the_end_of_patience_nothing_is_sent_until_the_time_that_the_server_named():
    time = FakeTime()
    server = Limiting(time, 1, **{"retry-after": "86400"})
    http = opened(server, time)
    with pytest.raises(ApiError):
        http.get("/x")
    for _ in range(3):
        with pytest.raises(TransportError, match="asks to wait 86400 s") as caught:
            http.send("POST", "/x")
        assert not caught.value.sent
    assert len(server.came) == 1
    time.seconds = 86_401
    assert http.get("/x").json == []


@pytest.mark.parametrize("seconds", ["9" * 40, "1e9"])
def test_a_wait_of_ages_is_an_error_of_ours_or_no_time_at_all(seconds):
    time = FakeTime()
    server = Limiting(time, 1, **{"retry-after": seconds})
    if seconds.isdecimal():
        with pytest.raises(ApiError, match="asks to wait 31622400 s, until 2027-01-02"):
            opened(server, time).get("/x")
    else:
        assert opened(server, time).get("/x").json == []


@pytest.mark.parametrize("headers", [{}, {"retry-after": "30"}])
def test_ten_minutes_of_nothing_but_refusals_are_the_end(headers):
    time = FakeTime()
    server = Limiting(time, 10_000, **headers)
    with pytest.raises(ApiError, match="has accepted nothing for almost 10 min"):
        opened(server, time).get("/x")
    assert 500 < time.seconds <= 600
    assert len(server.came) < 40


def test_one_accepted_request_begins_the_ten_minutes_anew():
    time = FakeTime()
    wire = Faults(httpx.MockTransport(lambda _: httpx.Response(404)))
    http = opened(wire, time)
    for _ in range(3):
        wire.breaks("GET", "/x", *[answered(429, retry_after="100")] * 5)
        with pytest.raises(ApiError, match="404"):
            http.get("/x")
    assert time.seconds == pytest.approx(1500)


def test_time_that_nobody_asked_for_anything_is_no_drought():
    time = FakeTime()
    server = Limiting(time, 0)
    http = opened(server, time)
    http.get("/x")
    time.seconds, server.refusals = 5_000, 2
    assert http.get("/x").json == []


def gate(most=8, told=None, time=None, pace=PLAIN):
    return Gate(most, pace, (time or FakeTime()).clock, (told if told is not None else []).append)


def refuse(door, together=1, asked=None):
    """So many requests in flight together are refused; whether that was the end."""
    entered = [door.passage() for _ in range(together)]
    numbers = [one.__enter__() for one in entered]
    for one in entered:
        one.__exit__(None, None, None)
    return [door.refused(number, 429, asked) for number in numbers]


def accept(door, times=1):
    for _ in range(times):
        with door.passage() as number:
            pass
        door.accepted(number)


def test_each_refusal_halves_what_may_be_in_flight_down_to_one():
    door, allowed = gate(), []
    for _ in range(4):
        refuse(door)
        allowed.append(door.allowed)
    assert allowed == [4, 2, 1, 1]


def test_requests_that_were_in_flight_together_halve_it_once_and_wait_once():
    time = FakeTime()
    door = gate(time=time)
    refuse(door, together=8)
    assert door.allowed == 4
    accept(door)
    assert time.seconds == pytest.approx(1)


@pytest.mark.parametrize("waits", [(5, 12), (12, 5)])
def test_of_several_waits_the_longest_counts(waits):
    time = FakeTime()
    door = gate(time=time)
    with door.passage() as first, door.passage() as second:
        pass
    door.refused(first, 429, waits[0])
    door.refused(second, 429, waits[1])
    accept(door)
    assert time.seconds == pytest.approx(12)


def test_accepted_requests_allow_one_more_each_time_up_to_all():
    door, allowed = gate(), []
    refuse(door)
    for _ in range(6):
        accept(door, 8)
        allowed.append(door.allowed)
    assert allowed == [5, 6, 7, 8, 8, 8]


def test_an_answer_from_before_the_refusal_tells_nothing_about_the_time_after_it():
    door = gate()
    with door.passage() as before:
        pass
    refuse(door)
    for _ in range(20):
        door.accepted(before)
    assert door.allowed == 4


def test_an_accepted_request_makes_the_next_wait_short_again():
    time = FakeTime()
    door = gate(time=time)
    refuse(door), refuse(door), refuse(door), accept(door)
    assert time.seconds == pytest.approx(1 + 2 + 4)
    refuse(door), accept(door)
    assert time.seconds == pytest.approx(1 + 2 + 4 + 1)


def test_no_more_requests_are_in_flight_than_allowed_however_many_threads_want_to():
    time = FakeTime()
    most, here, lock = [0], [0], threading.Lock()

    def answer(request):
        with lock:
            here[0] += 1
            most[0] = max(most[0], here[0])
        barrier.wait(5)
        with lock:
            here[0] -= 1
        return httpx.Response(200, json=[])

    wire = Faults(httpx.MockTransport(answer))
    http = opened(wire, time, connections=8, pace=Pace(jitter=0, recover_after=1_000))
    wire.breaks("GET", "/first", answered(429), answered(429))
    barrier = threading.Barrier(1)
    http.get("/first")
    barrier = threading.Barrier(2)
    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(http.get, ["/x"] * 16))) == 16
    assert most == [2]


def test_one_sentence_tells_of_a_storm_and_the_next_not_before_half_a_minute():
    time, told = FakeTime(), []
    server = Limiting(time, 45, **{"retry-after": "1"})
    opened(server, time, on_wait=told.append).get("/x")
    assert told == [
        "the server limits the rate (429), waiting 1 s and then going on with at most 4 requests at once",
        "the server limits the rate (429), waiting 1 s and then going on with at most 1 request at once",
    ]


def test_a_stop_ends_the_wait_at_once_and_the_request_was_not_sent():
    stop = threading.Event()
    time = FakeTime(on_sleep=lambda time: time.seconds > 3 and stop.set())
    server = Limiting(time, 9, **{"retry-after": "300"})
    http = opened(server, time, connections=1)
    http.heed(stop)
    with pytest.raises(HaltedError) as caught:
        http.send("POST", "/x")
    assert not caught.value.sent
    assert (len(server.came), time.seconds < 4) == (1, True)


def test_a_stop_does_not_hold_back_a_request_that_need_not_wait():
    time, stop = FakeTime(), threading.Event()
    http = opened(Limiting(time, 0), time)
    http.heed(stop)
    stop.set()
    assert http.get("/x").json == []


def test_closing_ends_every_wait():
    time = FakeTime(on_sleep=lambda time: time.seconds > 3 and http.stop_waiting())
    http = opened(Limiting(time, 9, **{"retry-after": "300"}), time)
    with pytest.raises(HaltedError):
        http.get("/x")
    assert time.seconds < 4
