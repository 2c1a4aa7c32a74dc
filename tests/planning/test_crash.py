"""A run that dies, anywhere: the next one ends with what is declared, once, and active.

The catalogue takes some sixty writes. Each request is hit in each of the ways a run can die or lose an answer; the
oracle is the live catalogue, read past the reconciler, never only an empty plan.
"""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import stamina

from reconciler.backends import open_backend
from reconciler.execution import apply
from reconciler.kinds.registry import KINDS
from reconciler.model import Plan
from reconciler.planning.options import PlanOptions
from reconciler.planning.planner import plan
from reconciler.sandbox import Sandbox

from .conftest import World, declare, secret

ADDONS, PLANS = ("a", "b", "c"), ("free", "pro", "team", "scale", "edu", "lab")
WAYS = ("killed before", "killed after", "answer dropped", "500 after commit")


def flat(key, amount):
    return {"type": "flat_fee", "key": key, "name": key, "billingCadence": "P1M",
            "price": {"type": "flat", "amount": amount}}  # fmt: skip


def catalogue(price):
    """Two generations of it: the second raises every price, so that add-ons and plans get second versions."""
    yield declare("Meter", "calls", {"eventType": "call", "aggregation": "COUNT", "groupBy": {"route": "$.route"}})
    for name in ADDONS:
        spec = {"name": name, "meterSlug": "calls", "meterGroupByFilters": {"route": name}}
        yield declare("Feature", f"calls_{name}", spec)
        cards = [flat(f"extra_{name}", price)]
        addon = {"name": name, "currency": "USD", "instanceType": "single", "rateCards": cards}
        yield declare("Addon", f"extra_{name}", addon)
    for name in PLANS:
        usage = {"type": "usage_based", "featureKey": "calls_a", "billingCadence": "P1M",
                 "price": {"type": "unit", "amount": price}}  # fmt: skip
        offers = [{"addon": f"extra_{addon}", "fromPlanPhase": "main", "metadata": {"n": addon}} for addon in ADDONS]
        phases = [{"key": "main", "name": "Main", "rateCards": [usage, flat("base", price)]}]
        spec = {"name": name, "currency": "USD", "billingCadence": "P1M", "phases": phases, "addons": offers}
        yield declare("Plan", name, spec)
    hook = {"type": "WEBHOOK", "url": "https://hooks.example.com/a"}
    for name in ("ops", "sales"):
        yield declare("NotificationChannel", name, {"name": name, **hook})
        rule = {"name": name, "type": "invoice.created", "channels": [name]}
        yield declare("NotificationRule", name, rule)
    supplier = {"name": "ACME", "addresses": [{"country": "US"}]}
    yield declare("BillingProfile", "main", {"name": "main", "supplier": supplier, "app": "sandbox", "default": True})


class Mishap(httpx.BaseTransport):
    """Lets everything through but the request with this number, and what follows a death.

    Reads are counted for ``killed before`` only: nothing else can be told from being killed before the next write.
    """

    def __init__(self, inner: httpx.BaseTransport, number: int, way: str) -> None:
        self.inner, self.number, self.way = inner, number, way
        self.count = Counter()
        self.dead = False
        self._lock = threading.Lock()

    def handle_request(self, request):
        request.read()
        with self._lock:
            if self.dead:
                raise httpx.ConnectError("the process is gone", request=request)
            matters = request.method != "GET" or self.way == "killed before"
            self.count[self.way] += matters
            if not matters or self.count[self.way] != self.number:
                return self.inner.handle_request(request)
            return self._mishap(request)

    def _mishap(self, request):
        self.dead = self.way.startswith("killed")
        if self.way != "killed before":
            answer = self.inner.handle_request(request)
            answer.read()
        if self.way == "500 after commit" and answer.is_success:
            return httpx.Response(500, request=request)
        raise httpx.ReadError("the connection was dropped", request=request)


