"""Somebody else writes an object while a run is on its way: what they did stays, and is named."""

import threading
from dataclasses import replace

import pytest

from reconciler.execution import apply
from reconciler.kinds.registry import KINDS

from ..backends.faults import Faults
from .conftest import secret
from .test_crash import backend

METERS, FEATURES, PLANS, ADDONS = "/api/v1/meters", "/api/v1/features", "/api/v1/plans", "/api/v1/addons"
CHANNELS, RULES = "/api/v1/notification/channels", "/api/v1/notification/rules"
PROFILES = "/api/v1/billing/profiles"
CARD = {"type": "flat_fee", "key": "base", "name": "Base", "billingCadence": "P1M"}


def flat(amount):
    return {**CARD, "price": {"type": "flat", "amount": amount}}


@pytest.fixture
def catalogue(make):
    """Of every kind one; ``amount`` makes new versions, ``name`` updates what can be updated."""

    def build(amount="1", name="One", offers=(), **state):
        hook = {"type": "WEBHOOK", "url": "https://hooks.example.com/ops"}
        phases = [{"key": "main", "name": "Main", "rateCards": [flat(amount)]}]
        addon = {
            "name": "More",
            "currency": "USD",
            "instanceType": "single",
            "rateCards": [{**flat(amount), "key": "more"}],
        }
        plan = {
            "name": "Pro",
            "currency": "USD",
            "billingCadence": "P1M",
            "phases": phases,
            "addons": [{"addon": offer, "fromPlanPhase": "main"} for offer in offers],
        }
        supplier = {"name": name, "addresses": [{"country": "US"}]}
        return (
            make("Meter", "calls", {"name": name, "eventType": "call", "aggregation": "COUNT"}),
            make("Feature", "calls", {"name": "Calls", "meterSlug": "calls"}),
            make("Addon", "more", addon, **state),
            make("Plan", "pro", plan, **state),
            make("NotificationChannel", "ops", {"name": name, **hook}),
            make("NotificationRule", "reset", {"name": name, "type": "entitlements.reset", "channels": ["ops"]}),
            make("BillingProfile", "main", {"name": "main", "supplier": supplier, "app": "sandbox", "default": True}),
        )  # fmt: skip

    return build


class Rival:
    """Runs a plan through a transport in which somebody acts just before chosen requests."""

    def __init__(self, world):
        self.world = world
        self.wire = Faults(world.http._transport)

    def acts(self, method, path, action):
        """Before the next request of the run with this method whose path ends so."""

        def act(request, handle):
            action()
            return handle(request)

        self.wire.breaks(method, path, act)
        return self

    def run(self, made):
        channel = backend(self.wire)
        observation = self.world.backend.observe(KINDS, everything=made.mode == "destroy")
        try:
            return apply(made, channel, reveal=secret, should_stop=threading.Event(), seen=observation, parallelism=1)
        finally:
            channel.close()

    def writes(self, path):
        return [line for line in self.wire.seen if not line.startswith("GET") and path in line]


@pytest.fixture
def rival(world):
    return Rival(world)


def failed(report):
    return {result.step.id: result.error for result in report.results if result.state == "failed"}


def only(world, path, **matching):
    (row,) = [row for row in world.items(path) if all(row.get(name) == value for name, value in matching.items())]
    return row


def test_nothing_is_refused_where_nobody_interferes(world, rival, catalogue):
    assert rival.run(world.plan(*catalogue(offers=["more"]))).exit_code == 0
    assert rival.run(world.plan(*catalogue("2", "Two", offers=["more"]))).exit_code == 0
    assert world.plan(*catalogue("2", "Two", offers=["more"])).is_empty


