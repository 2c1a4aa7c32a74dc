import threading

import httpx
import pytest

from reconciler.kinds.registry import KINDS

from ..backends.faults import answered, handled_but, lost, raised
from .conftest import marked, meter, step

CHANNELS = "/api/v1/notification/channels"
CHANNEL = marked("ops", type="WEBHOOK", name="ops", url="https://x.test")
NAMELESS = step(1, "NotificationChannel/ops", "create", "POST", CHANNELS, CHANNEL)


def test_a_create_whose_answer_was_lost_is_found_by_reading_and_done(world):
    world.wire.breaks("POST", "/meters", lost(httpx.ReadError))
    result = world.run(meter(1, "tokens")).results[0]
    assert (result.state, result.created_id) == ("done", world.items("/api/v1/meters")[0]["id"])
    assert result.notes == ("the answer was lost; reading back shows that it is done",)
    assert world.sent("POST") == 1


def test_the_id_that_reading_found_is_used_by_the_steps_after_it(world):
    world.wire.breaks("POST", "/meters", lost(httpx.RemoteProtocolError))
    later = step(2, "Meter/tokens", "update", "PUT", "/api/v1/meters/{Meter/tokens#id}", {"name": "T"}, after=[1])
    assert world.states(meter(1, "tokens"), later) == {"1": "done", "2": "done"}
    assert world.items("/api/v1/meters")[0]["name"] == "T"


def test_a_create_of_a_kind_without_a_natural_key_that_never_arrived_is_unknown_and_never_sent_again(world):
    world.wire.breaks("POST", "/channels", raised(httpx.ReadTimeout))
    report = world.run(NAMELESS, meter(2, "other", after=[1]))
    assert [result.state for result in report.results] == ["sent-unknown", "skipped"]
    assert report.exit_code == 4
    assert report.results[0].error.endswith("whether it happened is not known, and it is not sent again")
    assert world.sent("POST") == 1


def test_reading_after_a_lost_answer_looks_more_than_once(world):
    world.wire.breaks("POST", "/meters", raised(httpx.ReadTimeout), raised(httpx.ReadTimeout))
    world.run(meter(1, "tokens"))
    assert world.wire.seen == ["POST /api/v1/meters", *["GET /api/v1/meters/tokens"] * 3, *world.wire.seen[4:]]
    assert world.wire.seen[4:] == ["POST /api/v1/meters", *["GET /api/v1/meters/tokens"] * 2]


def test_a_server_error_after_the_commit_counts_as_done(world):
    world.wire.breaks("POST", "/meters", handled_but(500))
    assert world.states(meter(1, "tokens")) == {"1": "done"}


def test_a_server_error_that_rolled_back_is_sent_once_more_after_reading(world):
    world.wire.breaks("POST", "/meters", answered(500))
    assert world.states(meter(1, "tokens")) == {"1": "done"}
    assert world.sent("GET", "/meters/tokens") >= 1
    assert len(world.items("/api/v1/meters")) == 1


def test_a_second_server_error_without_a_commit_is_a_failure(world):
    world.wire.breaks("POST", "/meters", answered(500), answered(500))
    report = world.run(meter(1, "tokens"))
    assert world.sent("POST") == 2
    assert (report.results[0].state, report.results[0].status, report.exit_code) == ("failed", 500, 1)


@pytest.mark.parametrize("status", [408, 502, 503, 504])
def test_an_error_from_something_in_between_leaves_a_create_without_a_natural_key_unknown(world, status):
    world.wire.breaks("POST", "/channels", answered(status))
    assert world.states(NAMELESS) == {"1": "sent-unknown"}
    assert world.sent("POST") == 1


@pytest.mark.parametrize(
    "answer",
    [handled_but(200, b"<html>"), handled_but(200), handled_but(201, b'{"slug":"tok'), handled_but(201, b"[]")],
)
def test_an_answer_that_cannot_be_understood_is_settled_by_reading(world, answer):
    world.wire.breaks("POST", "/meters", answer)
    result = world.run(meter(1, "tokens")).results[0]
    assert (result.state, bool(result.created_id)) == ("done", True)


