"""Replays a recording of the real server against a server and tells where the answers differ."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx
import simplejson

from reconciler.sandbox import Request, Sandbox
from reconciler.sandbox.serve import serving

from .comparing import Bindings, compare

RECORDINGS = Path(__file__).parents[3] / "shared" / "openmeter" / "traces"


@dataclass(frozen=True)
class Answer:
    """What came back over whatever way."""

    status: int
    content_type: str
    raw: bytes


class Target(Protocol):
    """A server with nothing in it."""

    own_clock: bool

    def send(self, method: str, target: str, raw: bytes, content_type: str) -> Answer:
        """Answer one request, later than the one before."""

    def restart(self) -> None:
        """Do what a restart of the server does to its data."""


class SteppingClock:
    """A clock that only moves when told to: one second per request."""

    def __init__(self) -> None:
        self.instant = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.instant

    def step(self) -> None:
        self.instant += timedelta(seconds=1)


def new_sandbox(clock: SteppingClock) -> Sandbox:
    """A sandbox on an empty database whose time and ids repeat from run to run."""
    bits = itertools.count(1 << 40, 7919)
    return Sandbox(":memory:", clock=clock, entropy=lambda: next(bits))


class InProcess:
    """A sandbox asked without a port."""

    own_clock = False

    def __init__(self) -> None:
        self.clock = SteppingClock()
        self.sandbox = new_sandbox(self.clock)

    def send(self, method: str, target: str, raw: bytes, content_type: str) -> Answer:
        self.clock.step()
        answer = self.sandbox.handle(Request.from_wire(method, target, raw, content_type))
        return Answer(answer.status, answer.content_type, answer.encoded())

    def restart(self) -> None:
        self.sandbox.seed()


class OverHttp:
    """A server at an address, somebody else's unless a clock is given."""

    def __init__(self, client: httpx.Client, own: InProcess | None = None) -> None:
        self.client = client
        self.own = own
        self.own_clock = own is None

    def send(self, method: str, target: str, raw: bytes, content_type: str) -> Answer:
        if self.own:
            self.own.clock.step()
        headers = {"content-type": content_type} if content_type else {}
        answer = self.client.request(method, target, content=raw, headers=headers)
        return Answer(answer.status_code, answer.headers.get("content-type", ""), answer.content)

    def restart(self) -> None:
        """What a server makes at its start is still there, so only a sandbox of ours has to be told."""
        if self.own:
            self.own.restart()


@contextmanager
def served_sandbox() -> Iterator[OverHttp]:
    """A fresh sandbox answering on a port, whose clock steps with every request."""
    own = InProcess()
    with serving(own.sandbox) as server, httpx.Client(base_url=server.url) as client:
        yield OverHttp(client, own)


@contextmanager
def foreign_server(url: str) -> Iterator[OverHttp]:
    """A server that runs already."""
    with httpx.Client(base_url=url, timeout=60) as client:
        yield OverHttp(client)


class Replay:
    """One recording played against one fresh server."""

    def __init__(self, recording: dict[str, Any], target: Target) -> None:
        self.recording = recording
        self.target = target
        self.bindings = Bindings(own_clock=target.own_clock)

    def differences(self) -> list[str]:
        """Every difference, each with its step."""
        lines = []
        for step in self.recording["steps"]:
            told = self._play(step)
            request = step.get("request", {})
            where = f"#{step['step']} {request.get('method')} {request.get('path')} ({step['note']})"
            lines += [f"{where}: {line}" for line in told]
        return lines

    def _play(self, step: dict[str, Any]) -> list[str]:
        if "event" in step:
            if step["event"] == "restart":
                self.target.restart()
            return []
        answer = self._send(step["request"])
        self.bindings.fresh.clear()
        expected = step["response"]
        if answer.status != expected["status"]:
            return [f"expected {expected['status']}, got {answer.status}: {answer.raw[:600].decode()}"]
        body = simplejson.loads(answer.raw or b"null", use_decimal=True)
        root = "$marketplace" if "/marketplace/listings" in step["request"]["path"] else "$"
        lines = compare(expected.get("contentType") or "", answer.content_type, self.bindings)
        lines += compare(None if answer.status == 204 else expected["body"], body, self.bindings, root)
        for request in _omitted(step):
            self._send(request)
        return lines

    def _send(self, request: dict[str, Any]) -> Answer:
        content_type = request.get("contentType", "")
        raw = request.get("raw", "").encode()
        if request.get("body") is not None:
            content_type, raw = "application/json", simplejson.dumps(self.bindings.fill(request["body"])).encode()
        target = self.bindings.fill(request["path"])
        return self.target.send(request["method"], target, raw, content_type)


def _omitted(step: dict[str, Any]) -> list[dict[str, Any]]:
    """The bulk requests that a recording describes instead of listing."""
    described = step.get("omittedAfter", {}).get("request", "")
    if described.startswith("POST /api/v1/meters"):
        bodies = [{"slug": f"m{i:04d}", "eventType": "e", "aggregation": "COUNT"} for i in range(1, 1005)]
        return [{"method": "POST", "path": "/api/v1/meters", "body": body} for body in bodies]
    if described.startswith("POST /api/v1/features"):
        tied = {i: {} if i % 50 else {"meterSlug": "tokens"} for i in range(1, 150)}
        bodies = [{"key": f"f{i:03d}", "name": f"F {149 - i}", **tied[i]} for i in range(1, 150)]
        return [{"method": "POST", "path": "/api/v1/features", "body": body} for body in bodies]
    return []


def load(path: Path) -> dict[str, Any]:
    """A recording, its fractions as decimals."""
    loaded: dict[str, Any] = simplejson.loads(path.read_text(), use_decimal=True)
    return loaded