@pytest.mark.parametrize(
    ("path", "step", "edit", "told"),
    [
        (METERS, "Meter/calls:update", {"name": "Theirs"}, "`name`: `One` -> `Theirs`"),
        (CHANNELS, "NotificationChannel/ops:update", {"url": "https://b.example.com"},
         "`url`: `https://hooks.example.com/ops` -> `https://b.example.com`"),
        (RULES, "NotificationRule/reset:update", {"name": "Theirs"}, "`name`: `One` -> `Theirs`"),
    ],
)  # fmt: skip
def test_an_edit_by_somebody_else_is_not_overwritten(world, rival, catalogue, path, step, edit, told):
    world.apply(*catalogue())
    made = world.plan(*catalogue(name="Two"))
    row = only(world, path)
    theirs = {**row, **edit}
    if path == RULES:
        theirs["channels"] = [channel["id"] for channel in row["channels"]]
    rival.acts("GET", f"{path}/{row['id']}", lambda: world.send("PUT", f"{path}/{row['id']}", theirs))
    report = rival.run(made)
    assert list(failed(report)) == [step]
    assert failed(report)[step].endswith(f"update not sent, somebody changed it since the run began: {told}")
    assert report.exit_code == 4
    assert rival.writes(f"{path}/") == []
    name, value = next(iter(edit.items()))
    assert only(world, path)[name] == value


def test_a_supplier_that_somebody_else_edited_is_not_overwritten(world, rival, catalogue):
    world.apply(*catalogue())
    made = world.plan(*catalogue(name="Two"))
    row = only(world, PROFILES, name="main")
    theirs = {**row, "supplier": {**row["supplier"], "name": "Theirs"}}
    rival.acts("GET", f"{PROFILES}/{row['id']}", lambda: world.send("PUT", f"{PROFILES}/{row['id']}", theirs))
    told = failed(rival.run(made))["BillingProfile/main:update"]
    assert told.endswith("`supplier.name`: `One` -> `Theirs`")
    assert only(world, PROFILES, name="main")["supplier"]["name"] == "Theirs"


def next_version(world, path, key, *, publish):
    if path == PLANS:
        draft = world.send("POST", f"{path}/{key}/next")
    else:
        names = ("key", "name", "currency", "instanceType", "rateCards")
        live = only(world, path, key=key)
        draft = world.send("POST", path, {name: live[name] for name in names})
    if publish:
        world.send("POST", f"{path}/{draft['id']}/publish")


@pytest.mark.parametrize(("path", "kind", "key"), [(PLANS, "Plan", "pro"), (ADDONS, "Addon", "more")])
@pytest.mark.parametrize(
    ("publish", "told"),
    [
        (False, "active version 1 -> active version 1, draft version 2"),
        (True, "active version 1 -> active version 2"),
    ],
)
def test_a_version_that_somebody_else_made_stops_ours(world, rival, catalogue, path, kind, key, publish, told):
    world.apply(*catalogue())
    made = world.plan(*catalogue("2"))
    rival.acts("GET", path, lambda: next_version(world, path, key, publish=publish))
    report = rival.run(made)
    assert failed(report)[f"{kind}/{key}:create"].endswith(told)
    assert {result.state for result in report.results if result.step.address.key == key} == {"failed", "skipped"}
    assert rival.writes(path) == []
    (newest,) = [row for row in world.items(path) if row["key"] == key and row["version"] == 2]
    cards = newest["rateCards"] if kind == "Addon" else newest["phases"][0]["rateCards"]
    assert [card["price"]["amount"] for card in cards] == ["1"]


def test_a_key_that_somebody_else_published_first_is_not_given_a_second_version(world, rival, catalogue):
    plan = {"key": "pro", "name": "Theirs", "currency": "USD", "billingCadence": "P1M",
            "phases": [{"key": "main", "name": "Main", "duration": None, "rateCards": [flat("7")]}]}  # fmt: skip

    def theirs():
        made = world.send("POST", PLANS, plan)
        world.send("POST", f"{PLANS}/{made['id']}/publish")

    report = rival.acts("GET", PLANS, theirs).run(world.plan(*catalogue()))
    assert failed(report) == {
        "Plan/pro:create": "Plan/pro: create not sent, somebody changed it since the run began: "
        "absent -> active version 1"
    }
    assert [(row["name"], row["version"]) for row in world.items(PLANS)] == [("Theirs", 1)]


def test_a_draft_that_somebody_else_edited_is_not_published(world, rival, catalogue):
    world.apply(*catalogue())
    made = world.plan(*catalogue("2"))

    def edit():
        draft = only(world, PLANS, status="draft")
        phases = [{"key": "main", "name": "Main", "duration": None, "rateCards": [flat("999")]}]
        body = {"name": draft["name"], "billingCadence": "P1M", "phases": phases, "metadata": draft["metadata"]}
        world.send("PUT", f"{PLANS}/{draft['id']}", body)

    rival.acts("GET", PLANS, lambda: None).acts("GET", PLANS, edit)
    report = rival.run(made)
    assert (
        "stored `999` for `phases[main].rateCards[base].price.amount`; sent `2`" in failed(report)["Plan/pro:publish"]
    )
    assert [line for line in rival.wire.seen if line.endswith("/publish") and PLANS in line] == []
    assert only(world, PLANS, status="active")["version"] == 1