@pytest.fixture(scope="module")
def points():
    """How often the first and the second generation can be hit, by way."""
    found = {}
    for way in WAYS:
        world = fresh()
        for generation in (1, 2):
            transport = Mishap(world.http._transport, 0, way)
            run(world, str(generation), transport)
            found[generation, way] = transport.count[way]
    assert found[1, "killed after"] >= 60
    return found


@pytest.fixture(autouse=True)
def _no_waiting():
    """Retries do not sleep here."""
    with stamina.set_testing(True, attempts=2):
        yield


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """The catalogue that each generation finds: nothing, or all of the first one. Copied for every run."""
    folder = tmp_path_factory.mktemp("sandboxes")
    for generation in (1, 2):
        world = fresh(folder / f"{generation}.db")
        if generation == 2:
            run(world, "1")
        world.backend.close()
    return folder


def fresh(path: Path | str = ":memory:") -> World:
    transport = Sandbox(path).transport()
    client = httpx.Client(transport=transport, base_url="http://sandbox")
    return World(backend(transport), client)


def backend(transport):
    environment = SimpleNamespace(
        name="test", endpoint="sandbox:", api="v1", token=None, headers={}, limits=None, identity=None
    )
    return open_backend(environment, base=Path(), transport=transport)


def run(world: World, price: str, transport: httpx.BaseTransport | None = None) -> None:
    """One apply of a process of its own; what it reports dies with it."""
    wanted = world.desired(*catalogue(price))
    channel = backend(transport) if transport else world.backend
    observation = world.backend.observe(KINDS)
    made = plan(wanted, observation, PlanOptions())
    if not isinstance(made, Plan):
        answers = world.backend.ask(made.questions)
        made = plan(wanted, observation.__class__(**{**vars_of(observation), "answers": answers}), PlanOptions())
    apply(made, channel, reveal=secret, should_stop=threading.Event(), parallelism=1, seen=observation)


def vars_of(value):
    return {name: getattr(value, name) for name in value.__slots__}


def assert_as_declared(world: World, price: str, version: int) -> None:
    plans = [item for item in world.items("/api/v1/plans") if item["status"] != "archived"]
    assert Counter((item["key"], item["status"], item["version"]) for item in plans) == Counter(
        (key, "active", version) for key in PLANS
    )
    for item in plans:
        amounts = {card["key"]: card["price"]["amount"] for card in item["phases"][0]["rateCards"]}
        assert amounts == {"base": price, "calls_a": price}
        offered = world.items(f"/api/v1/plans/{item['id']}/addons")
        terms = [(offer["addon"]["key"], offer["addon"]["version"], offer["metadata"]["n"]) for offer in offered]
        assert sorted(terms) == [(f"extra_{key}", version, key) for key in ADDONS]
    addons = [(item["key"], item["version"]) for item in world.items("/api/v1/addons") if item["status"] != "archived"]
    assert sorted(addons) == [(f"extra_{key}", version) for key in ADDONS]
    assert len(world.items("/api/v1/plans")) == len(PLANS) * version
    assert len(world.items("/api/v1/meters")) == 1
    assert sorted(item["key"] for item in world.items("/api/v1/features")) == [f"calls_{key}" for key in ADDONS]
    for path in ("channels", "rules"):
        found = world.items(f"/api/v1/notification/{path}?includeDisabled=true")
        assert sorted(item["name"] for item in found) == ["ops", "sales"]
    profiles = {item["name"]: item["default"] for item in world.items("/api/v1/billing/profiles")}
    assert profiles == {"main": True, "openmeter-sandbox": False}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("generation", [1, 2])
def test_a_run_that_dies_at_any_request_is_finished_by_the_next(points, before, tmp_path, generation, way):
    for number in range(1, points[generation, way] + 1):
        world = fresh(shutil.copy(before / f"{generation}.db", tmp_path / f"{number}.db"))
        run(world, str(generation), Mishap(world.http._transport, number, way))
        run(world, str(generation))
        assert_as_declared(world, str(generation), generation)
        world.backend.close()
