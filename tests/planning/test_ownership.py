"""Whose an object is: several documents, several objects, other projects, and what the environment says to adopt."""

from dataclasses import replace

import pytest

from reconciler.model import Action, Management

CHANNELS = "/api/v1/notification/channels"
HOOK = "https://hooks.example.com/ops"


@pytest.fixture
def channel(make):
    def build(key, name="Ops", **management):
        return make("NotificationChannel", key, {"name": name, "type": "WEBHOOK", "url": HOOK}, **management)

    return build


def by_hand(world, name="Ops", **more):
    return world.send("POST", CHANNELS, {"name": name, "type": "WEBHOOK", "url": HOOK, **more})["id"]


def guards(made):
    return [f"{guard.code}:{guard.address}" for guard in made.guards]


def test_two_documents_of_one_name_do_not_both_adopt_one_object(world, channel):
    ident = by_hand(world)
    made = world.plan(channel("a"), channel("b"))
    assert guards(made) == ["ambiguous_match:NotificationChannel/a", "ambiguous_match:NotificationChannel/b"]
    assert ident in made.guards[0].message
    chosen = world.desired(channel("a"), channel("b"), adopt={channel("b").address: ident})
    made = world.apply(wanted=chosen)
    assert [(change.address.key, change.action) for change in made.changes] == [
        ("a", Action.CREATE),
        ("b", Action.ADOPT),
    ]
    assert world.plan(wanted=chosen).is_empty


def test_an_id_to_adopt_that_is_not_there_stops_the_plan_instead_of_creating(world, channel):
    wanted = world.desired(channel("a"), adopt={channel("a").address: "01J00000000000000000000000"})
    assert guards(world.plan(wanted=wanted)) == ["not_found:NotificationChannel/a"]
    gone = world.desired(channel("a", state="absent"), adopt={channel("a").address: "01J00000000000000000000000"})
    assert world.plan(wanted=gone).is_empty


def test_a_key_that_was_renamed_without_saying_so_does_not_take_the_object_of_another(world, channel):
    world.apply(channel("a"))
    (live,) = world.items(CHANNELS)
    wanted = world.desired(channel("a"), channel("b"), adopt={channel("b").address: live["id"]})
    assert guards(world.plan(wanted=wanted)) == ["ambiguous_match:NotificationChannel/b"]


def test_a_channel_of_another_project_is_observed_by_its_key(world, channel, make):
    world.apply(wanted=replace(world.desired(channel("ops")), project="platform"))
    spec = {"name": "R", "type": "entitlements.reset", "channels": ["ops"]}
    theirs = make("NotificationChannel", "ops", None, manage="observe")
    made = world.apply(theirs, make("NotificationRule", "r", spec))
    assert [str(change.address) for change in made.changes] == ["NotificationRule/r"]
    assert world.plan(theirs, make("NotificationRule", "r", spec)).is_empty
    assert guards(world.plan(make("NotificationChannel", "x", None, manage="observe"))) == [
        "not_found:NotificationChannel/x"
    ]


@pytest.mark.parametrize("state", ["active", "absent"])
def test_what_another_project_owns_is_neither_changed_nor_removed(world, make, tokens, state):
    world.apply(wanted=replace(world.desired(tokens), project="platform"))
    management = Management(state=state)
    made = world.plan(replace(tokens, management=management, spec={**tokens.spec, "name": "Mine"}))
    assert guards(made) == ["foreign_owner:Meter/tokens"]
    assert made.steps == ()


def feature(make, **management):
    return make("Feature", "sso", {"name": "SSO"}, **management)


def test_a_feature_loses_its_protection_with_its_document_saying_so(world, make):
    world.apply(feature(make, protect=True))
    nothing = world.desired(make("Meter", "none", state="absent"))
    (guard,) = world.plan(wanted=nothing, prune=True).guards
    assert (guard.code, "state: absent" in guard.message) == ("protected", True)
    made = world.apply(make("Feature", "sso", None, state="absent"))
    assert [change.action for change in made.changes] == [Action.ARCHIVE]


def test_a_live_feature_that_becomes_protected_is_told_how_far_that_reaches(world, make):
    world.apply(feature(make))
    assert [problem.rule for problem in world.plan(feature(make, protect=True)).warnings] == ["cannot_update"]
    assert world.plan(feature(make)).warnings == ()


def test_the_protection_of_a_channel_is_taken_away_before_the_channel(world, channel):
    world.apply(channel("ops", protect=True))
    assert guards(world.plan(channel("ops", state="absent"))) == ["protected:NotificationChannel/ops"]
    world.apply(channel("ops"))
    world.apply(channel("ops", state="absent"))
    assert world.items(CHANNELS) == []


def test_a_channel_of_another_project_is_observed_although_somebody_else_has_one_of_that_name(world, channel):
    world.apply(wanted=replace(world.desired(channel("ops")), project="platform"))
    by_hand(world)
    theirs = channel("ops", manage="observe")
    assert world.plan(theirs).guards == ()


@pytest.mark.parametrize("mode", ["apply", "destroy"])
def test_what_another_project_owns_is_no_orphan_and_neither_pruned_nor_destroyed(world, channel, make, tokens, mode):
    world.apply(wanted=replace(world.desired(tokens, channel("ops")), project="platform"))
    world.apply(channel("mine", "Mine"))
    assert world.plan(channel("mine", "Mine")).warnings == ()
    made = world.plan(prune=True, mode=mode)
    assert [str(step.address) for step in made.steps] == ["NotificationChannel/mine"]
    assert {str(change.address) for change in made.changes} == {"NotificationChannel/mine"}


@pytest.mark.parametrize("mode", ["apply", "destroy"])
def test_a_draft_that_somebody_made_of_our_version_outlives_it(world, make, mode):
    card = {"type": "flat_fee", "key": "base", "name": "Base", "billingCadence": "P1M",
            "price": {"type": "flat", "amount": "1"}}  # fmt: skip
    phases = [{"key": "main", "name": "Main", "rateCards": [card]}]
    world.apply(make("Plan", "pro", {"name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": phases}))
    draft = world.send("POST", "/api/v1/plans/pro/next")
    meter = make("Meter", "kept", {"eventType": "x", "aggregation": "COUNT"})
    made = world.plan(meter, prune=True) if mode == "apply" else world.plan(prune=True, mode="destroy")
    (change,) = [item for item in made.changes if item.address.kind == "Plan"]
    assert any("that was not made here" in note for note in change.notes)
    assert {item.state for item in world.run(made).results} == {"done"}
    assert [row["id"] for row in world.items("/api/v1/plans") if row["status"] == "draft"] == [draft["id"]]
    assert [row for row in world.items("/api/v1/plans") if row["status"] == "active"] == []
