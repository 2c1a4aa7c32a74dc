"""Declared objects by hand, and a sandbox to plan against: no manifests, no command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from reconciler.model import Address, Desired, Location, Management, Plan, Resource
from reconciler.planning.options import Needs, PlanOptions
from reconciler.planning.planner import plan


class Nowhere:
    """A source whose every value stands on line 1."""

    def locate(self, path):
        return Location("catalog.yaml", 1, len(path) + 1)


def declare(kind: str, key: str, spec: dict | None = None, **management) -> Resource:
    return Resource(Address(kind, key), spec or {}, Management(**management), Location("catalog.yaml", 1), Nowhere())


def desired(*resources: Resource, project: str = "acme", **more) -> Desired:
    return Desired({item.address: item for item in resources}, project, "test", **more)


@dataclass
class World:
    """One sandbox and the client to it."""

    backend: object
    transport: object
    answers: dict = field(default_factory=dict)

    def plan(self, *resources: Resource, desired_more: dict | None = None, **options) -> Plan:
        from dataclasses import replace

        from reconciler.kinds.registry import KINDS

        wanted = desired(*resources, **(desired_more or {}))
        observation = self.backend.observe(KINDS)
        for _ in range(4):
            made = plan(wanted, observation, PlanOptions(**options))
            if not isinstance(made, Needs):
                return made
            answers = {**observation.answers, **self.backend.ask(made.questions)}
            observation = replace(observation, answers=answers)
        raise AssertionError("the planner keeps asking")

    def apply(self, *resources: Resource, desired_more: dict | None = None, **options):
        from threading import Event

        from reconciler.execution import apply
        from reconciler.kinds.registry import KINDS
        from reconciler.planning.verify import verify

        made = self.plan(*resources, desired_more=desired_more, **options)
        report = apply(made, self.backend, reveal=lambda source: "x", on_event=lambda event: None, receipts=None,
                       should_stop=Event(), parallelism=4, catalog_writes=2)  # fmt: skip
        failed = [f"{result.step.id}: {result.error}" for result in report.results if result.state != "done"]
        assert failed == []
        created = {
            f"{result.step.address}#id": result.created_id for result in report.results if result.step.verb == "create"
        }
        assert verify(made, self.backend.observe(KINDS), created) == ()
        return made

    def post(self, path: str, body: dict):
        answer = self.backend.perform("POST", path, body)
        return answer.body

    def get(self, path: str):
        import httpx

        with httpx.Client(transport=self.transport, base_url="http://sandbox") as client:
            return client.get(path).json(parse_float=Decimal)


@pytest.fixture
def world():
    from datetime import timedelta  # noqa: F401
    from pathlib import Path
    from types import SimpleNamespace

    from reconciler.backends import open_backend
    from reconciler.sandbox import Sandbox

    sandbox = Sandbox(":memory:")
    transport = sandbox.transport()
    environment = SimpleNamespace(
        name="test", endpoint="sandbox:", api="v1", token=None, headers={}, limits=None, identity=None
    )
    backend = open_backend(environment, base=Path(), transport=transport)
    yield World(backend, transport)
    backend.close()


def pytest_configure(config):
    """Tests build what they declare with these."""
    import builtins  # noqa: F401


@pytest.fixture
def make():
    return declare