def test_a_connection_that_never_came_up_is_a_failure_and_nothing_was_sent(world):
    world.wire.breaks("POST", "/meters", *[raised(httpx.ConnectError)] * 2)
    report = world.run(meter(1, "tokens"))
    assert (report.results[0].state, report.exit_code) == ("failed", 1)


def test_an_object_of_somebody_else_is_not_taken_for_what_was_sent(world):
    def meanwhile(request, handle):
        body = b'{"slug":"tokens","eventType":"x","aggregation":"COUNT"}'
        handle(httpx.Request("POST", request.url, content=body, headers={"content-type": "application/json"}))
        raise httpx.ReadError("broken on purpose")

    world.wire.breaks("POST", "/meters", meanwhile)
    result = world.run(meter(1, "tokens")).results[0]
    assert (result.state, result.status, world.sent("POST")) == ("failed", 409, 2)
    assert "somebody made it meanwhile" in result.tip


def test_when_reading_back_fails_too_the_step_is_unknown_and_says_both(world):
    world.wire.breaks("POST", "/meters", lost(httpx.ReadError))
    world.wire.breaks("GET", "/meters/tokens", *[raised(httpx.ConnectError)] * 9)
    result = world.run(meter(1, "tokens")).results[0]
    assert result.state == "sent-unknown"
    assert "reading back failed too" in result.notes[0]


def test_a_delete_of_what_is_gone_already_is_done(world):
    gone = step(1, "Meter/x", "delete", "DELETE", "/api/v1/meters/01ARZ3NDEKTSV4RRFFQ69G5FAV")
    result = world.run(gone).results[0]
    assert (result.state, result.status, result.notes) == ("done", 404, ("it was gone already",))


def test_a_delete_whose_answer_was_lost_is_settled_by_reading(world):
    made = world.made("/api/v1/meters", {"slug": "x", "eventType": "e", "aggregation": "COUNT"})
    world.wire.breaks("DELETE", made, lost(httpx.ReadTimeout))
    assert world.states(step(1, "Meter/x", "delete", "DELETE", f"/api/v1/meters/{made}")) == {"1": "done"}
    assert world.sent("DELETE") == 1


@pytest.mark.parametrize(("method", "verb"), [("DELETE", "delete"), ("PUT", "update")])
def test_a_repeatable_write_that_timed_out_is_sent_once_more(world, method, verb):
    made = world.made("/api/v1/meters", {"slug": "x", "eventType": "e", "aggregation": "COUNT"})
    world.wire.breaks(method, made, raised(httpx.ReadTimeout))
    body = {"name": "X"} if method == "PUT" else None
    assert world.states(step(1, "Meter/x", verb, method, f"/api/v1/meters/{made}", body)) == {"1": "done"}
    assert world.sent(method) == 2


@pytest.mark.parametrize(("method", "verb"), [("DELETE", "delete"), ("PUT", "update")])
def test_a_repeatable_write_that_times_out_twice_is_unknown(world, method, verb):
    made = world.made("/api/v1/meters", {"slug": "x", "eventType": "e", "aggregation": "COUNT"})
    world.wire.breaks(method, made, *[raised(httpx.ReadTimeout)] * 5)
    body = {"name": "X"} if method == "PUT" else None
    assert world.states(step(1, "Meter/x", verb, method, f"/api/v1/meters/{made}", body)) == {"1": "sent-unknown"}
    assert world.sent(method) == 2


@pytest.mark.parametrize(("status", "state", "sent"), [(408, "done", 2), (500, "sent-unknown", 1)])
def test_an_update_that_something_in_between_timed_out_is_repeated_and_one_that_the_server_failed_at_is_not(
    world, status, state, sent
):
    made = world.made("/api/v1/meters", {"slug": "x", "eventType": "e", "aggregation": "COUNT"})
    world.wire.breaks("PUT", made, answered(status))
    update = step(1, "Meter/x", "update", "PUT", f"/api/v1/meters/{made}", {"name": "X"})
    assert world.states(update) == {"1": state}
    assert world.sent("PUT") == sent


def _late(request, handle):
    """The first one is done just before this second one arrives."""
    headers = {"content-type": "application/json"}
    handle(httpx.Request("POST", request.url, content=request.content, headers=headers))
    return handle(request)


