from dataclasses import dataclass, field

import pytest
import stamina

from reconciler.execution import apply
from reconciler.model import Address, Plan, Report, Step, Target
from reconciler.sandbox import Sandbox

from ..backends.faults import Faults, backend


@pytest.fixture(autouse=True)
def _no_waiting():
    with stamina.set_testing(True, attempts=2):
        yield


@dataclass
class World:
    """A sandbox behind a transport that can be broken, and plans run against it."""

    wire: Faults
    backend: object
    events: list = field(default_factory=list)

    def run(self, *steps, **options) -> Report:
        options.setdefault("reveal", _no_secrets)
        return apply(plan_of(*steps), self.backend, on_event=self.events.append, **options)

    def states(self, *steps, **options):
        """Step id → state."""
        return {result.step.id: result.state for result in self.run(*steps, **options).results}

    def items(self, path):
        answer = self.backend._client.get(path, {"page": "1", "pageSize": "1000"}).json
        return answer if isinstance(answer, list) else answer["items"]

    def made(self, path, body):
        return self.backend.perform("POST", path, body).body["id"]

    def sent(self, method, ending=""):
        return sum(seen.startswith(method) and seen.endswith(ending) for seen in self.wire.seen)


def _no_secrets(source):
    raise AssertionError(f"no secret was expected: {source}")


def plan_of(*steps):
    return Plan(Target("test", "http://catalogue.test", None), "acme", (), tuple(steps))


def step(number, address, verb, method, path, body=None, *, after=()):
    return Step(str(number), Address.parse(address), verb, method, path, body, tuple(map(str, after)))


def marked(key, **more):
    return {"metadata": {"reconciler.project": "acme", "reconciler.key": key}, **more}


def meter(number, key, *, after=(), **more):
    body = marked(key, slug=key, eventType="prompt", aggregation="COUNT", **more)
    return step(number, f"Meter/{key}", "create", "POST", "/api/v1/meters", body, after=after)


@pytest.fixture
def world():
    server = Sandbox()
    wire = Faults(server.transport())
    connected = backend(wire)
    yield World(wire, connected)
    connected.close()
    server.close()
