"""Planning against a snapshot: the plan of the live catalogue, without a network, a token or a secret."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from reconciler.backends.snapshotfile import dumps, loads
from reconciler.errors import SnapshotError, UsageError
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Question
from reconciler.planning import planfile
from reconciler.planning.secrets import CHANGED
from reconciler.project import Environment, Project
from reconciler.workflow import PlanRequest
from reconciler.workflow.context import Context
from reconciler.workflow.plans import plan_for
from reconciler.workflow.snapshots import against, read_snapshot, remarks

from .catalogues import catalogues, resources
from .conftest import SECRET, declare
from .test_random_plans import fresh_world

CONTEXT = Context(
    Project("acme", Path("/nowhere"), file=Path("/nowhere/reconciler.yaml")), Environment("test", "sandbox:")
)
APART = ("created_at", "valid_until", "digest")


def kept(world, desired=None):
    """A snapshot of what is live, written into a file and read again."""
    return loads(dumps(read_snapshot(CONTEXT, desired or world.desired(), world.backend)), "test.json")


def live_plan(world, desired, **asked):
    return plan_for(CONTEXT, desired, world.backend, PlanRequest(**asked))[0]


def snapshot_plan(snapshot, desired, **asked):
    request = PlanRequest(snapshot=snapshot, **asked)
    return plan_for(CONTEXT, desired, against(snapshot, desired), request)[0]


def told(made):
    return {name: value for name, value in planfile.tree(made).items() if name not in APART}


def fee(key, amount):
    return {"type": "flat_fee", "key": key, "name": key, "billingCadence": "P1M",
            "price": {"type": "flat", "amount": amount}}  # fmt: skip


def pro(amount="10", **more):
    phase = {"key": "main", "name": "Main", "rateCards": [fee("base", amount)]}
    head = {"name": "Pro", "currency": "USD", "billingCadence": "P1M"}
    return declare("Plan", "pro", {**head, "phases": [phase], **more})


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(catalogues(), catalogues())
def test_any_catalogue_is_planned_from_a_snapshot_as_it_is_planned_live(before, after):
    with fresh_world() as world, pytest.MonkeyPatch.context() as patch:
        patch.delenv("HOOK", raising=False)
        base = list(resources(before, absent=False))
        world.run(world.plan(*base))
        snapshot = kept(world, world.desired(*base))
        wanted = world.desired(*resources(after, absent=False))
        assert told(snapshot_plan(snapshot, wanted, prune=True)) == told(live_plan(world, wanted, prune=True))
        patch.setenv("HOOK", SECRET)
        checked = live_plan(world, wanted, prune=True)
        if not any(field.note == CHANGED for change in checked.changes for field in change.fields):
            found = snapshot_plan(snapshot, wanted, prune=True)
            assert planfile.change_digest(found) == planfile.change_digest(checked)


@pytest.mark.parametrize("everything", [True, False])
@pytest.mark.parametrize("assignments", [True, False])
def test_it_shows_what_the_server_shows(world, tokens, everything, assignments):
    head = {"name": "Extra", "currency": "USD", "instanceType": "single"}
    extra = declare("Addon", "extra", {**head, "rateCards": [fee("extra", "1")]})
    first, second = (pro(amount, addons=[{"addon": "extra", "fromPlanPhase": "main"}]) for amount in ("10", "12"))
    world.run(world.plan(tokens, extra, first))
    world.run(world.plan(tokens, extra, second))
    asked = {"everything": everything, "assignments": assignments}
    live = world.backend.observe(KINDS, **asked)
    shown = against(kept(world), world.desired()).observe(KINDS, **asked)
    assert [row.state for row in shown.objects["Plan"]] == ["archived", "active"]
    assert shown == replace(live, requests=0, seconds=0.0)


def test_it_answers_what_the_server_answers(world, tokens):
    world.run(world.plan(tokens, pro()))
    subscribe(world)
    (profile,) = world.items("/api/v1/billing/profiles")
    asked = [
        Question("subscribers", "Plan", "pro"),
        Question("versions", "Plan", "pro"),
        Question("overrides", "BillingProfile", profile["id"]),
        Question("readable", "Plan", "new"),
    ]
    snapshot = kept(world, world.desired(pro(), declare("Plan", "new", pro().spec)))
    assert against(snapshot, world.desired()).ask(asked) == world.backend.ask(asked)
    assert set(snapshot.observation.answers) == set(asked)


def test_a_second_snapshot_of_the_same_catalogue_differs_only_in_its_time(world, tokens):
    world.run(world.plan(tokens))
    one, other = (read_snapshot(CONTEXT, world.desired(tokens), world.backend) for _ in range(2))
    first = replace(one, created_at="", digest="")
    assert first == replace(other, created_at="", digest="")
    assert loads(dumps(one), "x") == one


def subscribe(world):
    usage = {"subjectKeys": ["mc_duck_subject"]}
    body = {"key": "mc_duck", "name": "Dagobert Duck", "currency": "USD", "usageAttribution": usage}
    customer = world.send("POST", "/api/v1/customers", body)
    subscription = world.send("POST", "/api/v1/subscriptions", {"customerId": customer["id"], "plan": {"key": "pro"}})
    return customer["id"], subscription["id"]


def test_it_tells_how_many_subscribe_and_never_who(world, tokens):
    world.run(world.plan(tokens, pro()))
    people = subscribe(world)
    snapshot = kept(world, world.desired(tokens, pro()))
    text = dumps(snapshot)
    for name in (*people, "mc_duck", "mc_duck_subject", "Dagobert", "Duck"):
        assert name not in text
    assert snapshot.observation.answers[Question("subscribers", "Plan", "pro")] == 1
    made = snapshot_plan(snapshot, world.desired(tokens, pro("12")))
    assert [(one.plan, one.versions) for one in made.affected] == [(Address("Plan", "pro"), ((1, 1),))]


def test_a_rehearsal_needs_only_the_snapshot(world, tokens):
    world.run(world.plan(tokens, pro()))
    snapshot = kept(world, world.desired(tokens, pro()))
    made = snapshot_plan(snapshot, world.desired(tokens, pro("12")), rehearse=True)
    assert made.rehearsal.passed
    assert made.rehearsal.total == 2


def test_what_nobody_had_looked_for_counts_as_absent_and_is_told(world, tokens):
    snapshot = kept(world, world.desired(tokens))
    wanted = world.desired(tokens, pro())
    backend = against(snapshot, wanted)
    plan_for(CONTEXT, wanted, backend, PlanRequest(snapshot=snapshot))
    assert backend.assumed == {Address("Plan", "pro")}
    moment = datetime.fromisoformat(snapshot.created_at)
    (found,) = remarks(CONTEXT, snapshot, backend, wanted, moment)
    assert (found.rule, found.address) == ("snapshot.assumed", Address("Plan", "pro"))
    known = kept(world, wanted)
    backend = against(known, wanted)
    plan_for(CONTEXT, wanted, backend, PlanRequest(snapshot=known))
    assert backend.assumed == set()


def test_where_the_server_cuts_a_list_what_was_not_read_by_key_is_told(world, tokens):
    snapshot = kept(world, world.desired(tokens))
    capped = replace(
        snapshot,
        observation=replace(snapshot.observation, capped=frozenset({"Meter"})),
        looked_for=frozenset({tokens.address}),
    )
    other = declare("Meter", "other", {**tokens.spec, "name": "Other"})
    backend = against(capped, world.desired(tokens, other))
    backend.observe(KINDS, named=[tokens.address, other.address])
    assert backend.assumed == {other.address}


def test_a_snapshot_backend_writes_nothing_and_knows_no_customer(world, tokens):
    backend = against(kept(world), world.desired(tokens))
    for call in (
        lambda: backend.perform("POST", "/api/v1/meters", {}),
        lambda: backend.perform("GET", "/api/v1/meters"),
        lambda: backend.subscribers("pro"),
        lambda: backend.subscription("x"),
        lambda: backend.used(None, ()),
        lambda: backend.reread(tokens.address),
        lambda: backend.find_created(None, None),
    ):
        with pytest.raises(UsageError, match="a snapshot"):
            call()
    assert backend.ask([Question("invoices", "", "2026-01-01T00:00:00Z")]).popitem()[1] == "untold"


@pytest.mark.parametrize("place", ["created_at", "project", "tool", "environment"])
def test_one_that_was_edited_is_refused(world, place):
    text = dumps(read_snapshot(CONTEXT, world.desired(), world.backend))
    tree = json.loads(text)
    tree[place] += "x"
    with pytest.raises(SnapshotError, match=r"test\.json is damaged or was edited"):
        loads(json.dumps(tree), "test.json")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no snapshot"),
        ("{", "no snapshot"),
        ("[]", "no snapshot"),
        ('{"kind": "Plan", "format_version": "1.0"}', "no snapshot"),
        ('{"kind": "Snapshot"}', "no snapshot"),
        ('{"kind": "Snapshot", "format_version": "2.0"}', "has format 2.0"),
        ('{"kind": "Snapshot", "format_version": "1.0"}', "damaged"),
        ("[" * 100_000, "no snapshot"),
    ],
)
def test_what_is_no_snapshot_is_refused(text, words):
    with pytest.raises(SnapshotError, match=words):
        loads(text, "test.json")


def test_whatever_is_missing_or_of_another_type_is_refused_and_never_a_crash(world, tokens):
    from reconciler.planning.digest import sha256

    world.run(world.plan(tokens, pro()))
    tree = json.loads(dumps(kept(world, world.desired(tokens, pro()))))
    tree.pop("digest")
    for name in tree:
        for value in (None, 5, "x", [1], {"x": 1}):
            broken = {**tree, name: value}
            broken["digest"] = "sha256:" + sha256(broken)
            try:
                loads(json.dumps(broken), "test.json")
            except SnapshotError:
                continue
            assert isinstance(value, type(tree[name])), (name, value)