@pytest.mark.parametrize("kind", ["Meter", "Plan"])
def test_a_second_try_that_meets_what_the_first_one_made_is_done(world, kind):
    phases = [{"key": "main", "name": "Main", "duration": None, "rateCards": []}]
    body = {"key": "pro", "name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": phases, **marked("pro")}
    plan = step(1, "Plan/pro", "create", "POST", "/api/v1/plans", body)
    create = meter(1, "tokens") if kind == "Meter" else plan
    world.wire.breaks("POST", create.path, raised(httpx.ReadTimeout), _late)
    result = world.run(create).results[0]
    assert (result.state, result.created_id) == ("done", world.items(create.path)[0]["id"])
    assert (world.sent("POST"), len(world.items(create.path))) == (2, 1)


@pytest.mark.parametrize("second", [httpx.ConnectError, httpx.ReadTimeout])
def test_a_second_try_that_never_arrives_says_nothing_about_the_first(world, second):
    world.wire.breaks("POST", "/meters", raised(httpx.ReadTimeout), *[raised(second)] * 2)
    report = world.run(meter(1, "tokens"))
    assert (report.results[0].state, report.exit_code) == ("sent-unknown", 4)


def test_a_second_try_that_cannot_read_first_is_not_sent(world):
    world.wire.breaks("POST", "/meters", raised(httpx.ReadTimeout))
    world.wire.breaks("GET", "/meters/tokens", *[raised(httpx.ConnectError)] * 99)
    result = world.run(meter(1, "tokens")).results[0]
    assert (result.state, world.sent("POST")) == ("sent-unknown", 1)
    assert "reading back failed again" in result.notes[1]


@pytest.mark.parametrize("verb", ["PUT", "POST"])
def test_what_a_stop_keeps_from_its_second_try_is_unknown_and_not_called_not_sent(world, verb):
    stop = threading.Event()

    def stopping(request, handle):
        stop.set()
        raise httpx.ReadTimeout("broken on purpose", request=request)

    made = world.made("/api/v1/meters", {"slug": "x", "eventType": "e", "aggregation": "COUNT"})
    update = step(1, "Meter/x", "update", "PUT", f"/api/v1/meters/{made}", {"name": "X"})
    world.wire.breaks(verb, "", stopping)
    one = update if verb == "PUT" else meter(1, "tokens")
    result = world.run(one, should_stop=stop).results[0]
    assert result.state == "sent-unknown"
    assert "whether it happened is not known" in result.error


def test_a_second_try_is_told_and_its_time_counts_once(world):
    world.wire.breaks("POST", "/meters", raised(httpx.ReadTimeout))
    result = world.run(meter(1, "tokens")).results[0]
    assert result.notes == ("sent twice",)
    assert [event.kind for event in world.events] == ["started", "finished"]


def _unreadable_before_the_write(world, times, error=httpx.ReadTimeout):
    """One plan, whose key cannot be read that often just before it is created; two attempts make one reading."""
    seen = world.backend.observe(KINDS)
    world.wire.breaks("GET", "/plans", *[raised(error)] * 2 * times)
    phase = {"key": "main", "name": "Main", "duration": None, "rateCards": []}
    body = {"key": "pro", "name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": [phase], **marked("pro")}
    (result,) = world.run(step(1, "Plan/pro", "create", "POST", "/api/v1/plans", body), seen=seen).results
    return result


def test_a_write_before_which_a_server_that_hangs_could_not_be_read_is_tried_again(world):
    result = _unreadable_before_the_write(world, 1)
    assert (result.state, result.notes, world.sent("POST")) == ("done", (), 1)
    assert [row["id"] for row in world.items("/api/v1/plans")] == [result.created_id]


@pytest.mark.parametrize(("times", "error"), [(2, httpx.ReadTimeout), (1, httpx.ConnectError)])
def test_what_cannot_be_read_twice_or_not_reached_at_all_fails_unsent(world, times, error):
    result = _unreadable_before_the_write(world, times, error)
    assert (result.state, world.sent("POST")) == ("failed", 0)
    assert "GET" in result.error


def test_the_loss_that_slows_catalogue_writes_down_is_an_event(world):
    world.wire.breaks("POST", "/channels", raised(httpx.ReadTimeout))
    world.run(NAMELESS, parallelism=4, catalog_writes=4)
    assert [event.kind for event in world.events] == ["started", "slowed", "finished"]
