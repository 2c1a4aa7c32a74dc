"""An approved plan whose apply is killed anywhere: run again it ends exactly where it was approved to end.

The first generation makes a catalogue, the second moves it in every way there is: new versions, an add-on under plans,
replacements, removals. The oracle is what is live in the end, read past the reconciler, beside an apply that nobody
killed.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace

import httpx
import pytest
import stamina

from reconciler.errors import PlanChangedError
from reconciler.planning import planfile
from reconciler.sandbox import Sandbox
from reconciler.workflow import PlanRequest, make_approved_plan, make_plan, open_context, run_apply

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
name: acme
manifests: [catalog.yaml]
environments:
  sandbox: {endpoint: "sandbox:", prune: true}
"""
LISTS = ("meters", "features", "plans", "addons", "notification/channels", "notification/rules", "billing/profiles")
WAYS = ("killed before", "killed after")


class Killed(Exception):  # noqa: N818 - not an error: the end of a process
    """The process is gone."""


class Dying(httpx.BaseTransport):
    """The process is gone with one of its writes: before it is sent, or once the server has done it."""

    def __init__(self, inner, number, way):
        self.inner, self.number, self.way, self.writes = inner, number, way, 0

    def handle_request(self, request):
        if request.method == "GET":
            return self.inner.handle_request(request)
        self.writes += 1
        if self.writes == self.number:
            if self.way == "killed after":
                self.inner.handle_request(request).read()
            raise Killed
        return self.inner.handle_request(request)


def document(kind, key, spec, **lifecycle):
    tree = {"apiVersion": "openmeter.io/v1", "kind": kind, "key": key, "spec": spec}
    return json.dumps(tree | ({"lifecycle": lifecycle} if lifecycle else {})) + "\n"


def flat(key, amount):
    return {"type": "flat_fee", "key": key, "name": key, "billingCadence": "P1M",
            "price": {"type": "flat", "amount": amount}}  # fmt: skip


def plan(key, amount, **more):
    usage = {"type": "usage_based", "featureKey": "calls", "billingCadence": "P1M",
             "price": {"type": "unit", "amount": amount}}  # fmt: skip
    phases = [{"key": "main", "name": "Main", "rateCards": [usage, flat("base", amount)]}]
    return document("Plan", key, {"name": key, "currency": "USD", "billingCadence": "P1M", "phases": phases, **more})


def catalogue(generation):
    price = str(generation)
    yield document("Meter", "calls", {"eventType": "call", "aggregation": "COUNT"})
    yield document("Feature", "calls", {"name": "calls", "meterSlug": "calls"})
    addon = {"name": "extra", "currency": "USD", "instanceType": "single", "rateCards": [flat("extra", price)]}
    yield document("Addon", "extra", addon)
    offers = {"addons": [{"addon": "extra", "fromPlanPhase": "main"}]}
    yield plan("pro", price, **offers)
    yield plan("team", price)
    yield document("NotificationChannel", "ops", {"name": "ops", "type": "WEBHOOK", "url": f"https://a.io/{price}"})
    kinds = ("invoice.created", "invoice.updated")
    rule = {"name": "news", "type": kinds[generation - 1], "channels": ["ops"]}
    yield document("NotificationRule", "news", rule)
    if generation == 1:
        yield document("Feature", "old", {"name": "old", "meterSlug": "calls"}, onRemove="remove")
        hook = {"name": "gone", "type": "WEBHOOK", "url": "https://gone.io/"}
        yield document("NotificationChannel", "gone", hook, onRemove="remove")
    else:
        yield document("Feature", "fresh", {"name": "fresh", "meterSlug": "calls"})
        yield plan("edu", price, **offers)


@pytest.fixture(autouse=True)
def _no_waiting():
    with stamina.set_testing(True, attempts=1):
        yield


def open_at(folder, generation=None):
    (folder / "reconciler.yaml").write_text(PROJECT)
    if generation is not None:
        (folder / "catalog.yaml").write_text("---\n".join(catalogue(generation)))
    return open_context(folder, parallelism=1)


