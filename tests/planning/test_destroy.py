"""Destroying: what the server never lets go stands in the plan beforehand, with its reason, and is no failure."""

import pytest

from reconciler.model import Action


@pytest.fixture
def catalogue(make, tokens):
    card = {"type": "flat_fee", "key": "f", "name": "F", "featureKey": "f", "billingCadence": "P1M"}
    card["price"] = {"type": "flat", "amount": "1", "paymentTerm": "in_advance"}
    phases = [{"key": "main", "name": "Main", "duration": None, "rateCards": [card]}]
    pro = {"name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": phases}
    return [tokens, make("Feature", "f", {"name": "F", "meterSlug": "tokens"}), make("Plan", "pro", pro)]


def destroy(world):
    return world.apply(wanted=world.desired(), prune=True, mode="destroy")


def subscribe(world):
    usage = {"subjectKeys": ["s"]}
    customer = world.send("POST", "/api/v1/customers", {"name": "C", "currency": "USD", "usageAttribution": usage})
    world.send("POST", "/api/v1/subscriptions", {"customerId": customer["id"], "plan": {"key": "pro"}})


def actions(made):
    return {str(change.address): change.action for change in made.changes}


def test_everything_goes_and_nothing_is_left_to_destroy(world, catalogue):
    world.apply(*catalogue)
    assert actions(destroy(world)) == {
        "Meter/tokens": Action.DELETE,
        "Feature/f": Action.ARCHIVE,
        "Plan/pro": Action.DELETE,
    }
    assert destroy(world).changes == ()


def test_archived_versions_are_deleted_too(world, catalogue, make):
    world.apply(*catalogue)
    world.apply(*catalogue[:2], make("Plan", "pro", None, state="absent"))
    assert actions(destroy(world))["Plan/pro"] is Action.DELETE
    assert destroy(world).changes == ()


def test_a_subscribed_feature_and_its_meter_stay_and_say_why(world, catalogue):
    world.apply(*catalogue)
    subscribe(world)
    made = destroy(world)
    assert actions(made) == {
        "Meter/tokens": Action.RELEASE,
        "Feature/f": Action.NO_CHANGE,
        "Plan/pro": Action.DELETE,
    }
    notes = {str(change.address): change.notes for change in made.changes}
    assert notes["Meter/tokens"] == ("the server keeps it as long as features measure by it: Feature/f",)
    assert "customers subscribe to Plan/pro, which names it (1)" in notes["Feature/f"][0]


def test_a_meter_that_somebody_elses_feature_measures_by_is_let_go(world, tokens, make):
    world.apply(tokens)
    world.send("POST", "/api/v1/features", {"key": "theirs", "name": "T", "meterSlug": "tokens"})
    gone = make("Meter", "tokens", None, state="absent")
    assert [guard.code for guard in world.plan(gone).guards] == ["blocked_by_server"]
    assert actions(destroy(world)) == {"Meter/tokens": Action.RELEASE}
    assert "reconciler.key" not in (world.items("/api/v1/meters")[0]["metadata"] or {})
