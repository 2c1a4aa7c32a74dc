"""How a run ends when something goes wrong on the wire: the exit code, what it says, and that the next run finishes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import httpx
import pytest
import stamina

from reconciler.sandbox.server import SandboxTransport

from .test_guards import FEATURE, meter, pro, wrapped

OPS = ("NotificationChannel", "ops", {"name": "Ops", "type": "WEBHOOK", "url": "https://hooks.example.com/ops"})


@pytest.fixture(autouse=True)
def _no_waiting():
    with stamina.set_testing(True, attempts=2):
        yield


class Wire:
    """What the writes to the embedded sandbox meet: by method and the end of the path, an action each time."""

    def __init__(self):
        self.writes, self.meets = [], []

    def handle(self, transport, request, real):
        request.read()
        if request.method == "GET":
            return real(transport, request)
        self.writes.append((request.method, request.url.path))
        for method, end, action in self.meets:
            if request.method == method and request.url.path.endswith(end):
                return action(request, lambda request: real(transport, request))
        return real(transport, request)


def refused(request, handle):
    return httpx.Response(400, json={"status": 400, "title": "Bad Request", "detail": "not today"}, request=request)


def lost(request, handle):
    handle(request)
    raise httpx.ReadError("broken on purpose", request=request)


def never_arrives(request, handle):
    raise httpx.ReadTimeout("broken on purpose", request=request)


def unreachable(request, handle):
    raise httpx.ConnectError("broken on purpose", request=request)


@pytest.fixture
def wire(monkeypatch):
    real, wire = SandboxTransport.handle_request, Wire()
    monkeypatch.setattr(SandboxTransport, "handle_request", lambda self, request: wire.handle(self, request, real))
    return wire


@pytest.fixture
def catalogue(live):
    """A catalogue on the embedded sandbox, where no consent is needed."""
    live.project(top="").declare(meter(), FEATURE, pro(), OPS)
    (live.root / "reconciler.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Project\nname: acme\nmanifests: [catalog]\n"
        "environments:\n  sandbox: { endpoint: 'sandbox:' }\n"
    )
    return live


def ended_with(run, code, *args):
    """An apply that ends so; its report says the same as its exit code."""
    ended = run("apply", *(args or ("--auto-approve",)), "--report", "report.json")
    assert ended.code == code, ended.out + ended.err
    assert "Traceback" not in ended.err
    return ended


def states(root):
    report = json.loads((root / "report.json").read_text())
    return {step["id"]: step["state"] for step in report["steps"]}


def then_all_is_done(run, wire):
    wire.meets.clear()
    assert run("apply", "--auto-approve").code == 0
    assert "No changes." in run("plan").out


@pytest.mark.parametrize("action", [refused, unreachable])
def test_every_write_definitely_refused_ends_with_1(run, wire, catalogue, action):
    wire.meets += [("POST", "/meters", action), ("POST", "/channels", action)]
    ended_with(run, 1)
    found = states(catalogue.root)
    assert set(found.values()) == {"failed", "skipped"}
    then_all_is_done(run, wire)


def test_some_writes_done_and_some_refused_end_with_4_and_only_what_needs_them_is_skipped(run, wire, catalogue):
    wire.meets.append(("POST", "/features", refused))
    ended = ended_with(run, 4)
    found = states(catalogue.root)
    assert (found["Meter/tokens:create"], found["NotificationChannel/ops:create"]) == ("verified", "verified")
    assert (found["Feature/tokens:create"], found["Plan/pro:create"], found["Plan/pro:publish"]) == (
        "failed", "skipped", "skipped")  # fmt: skip
    assert "not today" in wrapped(ended.out)
    then_all_is_done(run, wire)


def test_a_write_that_may_have_happened_ends_with_4(run, wire, catalogue):
    catalogue.declare(OPS)
    wire.meets.append(("POST", "/channels", never_arrives))
    ended = ended_with(run, 4)
    assert states(catalogue.root) == {"NotificationChannel/ops:create": "sent-unknown"}
    assert "whether it happened is not known" in wrapped(ended.out)
    then_all_is_done(run, wire)


def test_a_lost_answer_whose_write_is_found_by_reading_ends_with_0(run, wire, catalogue):
    wire.meets += [("POST", end, lost) for end in ("/meters", "/features", "/plans", "/publish", "/channels")]
    ended_with(run, 0)
    assert set(states(catalogue.root).values()) == {"verified"}
    assert len(wire.writes) == 5


def rewritten(change):
    def act(request, handle):
        body = json.loads(request.content)
        change(body)
        return handle(httpx.Request(request.method, request.url, json=body))

    return act


def test_a_value_that_the_server_rewrote_ends_with_5_and_is_named(run, wire, catalogue):
    wire.meets.append(("POST", "/meters", rewritten(lambda body: body.update(name="Rewritten"))))
    said = wrapped(ended_with(run, 5).out)
    assert "Meter/tokens: the server stored `Rewritten` for `name`; sent `Tokens`" in said
    assert "Meter/tokens: a second plan would still update it" in said
    found = states(catalogue.root)
    assert (found.pop("Meter/tokens:create"), set(found.values())) == ("done", {"verified"})
    then_all_is_done(run, wire)


def test_a_price_that_the_server_rewrote_is_not_published(run, wire, catalogue):
    def cheaper(body):
        body["phases"][0]["rateCards"][0]["price"]["amount"] = "19"

    wire.meets.append(("POST", "/plans", rewritten(cheaper)))
    said = wrapped(ended_with(run, 4).out)
    assert "the server stored `19` for `phases[main].rateCards[base].price.amount`; sent `20`" in said
    assert (states(catalogue.root)["Plan/pro:create"], states(catalogue.root)["Plan/pro:publish"]) == ("done", "failed")
    assert not any(path.endswith("/publish") for _, path in wire.writes)


def test_a_write_that_the_server_accepted_and_forgot_ends_with_5(run, wire, catalogue):
    run("apply", "--auto-approve")
    catalogue.declare(meter(), FEATURE, pro(), (*OPS[:2], {**OPS[2], "url": "https://hooks.example.com/other"}))

    def forgotten(request, handle):
        return httpx.Response(200, json=json.loads(request.content), request=request)

    wire.meets.append(("PUT", "", forgotten))
    assert "url" in ended_with(run, 5).out
    then_all_is_done(run, wire)


@pytest.mark.parametrize("report", [(), ("--format", "json")])
def test_a_plan_that_something_overtook_ends_with_3_and_writes_nothing(run, wire, catalogue, report):
    run("apply", "--auto-approve")
    catalogue.declare(meter(name="Renamed"), FEATURE, pro(), OPS)
    run("plan", "-o", "pr.plan")
    catalogue.declare(meter(name="Theirs"), FEATURE, pro(), OPS)
    run("apply", "--auto-approve")
    wire.writes.clear()
    ended = run("apply", "--plan", "pr.plan", *report)
    assert ended.code == 3
    assert "Meter/tokens: `name`: `Tokens` -> `Theirs`" in ended.err
    assert wire.writes == []


def test_an_interrupt_ends_with_130_even_where_a_step_had_failed(run, wire, catalogue):
    def refused_and_interrupted(request, handle):
        os.kill(os.getpid(), signal.SIGINT)
        return refused(request, handle)

    wire.meets.append(("POST", "/meters", refused_and_interrupted))
    ended = ended_with(run, 130, "--auto-approve", "--parallelism", "1")
    found = states(catalogue.root)
    assert found["Meter/tokens:create"] == "failed"
    assert "not-sent" in found.values()
    assert "not started" in ended.out
    then_all_is_done(run, wire)


def test_a_partly_applied_saved_plan_may_be_applied_again(run, wire, catalogue):
    run("plan", "-o", "pr.plan")
    wire.meets.append(("POST", "/publish", refused))
    ended_with(run, 4, "--plan", "pr.plan")
    wire.meets.clear()
    wire.writes.clear()
    ended_with(run, 0, "--plan", "pr.plan")
    assert [path.rpartition("/")[2] for _, path in wire.writes] == ["publish"]
    assert "No changes." in run("plan").out


KILLED = """
import os, signal, sys
from reconciler.__main__ import main
from reconciler.sandbox.server import SandboxTransport