def test_an_add_on_that_somebody_else_attached_to_our_draft_is_not_published(world, rival, catalogue, make):
    extra = make("Addon", "extra", {"name": "Extra", "currency": "USD", "instanceType": "single",
                                    "rateCards": [{**flat("3"), "key": "extra"}]})  # fmt: skip
    world.apply(*catalogue(offers=["more"]), extra)
    made = world.plan(*catalogue("2", offers=["more"]), extra)

    def attach():
        draft = only(world, PLANS, status="draft")
        version = only(world, ADDONS, key="extra", status="active")
        world.send("POST", f"{PLANS}/{draft['id']}/addons", {"addonId": version["id"], "fromPlanPhase": "main"})

    rival.acts("GET", PLANS, lambda: None).acts("GET", PLANS, attach)
    told = failed(rival.run(made))["Plan/pro:publish"]
    assert told.endswith("add-on extra version 1 was attached by somebody else")
    assert only(world, PLANS, status="active")["version"] == 1


def test_a_version_that_appears_between_our_draft_and_its_publishing_stops_it(world, rival, catalogue):
    made = world.plan(*catalogue())

    def publish_it_for_us():
        world.send("POST", f"{PLANS}/{only(world, PLANS)['id']}/publish")

    rival.acts("GET", PLANS, lambda: None).acts("GET", PLANS, publish_it_for_us)
    report = rival.run(made)
    assert failed(report)["Plan/pro:publish"].endswith("draft -> active")
    assert len(world.items(PLANS)) == 1


@pytest.mark.parametrize("path", [CHANNELS, PROFILES])
def test_the_same_object_made_by_another_run_is_not_made_twice(world, rival, catalogue, path):
    made = world.plan(*catalogue())
    (step,) = [step for step in made.steps if step.verb == "create" and step.path == path]
    body = dict(step.body)
    if path == PROFILES:
        body["apps"] = {name: world.items("/api/v1/apps")[0]["id"] for name in ("tax", "invoicing", "payment")}
    rival.acts("GET", path, lambda: world.send("POST", path, body))
    report = rival.run(made)
    assert "absent -> made by another run" in failed(report)[step.id]
    assert rival.writes(path) == []
    assert len([row for row in world.items(path) if row["name"] == body["name"]]) == 1


def test_what_somebody_else_revived_is_not_archived(world, rival, catalogue):
    world.apply(*catalogue())
    made = world.plan(*catalogue(state="archived"))
    rival.acts("GET", PLANS, lambda: next_version(world, PLANS, "pro", publish=True))
    report = rival.run(made)
    assert failed(report)["Plan/pro:archive"].endswith("active version 1 -> active version 2")
    assert only(world, PLANS, status="active")["version"] == 2


def test_what_is_gone_already_needs_no_removal(world, rival, catalogue):
    world.apply(*catalogue())
    made = world.plan(*catalogue()[:5], *catalogue()[6:], wanted=None, prune=True)
    (step,) = made.steps
    rival.acts("GET", step.path, lambda: world.send("DELETE", step.path))
    assert rival.run(made).exit_code == 0
    assert world.items(RULES) == []


def test_a_run_that_is_overtaken_before_its_first_write_has_refused(world, rival, catalogue):
    world.apply(*catalogue())
    made = world.plan(catalogue(name="Two")[0], *catalogue()[1:])
    row = only(world, METERS)
    rival.acts("GET", f"{METERS}/{row['id']}", lambda: world.send("PUT", f"{METERS}/{row['id']}", {"name": "Theirs"}))
    report = rival.run(made)
    assert (report.exit_code, [result.overtaken for result in report.results]) == (3, [True])
    assert only(world, METERS)["name"] == "Theirs"


