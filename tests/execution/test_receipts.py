import json
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reconciler.errors import UsageError
from reconciler.execution import append_verified
from reconciler.execution.history import last_run
from reconciler.model import LastRun

from .conftest import meter, step

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_is_written_before_a_step_is_sent_and_one_when_it_is_over(world, tmp_path):
    path = tmp_path / "deep" / "test.jsonl"
    world.wire.breaks("POST", "/meters", lambda request, handle: _is_started(path) or handle(request))
    world.run(meter(1, "tokens"), receipts=path, clock=lambda: NOON)
    started, finished = _lines(path)
    assert started == {
        "run": "2026-01-01T12:00:00+00:00", "at": "2026-01-01T12:00:00+00:00", "step": "1",
        "address": "Meter/tokens", "verb": "create", "method": "POST", "path": "/api/v1/meters", "state": "started",
        "left": 1, "environment": "test", "mode": "apply", "complete": True,
        "source": {"manifests": "", "commit": None, "dirty": None, "bundle": None, "revision": None},
    }  # fmt: skip
    assert (finished["state"], finished["status"], finished["left"]) == ("done", 200, 0)
    assert finished["created_id"] == world.items("/api/v1/meters")[0]["id"]


def _is_started(path):
    assert [line["state"] for line in _lines(path)] == ["started"]


def test_a_second_run_adds_to_the_same_file(world, tmp_path):
    path = tmp_path / "test.jsonl"
    world.run(meter(1, "a"), receipts=path)
    world.run(meter(1, "b"), receipts=path)
    assert [line["address"] for line in _lines(path)] == ["Meter/a"] * 2 + ["Meter/b"] * 2


def test_failed_and_skipped_steps_have_their_line_too(world, tmp_path):
    path = tmp_path / "test.jsonl"
    bad = step(1, "Meter/Bad", "create", "POST", "/api/v1/meters", {"slug": "Bad"})
    world.run(bad, meter(2, "b", after=[1]), receipts=path)
    assert [line["state"] for line in _lines(path)] == ["started", "failed", "skipped"]


def test_receipts_that_cannot_be_written_stop_the_run_before_anything_is_sent(world, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="receipts cannot be written"):
        world.run(meter(1, "a"), receipts=tmp_path / "file" / "test.jsonl")
    assert world.wire.seen == []


def test_half_a_line_of_a_killed_run_spoils_no_line_of_the_next(world, tmp_path):
    path = tmp_path / "test.jsonl"
    path.write_text('{"run": "r", "step": "1", "state": "sta')
    world.run(meter(1, "a"), receipts=path)
    assert [json.loads(line)["state"] for line in path.read_text().splitlines()[1:]] == ["started", "done"]
    assert last_run(path).states == {"done": 1}


def test_a_run_that_came_to_its_end_leaves_no_step_whatever_became_of_them(world, tmp_path):
    path = tmp_path / "test.jsonl"
    bad = step(1, "Meter/Bad", "create", "POST", "/api/v1/meters", {"slug": "Bad"})
    world.run(bad, meter(2, "b", after=[1]), meter(3, "c"), receipts=path)
    assert (last_run(path).states, last_run(path).left) == ({"failed": 1, "skipped": 1, "done": 1}, 0)
    stopped = threading.Event()
    stopped.set()
    world.run(meter(1, "d"), receipts=path, should_stop=stopped)
    assert (last_run(path).states, last_run(path).left) == ({"not-sent": 1}, 0)


def test_what_was_found_to_be_as_meant_is_added_to_its_run(world, tmp_path):
    path = tmp_path / "test.jsonl"
    report = world.run(meter(1, "a"), meter(2, "b"), receipts=path)
    first, second = report.results
    append_verified(path, replace(report, results=(replace(first, state="verified"), second)), lambda: NOON)
    assert last_run(path) == LastRun(report.started_at, {"done": 1, "verified": 1})
    append_verified(tmp_path / "test.jsonl" / "x", report, lambda: NOON)
