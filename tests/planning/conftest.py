"""Declared objects by hand, and a sandbox to plan against: no manifests, no command line."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from reconciler.backends import open_backend
from reconciler.execution import apply
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired, Location, Management, Plan, Rehearsal, Resource
from reconciler.planning.options import Needs, PlanOptions
from reconciler.planning.planner import plan
from reconciler.planning.verify import verify
from reconciler.project import Environment
from reconciler.sandbox import Sandbox
from reconciler.workflow.answers import answered
from reconciler.workflow.rehearsal import rehearse

from . import as_told


class Nowhere:
    """A source whose every value stands on line 1, one column further per level."""

    def locate(self, path):
        return Location("catalog.yaml", 1, len(path) + 1)


def declare(kind: str, key: str, spec: dict | None = None, **management) -> Resource:
    return Resource(Address(kind, key), spec or {}, Management(**management), Location("catalog.yaml", 1), Nowhere())


@dataclass
class World:
    """One sandbox, the client to it, and the project that plans against it."""

    backend: object
    http: httpx.Client

    def desired(self, *resources: Resource, **more) -> Desired:
        fields = {"project": "acme", "environment": "test", **more}
        return Desired({item.address: item for item in resources}, **fields)

    def plan(self, *resources: Resource, wanted: Desired | None = None, **options) -> Plan:
        wanted = wanted or self.desired(*resources)
        observation = self.backend.observe(KINDS)
        for _ in range(4):
            made = plan(wanted, observation, PlanOptions(**options))
            if not isinstance(made, Needs):
                return made
            observation = replace(observation, answers={**observation.answers, **self.backend.ask(made.questions)})
        raise AssertionError("the planner keeps asking")

    def run(self, made: Plan):
        seen = self.backend.observe(KINDS, everything=made.mode == "destroy")
        return apply(made, self.backend, reveal=secret, should_stop=threading.Event(), seen=seen)

    def apply(self, *resources: Resource, wanted: Desired | None = None, **options) -> Plan:
        """Apply, and hold every step to it: rehearsed before, done, and read back as it was meant."""
        made = self.plan(*resources, wanted=wanted, **options)
        rehearsed = self.rehearse(made, wanted or self.desired(*resources), PlanOptions(**options))
        assert rehearsed.passed, rehearsed
        as_told.check(made, wanted or self.desired(*resources), self.backend.observe(KINDS), PlanOptions(**options))
        report = self.run(made)
        assert [f"{result.step.id}: {result.error}" for result in report.results if result.state != "done"] == []
        created = {
            f"{result.step.address}#id": result.created_id for result in report.results if result.step.verb == "create"
        }
        assert verify(made, self.backend.observe(KINDS), created) == ()
        return made

    def rehearse(self, made: Plan, wanted: Desired, options: PlanOptions) -> Rehearsal:
        """Try a plan out on a copy of what is live."""
        observation = self.backend.observe(KINDS, everything=made.mode == "destroy")
        _, observation = answered(self.backend, wanted, observation, options)
        return rehearse(made, wanted, observation, options, Environment("test", "sandbox:"))

    def send(self, method: str, path: str, body: dict | None = None) -> dict:
        """What somebody else does, past the reconciler."""
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    def items(self, path: str) -> list[dict]:
        found = self.send("GET", path)
        return found if isinstance(found, list) else found["items"]


def secret(source) -> str:
    return SECRET


SECRET = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


@pytest.fixture
def world():
    transport = Sandbox(":memory:").transport()
    environment = SimpleNamespace(
        name="test", endpoint="sandbox:", api="v1", token=None, headers={}, limits=None, identity=None
    )
    backend = open_backend(environment, base=Path(), transport=transport)
    with httpx.Client(transport=transport, base_url="http://sandbox") as client:
        yield World(backend, client)
    backend.close()


@pytest.fixture
def make():
    return declare


@pytest.fixture
def tokens():
    """A meter that most catalogues need."""
    spec = {
        "name": "Tokens",
        "eventType": "prompt",
        "aggregation": "SUM",
        "valueProperty": "$.tokens",
        "groupBy": {"model": "$.model", "type": "$.type"},
    }
    return declare("Meter", "tokens", spec)
