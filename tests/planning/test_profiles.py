"""Billing profiles: the default is promoted, never unset; the server's own is left alone."""

import pytest

from reconciler.model import Action, ChangeClass


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