def test_an_object_that_cannot_be_read_is_not_written(world, rival, catalogue):
    from ..backends.faults import answered

    world.apply(*catalogue())
    made = world.plan(catalogue(name="Two")[0], *catalogue()[1:])
    rival.wire.breaks("GET", only(world, METERS)["id"], answered(403, b"{}"))
    report = rival.run(made)
    assert report.exit_code == 1
    assert rival.writes(METERS) == []
    assert only(world, METERS)["name"] == "One"


def test_a_look_costs_one_request_per_object_and_one_more_before_a_publish(world, rival, catalogue):
    world.apply(*catalogue())
    rival.run(world.plan(*catalogue("2", "Two")))
    assert rival.wire.seen.count(f"GET {PLANS}") == rival.wire.seen.count(f"GET {ADDONS}") == 2
    assert rival.wire.seen.count(f"GET {METERS}/{only(world, METERS)['id']}") == 1
    assert rival.wire.seen.count(f"GET {CHANNELS}/{only(world, CHANNELS)['id']}") == 1
    assert len(rival.wire.seen) == 8 + sum(not line.startswith("GET") for line in rival.wire.seen)


def test_a_plan_that_somebody_else_retired_meanwhile_is_not_brought_back(world, rival, catalogue):
    world.apply(*catalogue())
    made = world.plan(*catalogue("2"))
    live = only(world, PLANS)["id"]
    rival.acts("GET", PLANS, lambda: None).acts("GET", PLANS, lambda: world.send("POST", f"{PLANS}/{live}/archive"))
    told = failed(rival.run(made))["Plan/pro:publish"]
    assert told.endswith("active version 1 -> absent")
    assert {row["status"] for row in world.items(PLANS)} == {"archived", "draft"}


def test_an_object_that_another_project_took_over_is_not_written(world, rival, catalogue):
    world.apply(*catalogue())
    made = world.plan(*catalogue(name="Two"))
    row = only(world, CHANNELS)
    theirs = {**row, "metadata": {"reconciler.project": "rival", "reconciler.key": "ops"}}
    rival.acts("GET", f"{CHANNELS}/{row['id']}", lambda: world.send("PUT", f"{CHANNELS}/{row['id']}", theirs))
    assert failed(rival.run(made))["NotificationChannel/ops:update"].endswith("its marker: acme/ops -> rival/ops")
    assert only(world, CHANNELS)["metadata"]["reconciler.project"] == "rival"


@pytest.fixture
def left_over(world, rival, catalogue):
    """A draft of ours with an add-on, left by a run that was cut off before it published; the plan that finishes it."""
    world.apply(*catalogue(offers=["more"]))
    made = world.plan(*catalogue("2", offers=["more"]))
    kept = tuple(step for step in made.steps if step.id not in ("Plan/pro:publish", "Addon/more:publish"))
    addon = tuple(step for step in made.steps if step.address.kind == "Addon")
    part = replace(made, steps=tuple(step for step in made.steps if step in kept or step in addon))
    assert rival.run(part).exit_code == 0
    return world.plan(*catalogue("2", offers=["more"]))


def test_a_left_over_draft_that_somebody_else_published_is_not_written(world, rival, left_over):
    draft = only(world, PLANS, status="draft")["id"]
    rival.acts("GET", PLANS, lambda: world.send("POST", f"{PLANS}/{draft}/publish"))
    told = failed(rival.run(left_over))["Plan/pro:update"]
    assert told.endswith("active version 1, draft version 2 -> active version 2")
    assert only(world, PLANS, status="active")["phases"][0]["rateCards"][0]["price"]["amount"] == "2"


def test_a_left_over_draft_whose_add_on_somebody_else_took_off_is_not_written(world, rival, left_over):
    draft = only(world, PLANS, status="draft")["id"]
    attached = world.items(f"{PLANS}/{draft}/addons")[0]["addon"]["id"]
    rival.acts("GET", PLANS, lambda: world.send("DELETE", f"{PLANS}/{draft}/addons/{attached}"))
    report = rival.run(left_over)
    assert [error for error in failed(report).values() if "its add-ons: more version 2 -> none" in error]
    assert only(world, PLANS, status="active")["version"] == 1


def test_a_left_over_draft_with_its_add_on_is_finished_where_nobody_interferes(world, rival, left_over):
    assert rival.run(left_over).exit_code == 0
    active = only(world, PLANS, status="active")
    assert [offer["addon"]["key"] for offer in world.items(f"{PLANS}/{active['id']}/addons")] == ["more"]
