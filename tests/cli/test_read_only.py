"""--read-only: whatever a command is told, nothing but GET reaches the server, and what would write says so first."""

from __future__ import annotations

import json

import pytest

from reconciler.sandbox import Sandbox
from reconciler.sandbox.serve import serving

from .conftest import Served
from .test_guards import meter


class Listening(Sandbox):
    """Remembers the method of every request."""

    def handle(self, request):
        self.__dict__.setdefault("methods", []).append(request.method)
        return super().handle(request)


@pytest.fixture
def live(tmp_path):
    with serving(Listening(":memory:")) as server:
        found = Served(tmp_path, server.url, server.sandbox)
        yield found.declare(meter())


def writes(live):
    return [method for method in live.sandbox.__dict__.get("methods", ()) if method != "GET"]


WRITING = (
    ("apply", "--auto-approve"),
    ("drift", "--heal", "--auto-approve"),
    ("apply", "--plan", "saved.plan"),
)


@pytest.mark.parametrize("command", WRITING, ids=" ".join)
def test_a_command_that_would_write_is_refused_before_anything_is_sent(run, live, command):
    assert run("plan", "-o", "saved.plan").code == 0
    ended = run(*command, "--read-only")
    assert ended.code == 3
    assert "opened to be read only" in ended.err
    assert "--read-only" in ended.err
    assert writes(live) == []


def test_a_destroy_is_refused_too_and_leaves_everything(run, live):
    assert run("apply", "--auto-approve").code == 0
    live.sandbox.methods.clear()
    ended = run("destroy", "--auto-approve", "--confirm", "live", "--read-only")
    assert (ended.code, writes(live)) == (3, [])
    assert [row["slug"] for row in live.items("meters")] == ["tokens"]


def test_the_environment_variable_says_the_same(run, live, monkeypatch):
    monkeypatch.setenv("RECONCILER_READ_ONLY", "1")
    assert (run("apply", "--auto-approve").code, writes(live)) == (3, [])
    monkeypatch.setenv("RECONCILER_READ_ONLY", "0")
    assert run("apply", "--auto-approve").code == 0
    assert "POST" in writes(live)


def test_a_value_of_the_variable_that_is_neither_yes_nor_no_is_refused(run, live, monkeypatch):
    monkeypatch.setenv("RECONCILER_READ_ONLY", "maybe")
    assert (run("apply", "--auto-approve").code, writes(live)) == (64, [])


def test_an_apply_with_nothing_to_do_is_fine(run, live):
    assert run("apply", "--auto-approve").code == 0
    ended = run("apply", "--auto-approve", "--read-only", "--format", "json")
    assert ended.code == 0
    assert sum(json.loads(ended.out)["totals"].values()) == 0


def test_a_plan_reads_only_without_being_told(run, live):
    assert run("plan", "--rehearse").code == 0
    assert set(live.sandbox.methods) == {"GET"}


def test_the_embedded_sandbox_is_read_only_too(run, project):
    ended = run("apply", "--auto-approve", "--read-only")
    assert ended.code == 3
    assert "1 to create" not in run("plan").out
    assert "2 to create" in run("plan").out


def test_the_client_itself_is_the_last_to_refuse(run, live, monkeypatch):
    """Were the command to forget to ask, the client would still send nothing."""
    monkeypatch.setattr("reconciler.workflow.applying.require_writable", lambda *_: None)
    monkeypatch.setattr("reconciler.workflow.require_writable", lambda *_: None)
    ended = run("apply", "--auto-approve", "--read-only")
    assert ended.code != 0
    assert writes(live) == []
    assert "POST" not in live.sandbox.methods