def everything(context):
    """What is live, without ids and times: how often, for doubles are faults too."""
    transport = Sandbox(context.state_folder / "sandbox.db").transport()
    found = Counter()
    with httpx.Client(transport=transport, base_url="http://x/api/v1/") as client:
        for path in LISTS:
            answer = client.get(path).json()
            for row in answer if isinstance(answer, list) else answer["items"]:
                found[path, row.get("status"), json.dumps(_plain(row), sort_keys=True)] += 1
    return found


def _plain(value):
    """Without what no two runs have in common."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    own = ("id", "createdAt", "updatedAt", "effectiveFrom", "effectiveTo", "archivedAt", "signingSecret", "reconciler")
    kept = {name: item for name, item in value.items() if name not in own and not name.startswith("reconciler.")}
    return {name: _plain(item) for name, item in kept.items()}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """What each generation starts from, the approved plan, what is live after it, and how many writes it takes."""
    folder = tmp_path_factory.mktemp("worlds")
    found = {}
    with stamina.set_testing(True, attempts=1):
        for generation in (1, 2):
            context = open_at(folder, generation)
            approved = planfile.loads(planfile.dumps(make_plan(context, PlanRequest())))
            start = folder / f"start{generation}"
            shutil.copytree(context.state_folder, start)
            outcome = run_apply(context, approved, again=PlanRequest())
            assert (outcome.exit_code, outcome.report.mismatches) == (0, ())
            found[generation] = (start, approved, everything(context), outcome.report.count("verified", "done"))
    return found


def points():
    return [(generation, way) for generation in (1, 2) for way in WAYS]


def kill(context, made, number, way):
    """Run a plan and die with that write; whether it came that far."""
    transport = Sandbox.transport
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sandbox, "transport", lambda sandbox: Dying(transport(sandbox), number, way))
        try:
            run_apply(context, made)
        except Killed:
            return True
    return False


@pytest.mark.parametrize(("generation", "way"), points())
def test_killed_at_every_write_the_approved_plan_is_finished_and_nothing_else_is_done(
    worlds, tmp_path, generation, way
):
    start, approved, after, writes = worlds[generation]
    assert writes >= 10
    standings = Counter()
    for number in range(1, writes + 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        shutil.copytree(start, folder / ".reconciler")
        context = open_at(folder, generation)
        assert kill(context, make_approved_plan(context, approved).run, number, way)
        found = make_approved_plan(context, approved)
        standings[found.standing] += 1
        if found.standing == "nothing":
            assert found.plan.is_empty
        else:
            outcome = run_apply(context, found.run, again=PlanRequest())
            assert (number, outcome.exit_code, outcome.report.mismatches) == (number, 0, ())
        assert everything(context) == after, number
        assert make_approved_plan(context, approved).standing == "nothing"
    assert standings["equal"] == (1 if way == "killed before" else 0)
    assert standings["rest"] >= writes - 2


def test_killed_twice_it_is_finished_all_the_same(worlds, tmp_path):
    start, approved, after, writes = worlds[2]
    shutil.copytree(start, tmp_path / ".reconciler")
    context = open_at(tmp_path, 2)
    for _ in range(writes):
        found = make_approved_plan(context, approved)
        if found.standing == "nothing":
            break
        kill(context, found.run, 2, "killed after")
    assert everything(context) == after


@pytest.fixture
def half(worlds, tmp_path):
    """A context in which the second generation was applied for some writes."""

    def begun(writes):
        start, approved, _, _ = worlds[2]
        shutil.copytree(start, tmp_path / ".reconciler")
        context = open_at(tmp_path, 2)
        assert kill(context, approved, writes + 1, "killed before")
        return context, approved

    return begun


def send(context, method, path, body=None):
    transport = Sandbox(context.state_folder / "sandbox.db").transport()
    with httpx.Client(transport=transport, base_url="http://x/api/v1/") as client:
        answer = client.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


def test_the_rest_is_not_applied_where_somebody_moved_what_is_left(half):
    context, approved = half(2)
    (row,) = (row for row in send(context, "GET", "plans")["items"] if row["key"] == "team")
    kept = {name: row[name] for name in ("key", "name", "currency", "billingCadence", "phases")}
    draft = send(context, "POST", "plans", {**kept, "name": "by hand", "metadata": row["metadata"]})
    send(context, "POST", f"plans/{draft['id']}/publish")
    with pytest.raises(PlanChangedError) as caught:
        make_approved_plan(context, approved)
    assert any("Plan/team" in cause for cause in caught.value.differences.causes)


def test_the_rest_is_not_applied_where_something_else_is_declared_by_now(half, tmp_path):
    _context, approved = half(2)
    (tmp_path / "catalog.yaml").write_text("---\n".join([*catalogue(2), plan("more", "9")]))
    with pytest.raises(PlanChangedError) as caught:
        make_approved_plan(open_at(tmp_path), approved)
    assert "Plan/more" in [str(pair.address) for pair in caught.value.differences.of("new")]


def test_the_rest_is_not_applied_where_the_same_objects_are_declared_otherwise_by_now(half, tmp_path):
    context, approved = half(2)
    before = everything(context)
    others = [plan("team", "9") if '"key": "team"' in text else text for text in catalogue(2)]
    (tmp_path / "catalog.yaml").write_text("---\n".join(others))
    with pytest.raises(PlanChangedError) as caught:
        make_approved_plan(open_at(tmp_path), approved)
    (team,) = (pair for pair in caught.value.differences.objects if str(pair.address) == "Plan/team")
    assert [(field.approved.after, field.now.after) for field in team.fields] == [("2", "9"), ("2", "9")]
    assert everything(context) == before


@pytest.mark.parametrize("target", ["Feature/fresh", "Plan/team", "Plan/*"])
def test_the_rest_is_not_applied_where_less_is_asked_for(half, target):
    context, approved = half(2)
    with pytest.raises(PlanChangedError):
        make_approved_plan(context, approved, PlanRequest(targets=(target,)))


def test_the_rest_is_not_applied_where_removing_is_not_asked_for(half):
    context, approved = half(2)
    with pytest.raises(PlanChangedError):
        make_approved_plan(context, approved, PlanRequest(prune=False))


def test_what_is_left_to_be_removed_is_not_live_for_whom_nothing_is_to_be_removed(worlds, tmp_path):
    _, approved, _, _ = worlds[2]
    start = worlds[2][0]
    shutil.copytree(start, tmp_path / ".reconciler")
    context = open_at(tmp_path, 2)
    kept = make_plan(context, PlanRequest(prune=False))
    assert run_apply(context, kept).exit_code == 0
    assert make_plan(context, PlanRequest(prune=False)).is_empty
    with pytest.raises(PlanChangedError):
        make_approved_plan(context, approved, PlanRequest(prune=False))
    found = make_approved_plan(context, approved)
    assert found.standing == "rest"
    assert {address.key for address in found.left} == {"old", "gone"}
    assert run_apply(context, found.run, again=PlanRequest()).exit_code == 0
    assert everything(context) == worlds[2][2]


def forged(approved, **more):
    """A plan file that somebody wrote: it says of itself what it declares, and its digests fit."""
    steps = tuple(
        replace(step, **{name: change(getattr(step, name)) for name, change in more.items()})
        if str(step.address) == "Plan/team"
        else step
        for step in approved.steps
    )
    assert steps != approved.steps
    return planfile.loads(planfile.dumps(replace(approved, steps=steps)))


def dearer(body):
    return body and json.loads(json.dumps(body).replace('"2"', '"99"'))


@pytest.mark.parametrize(
    "more",
    [
        {"body": dearer},
        {"path": lambda path: path.replace("/publish", "/archive")},
        {"method": lambda method: "DELETE"},  # noqa: ARG005
    ],
    ids=["body", "path", "method"],
)
def test_the_rest_is_not_applied_where_its_steps_are_not_those_of_what_is_declared(half, more):
    """The steps of the approved plan are run: a forged file must not bring any of its own."""
    context, approved = half(2)
    assert make_approved_plan(context, approved).standing == "rest"
    before = everything(context)
    with pytest.raises(PlanChangedError):
        make_approved_plan(context, forged(approved, **more))
    assert everything(context) == before


def test_what_is_left_of_an_old_approval_is_still_approved(half, worlds):
    context, approved = half(2)
    old = replace(approved, created_at="2020-01-01T00:00:00Z", valid_until="2020-01-04T00:00:00Z")
    found = make_approved_plan(context, old)
    assert found.standing == "rest"
    assert run_apply(context, found.run, again=PlanRequest()).exit_code == 0
    assert everything(context) == worlds[2][2]
