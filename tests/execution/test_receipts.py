import json
from datetime import UTC, datetime

import pytest

from reconciler.errors import UsageError

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
    }  # fmt: skip
    assert (finished["state"], finished["status"]) == ("done", 200)
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
