"""Billing profiles: the default is promoted, never unset; the server's own is left alone."""

from dataclasses import replace

import pytest

from reconciler.kinds.registry import KINDS
from reconciler.model import Action, ChangeClass
from reconciler.planning.resume import progress
from reconciler.planning.stale import moved


@pytest.fixture
def profile(make):
    def build(key="main", **more):
        supplier = {"name": "ACME", "addresses": [{"country": "US"}]}
        return make("BillingProfile", key, {"name": key.title(), "supplier": supplier, "app": "sandbox", **more})

    return build


def profiles(world):
    return {item["name"]: item for item in world.items("/api/v1/billing/profiles")}


def test_a_profile_is_live_as_declared_and_the_servers_own_is_untouched(world, profile):
    before = profiles(world)
    world.apply(profile(workflow={"invoicing": {"dueAfter": "P14D"}}))
    live = profiles(world)
    assert live["Main"]["workflow"]["invoicing"]["dueAfter"] == "P14D"
    assert live["Main"]["workflow"]["collection"]["interval"] == "PT1H"
    assert {name: live[name] for name in before} == before
    assert world.plan(profile(workflow={"invoicing": {"dueAfter": "P14D"}})).is_empty


def test_leaving_a_workflow_field_out_means_the_servers_default(world, profile):
    world.apply(profile(workflow={"invoicing": {"dueAfter": "P14D"}}))
    made = world.apply(profile())
    (change,) = made.changes
    assert [(field.path, field.before, field.after) for field in change.fields] == [
        ("workflow.invoicing.dueAfter", "P14D", "P30D")
    ]
    assert change.change_class is ChangeClass.BILLING_BEHAVIOUR


def test_the_default_moves_by_promotion_and_the_old_one_is_demoted(world, profile):
    world.apply(profile("main", default=True), profile("other", default=False))
    moved = (profile("main", default=False), profile("other", default=True))
    made = world.apply(*moved)
    assert [step.address.key for step in made.steps] == ["other", "main"]
    live = profiles(world)
    assert (live["Main"]["default"], live["Other"]["default"]) == (False, True)
    assert world.plan(*moved).is_empty


def test_the_default_is_never_unset(world, profile):
    world.apply(profile("main", default=True))
    made = world.plan(profile("main", default=False))
    assert [guard.code for guard in made.guards] == ["blocked_by_server"]


def test_the_default_is_released_and_others_are_deleted_on_destroy(world, profile):
    world.apply(profile("main", default=True), profile("other"))
    made = world.plan(prune=True, mode="destroy")
    report = world.run(made)
    assert report.count("failed") == 0
    assert [(change.address.key, change.action) for change in made.changes] == [
        ("main", Action.RELEASE),
        ("other", Action.DELETE),
    ]
    live = profiles(world)
    assert "Other" not in live
    assert "metadata" not in live["Main"]


def test_an_app_that_is_not_installed_is_named(world, profile):
    made = world.plan(profile(app={"type": "stripe", "name": "Acme Stripe"}))
    assert [guard.code for guard in made.guards] == ["not_found"]
    assert "Acme Stripe" in made.guards[0].message


def test_taking_over_from_the_servers_own_default_is_a_plain_addition(world, profile):
    (change,) = world.plan(profile("main", default=True)).changes
    assert change.classes == (ChangeClass.ADDITIVE,)


def test_taking_over_from_a_default_that_somebody_chose_changes_who_bills(world, profile):
    world.apply(profile("main", default=True))
    made = world.plan(profile("main", default=False), profile("other", default=True))
    classes = {change.address.key: change.classes for change in made.changes}
    assert classes["other"] == (ChangeClass.ADDITIVE, ChangeClass.BILLING_BEHAVIOUR)


OWN = {"type": "custom_invoicing", "name": "Own"}


@pytest.fixture
def half_replaced(world, profile):
    """The app of a profile changes, which makes a successor, and the run is killed before the old one is removed."""

    def build(*, marked):
        world.send("POST", "/api/v1/marketplace/listings/custom_invoicing/install", {"name": "Own"})
        world.apply(profile())
        if not marked:
            live = profiles(world)["Main"]
            world.send("PUT", f"/api/v1/billing/profiles/{live['id']}", {**live, "metadata": {}})
        made = world.plan(profile(app=OWN))
        assert [step.verb for step in made.steps] == ["create", "delete"]
        world.run(replace(made, steps=made.steps[:1]))
        assert len(world.items("/api/v1/billing/profiles")) == 3

    return build


def carried_out(world, made):
    """As ``apply`` does it: held against what is live first."""
    assert moved(made, world.backend.observe(KINDS), frozenset({"acme"})) == ()
    report = world.run(made)
    assert [result.error for result in report.results if result.state != "done"] == []


@pytest.mark.parametrize("marked", [True, False])
def test_a_replacement_that_was_killed_half_way_is_finished(world, profile, half_replaced, marked):
    half_replaced(marked=marked)
    carried_out(world, world.plan(profile(app=OWN)))
    assert sorted(item["name"] for item in world.items("/api/v1/billing/profiles")) == ["Main", "openmeter-sandbox"]
    assert world.plan(profile(app=OWN)).is_empty


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("how", ["pruned", "absent", "destroyed"])
def test_a_half_replaced_profile_that_is_not_wanted_goes_with_its_successor(world, make, half_replaced, marked, how):
    half_replaced(marked=marked)
    wanted = world.desired(make("BillingProfile", "main", None, state="absent")) if how == "absent" else world.desired()
    options = {"absent": {}, "pruned": {"prune": True}, "destroyed": {"prune": True, "mode": "destroy"}}[how]
    carried_out(world, world.plan(wanted=wanted, **options))
    assert [item["name"] for item in world.items("/api/v1/billing/profiles")] == ["openmeter-sandbox"]
    assert world.plan(wanted=wanted, **options).steps == ()


@pytest.mark.parametrize("marked", [True, False])
def test_a_half_replaced_profile_that_is_replaced_back_leaves_one(world, profile, half_replaced, marked):
    half_replaced(marked=marked)
    carried_out(world, world.plan(profile()))
    assert sorted(item["name"] for item in world.items("/api/v1/billing/profiles")) == ["Main", "openmeter-sandbox"]
    assert world.plan(profile()).is_empty


def test_a_successor_never_takes_somebody_elses_profile_away(world, profile, half_replaced):
    half_replaced(marked=True)
    old = min(world.items("/api/v1/billing/profiles"), key=lambda row: (row["name"] != "Main", row["id"]))
    theirs = {**old["metadata"], "reconciler.project": "platform"}
    world.send("PUT", f"/api/v1/billing/profiles/{old['id']}", {**old, "metadata": theirs})
    assert world.plan(profile(app=OWN)).steps == ()


def test_a_plan_that_another_one_has_finished_makes_nothing_twice(world, profile):
    world.send("POST", "/api/v1/marketplace/listings/custom_invoicing/install", {"name": "Own"})
    world.apply(profile())
    saved = world.plan(profile(app=OWN))
    world.run(replace(saved, steps=saved.steps[:1]))
    carried_out(world, world.plan(profile(app=OWN)))
    assert set(progress(saved, world.backend.observe(KINDS), frozenset({"acme"})).done) == {
        step.id for step in saved.steps
    }
