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