real, left = SandboxTransport.handle_request, [int(sys.argv[1])]

def handle(self, request):
    if request.method != "GET":
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return real(self, request)

SandboxTransport.handle_request = handle
main(["apply", "--auto-approve", "--parallelism", "1"])
"""


def test_a_killed_apply_leaves_receipts_that_tell_the_truth_and_the_next_plan_says_so(run, wire, catalogue):
    done = subprocess.run([sys.executable, "-c", KILLED, "2"], cwd=catalogue.root, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    receipts = catalogue.root / ".reconciler" / "receipts" / "sandbox.jsonl"
    told = {line["step"]: line["state"] for line in map(json.loads, receipts.read_text().splitlines())}
    finished = [step for step, state in told.items() if state == "done"]
    assert len(finished) == 2
    assert sorted(told.values()) == ["done", "done", "started"]
    planned = run("plan")
    assert "Note: the last apply of sandbox from here, begun at 20" in planned.err
    assert "was cut off or still runs; its steps: 2 done or failed, 1 without an answer, 2 not sent." in planned.err
    assert "Note:" not in planned.out
    again = run("apply", "--auto-approve")
    assert again.code == 0
    assert "was cut off" in again.err
    assert "No changes." in run("plan").out
    catalogue.declare(meter(name="Renamed"), FEATURE, pro(), OPS)
    assert "was cut off" not in run("plan").err


def test_a_cut_off_apply_that_left_nothing_to_do_is_not_mentioned(run, wire, catalogue):
    run("apply", "--auto-approve")
    receipts = catalogue.root / ".reconciler" / "receipts" / "sandbox.jsonl"
    receipts.write_text('{"run": "2026-01-01T12:00:00+00:00", "step": "1", "state": "started", "left": 3}\n')
    assert "cut off" not in run("plan").err
    catalogue.declare(meter(name="Renamed"), FEATURE, pro(), OPS)
    assert "begun at 2026-01-01 12:00:00+00:00 UTC" not in run("plan").err
    assert "begun at 2026-01-01 12:00:00 UTC" in run("plan").err
    assert "0 done or failed, 1 without an answer, 2 not sent" in run("plan").err
