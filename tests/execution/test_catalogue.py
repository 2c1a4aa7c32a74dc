"""Plans and add-ons through their versions, with answers lost at every step."""

import threading

import httpx
import pytest

from ..backends.faults import lost, raised
from .conftest import marked, step

PLANS, ADDONS = "/api/v1/plans", "/api/v1/addons"


def _card(cadence="P1M", key="base"):
    price = {"type": "flat", "amount": "10"}
    return {"type": "flat_fee", "key": key, "name": "Base", "billingCadence": cadence, "price": price}


def _plan(key):
    phase = {"key": "main", "name": "Main", "duration": None, "rateCards": [_card()]}
    body = {"name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": [phase]}
    return {"key": key, **body, "metadata": {**marked(key)["metadata"], "reconciler.content": f"c_{key}"}}


def _addon(key, cadence="P1M"):
    body = {"name": "Extra", "currency": "USD", "instanceType": "single", "rateCards": [_card(cadence, "extra_fee")]}
    return {"key": key, **body, "metadata": {**marked(key)["metadata"], "reconciler.content": "a1"}}


def _catalogue(cadence="P1M"):
    attached = {"addonId": {"$ref": "Addon/extra#id"}, "fromPlanPhase": "main"}
    return (
        step(1, "Addon/extra", "create", "POST", ADDONS, _addon("extra", cadence)),
        step(2, "Addon/extra", "publish", "POST", ADDONS + "/{Addon/extra#id}/publish", after=[1]),
        step(3, "Plan/pro", "create", "POST", PLANS, _plan("pro")),
        step(4, "Plan/pro", "attach", "POST", PLANS + "/{Plan/pro#id}/addons", attached, after=[2, 3]),
        step(5, "Plan/pro", "publish", "POST", PLANS + "/{Plan/pro#id}/publish", after=[4]),
    )


def _statuses(world):
    return [world.items(path)[0]["status"] for path in (ADDONS, PLANS)]


def test_a_plan_with_an_add_on_is_created_attached_and_published_with_real_ids(world):
    assert set(world.states(*_catalogue()).values()) == {"done"}
    assert _statuses(world) == ["active", "active"]
    assert len(world.items(f"{PLANS}/{world.items(PLANS)[0]['id']}/addons")) == 1


@pytest.mark.parametrize("path", ["/addons", "/publish", "/plans"])
def test_every_kind_of_catalogue_write_survives_a_lost_answer(world, path):
    world.wire.breaks("POST", path, lost(httpx.ReadError), lost(httpx.ReadTimeout))
    assert set(world.states(*_catalogue()).values()) == {"done"}
    assert _statuses(world) == ["active", "active"]
    assert world.sent("POST") == 5


def test_a_publish_that_an_add_on_prevents_tells_what_is_wrong_with_it(world):
    result = world.run(*_catalogue(cadence="P1W")).results[4]
    assert result.state == "failed"
    assert "add-on extra: billingCadence: ratecards with prices must have compatible billing cadence" in result.error
    assert "add-on does not fit" in result.tip


def test_after_a_lost_answer_catalogue_writes_go_one_by_one(world):
    here, most, lock = set(), [], threading.Lock()

    def counted(request, handle):
        with lock:
            here.add(request)
            most.append(len(here))
        answer = handle(request)
        with lock:
            here.discard(request)
        return answer

    creates = [step(n, f"Plan/p{n}", "create", "POST", PLANS, _plan(f"p{n}")) for n in range(12)]
    first = step(99, "Plan/first", "create", "POST", PLANS, _plan("first"))
    later = [step(f"{n}l", f"Plan/l{n}", "create", "POST", PLANS, _plan(f"l{n}"), after=[99]) for n in range(12)]
    world.wire.breaks("POST", "/plans", raised(httpx.ReadTimeout), *[counted] * 12)
    states = world.states(first, *creates, *later)
    assert set(states.values()) == {"done"}
    assert max(most[1:8]) == 1


def test_a_draft_of_somebody_else_is_refused_with_advice(world):
    world.made(PLANS, {**_plan("pro"), "metadata": {}})
    result = world.run(step(1, "Plan/pro", "create", "POST", PLANS, _plan("pro"))).results[0]
    assert result.state == "failed"
    assert result.error == "Plan/pro: create refused: 400 only a single draft version is allowed for Plan"
    assert "a draft of this key exists already" in result.tip


def test_a_refused_field_is_named_in_our_grammar(world):
    body = _plan("pro")
    body["phases"][0]["rateCards"][0]["featureKey"] = "nothing"
    body["phases"][0]["rateCards"][0]["key"] = "nothing"
    result = world.run(step(1, "Plan/pro", "create", "POST", PLANS, body)).results[0]
    assert "rateCards[nothing].featureKey" in result.error
    assert "$" not in result.error
