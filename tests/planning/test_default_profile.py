"""The default billing profile: promoted, demoted with it, never deleted while it is the default; pinned customers."""

import pytest

from reconciler.model import Action, ChangeClass

PROFILES = "/api/v1/billing/profiles"
SUPPLIER = {"name": "ACME", "addresses": [{"country": "US"}]}


@pytest.fixture
def profile(make):
    def build(key, *, default=None, app="sandbox", **management):
        spec = {"name": key.title(), "supplier": SUPPLIER, "app": app}
        return make("BillingProfile", key, spec if default is None else {**spec, "default": default}, **management)

    return build


def live(world):
    return {row["name"]: row for row in world.items(PROFILES)}


def nothing(world, make):
    return world.desired(make("Meter", "none", state="absent"))


def test_a_new_default_profile_changes_how_customers_are_billed(world, profile):
    chosen = {"name": "Chosen", "supplier": SUPPLIER, "default": True, "workflow": {}}
    (app,) = world.items("/api/v1/apps")
    world.send("POST", PROFILES, {**chosen, "apps": dict.fromkeys(("tax", "invoicing", "payment"), app["id"])})
    classes = {key: world.plan(profile(key, default=key == "a")).changes[0].classes for key in "ab"}
    assert classes == {"a": (ChangeClass.ADDITIVE, ChangeClass.BILLING_BEHAVIOUR), "b": (ChangeClass.ADDITIVE,)}


def test_the_old_default_profile_is_deleted_once_another_one_is_promoted(world, profile):
    world.apply(profile("a", default=True))
    made = world.apply(profile("b", default=True), profile("a", state="absent"))
    assert [(step.address.key, step.verb) for step in made.steps] == [("b", "create"), ("a", "delete")]
    assert {name: row["default"] for name, row in live(world).items()} == {"openmeter-sandbox": False, "B": True}


def test_an_old_default_profile_that_is_let_go_does_not_become_the_default_again(world, profile):
    world.apply(profile("a", default=True, on_remove="retain"))
    made = world.apply(profile("b", default=True), prune=True)
    assert [(step.address.key, step.verb) for step in made.steps] == [("b", "create"), ("a", "release")]
    assert (live(world)["A"]["default"], live(world)["B"]["default"]) == (False, True)
    assert world.plan(profile("b", default=True), prune=True).is_empty


def test_the_only_default_profile_is_let_go_and_says_why(world, profile, make):
    world.apply(profile("a", default=True))
    made = world.apply(wanted=nothing(world, make), prune=True)
    (change,) = made.changes
    assert (change.action, change.notes) == (
        Action.RELEASE,
        ("the server never deletes the default billing profile",),
    )
    assert live(world)["A"]["default"] is True


def pin(world, name):
    customer = world.send("POST", "/api/v1/customers", {"name": "C", "usageAttribution": {"subjectKeys": ["c"]}})
    world.send("PUT", f"/api/v1/billing/customers/{customer['id']}", {"billingProfileId": live(world)[name]["id"]})


def test_a_profile_with_customers_is_not_deleted_and_not_replaced(world, profile, make):
    world.send("POST", "/api/v1/marketplace/listings/custom_invoicing/install", {"name": "Own"})
    world.apply(profile("a"))
    pin(world, "A")
    for made in (
        world.plan(wanted=nothing(world, make), prune=True),
        world.plan(profile("a", app={"type": "custom_invoicing", "name": "Own"})),
    ):
        assert [guard.code for guard in made.guards] == ["blocked_by_server"]
        assert "customers are pinned to it (1)" in made.guards[0].message


def test_destroy_lets_a_profile_with_customers_go(world, profile):
    world.apply(profile("a"))
    pin(world, "A")
    made = world.apply(wanted=world.desired(), prune=True, mode="destroy")
    assert [change.action for change in made.changes] == [Action.RELEASE]
    assert "metadata" not in live(world)["A"] or "reconciler.key" not in live(world)["A"]["metadata"]


class Placed(dict):
    """A map as the reader makes them: equal to a plain one, of another type."""


def test_an_app_that_stays_is_no_difference_when_something_else_changes(world, profile):
    world.send("POST", "/api/v1/marketplace/listings/custom_invoicing/install", {"name": "Own"})
    own = Placed(type="custom_invoicing", name="Own")
    world.apply(profile("a", app=own))
    made = world.apply(profile("a", app=own, default=True))
    assert [(change.action, [field.path for field in change.fields]) for change in made.changes] == [
        (Action.UPDATE, ["default"])
    ]


def test_the_default_profile_is_not_replaced_by_one_that_is_not_to_be_the_default(world, profile):
    world.send("POST", "/api/v1/marketplace/listings/custom_invoicing/install", {"name": "Own"})
    own = {"type": "custom_invoicing", "name": "Own"}
    world.apply(profile("a", default=True))
    (guard,) = world.plan(profile("a", default=False, app=own)).guards
    assert (guard.code, "the server never unsets it" in guard.message) == ("blocked_by_server", True)
    world.apply(profile("a", default=False, app=own), profile("b", default=True))
    assert {name: row["default"] for name, row in live(world).items() if name in "AB"} == {"A": False, "B": True}
