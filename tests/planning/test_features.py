"""Features: the API has no update, so a difference is a replacement, and the server forbids some of those."""

from dataclasses import replace

import pytest

from reconciler.model import Action, ChangeClass


def feature(make, key="gpt", **more):
    spec = {"name": "GPT", "meterSlug": "tokens", "advancedMeterGroupByFilters": {"model": {"$eq": "gpt-4"}}, **more}
    return make("Feature", key, spec)


def card(key, **more):
    return {
        "type": "usage_based",
        "key": key,
        "featureKey": key,
        "billingCadence": "P1M",
        "price": {"type": "unit", "amount": "0.01"},
        **more,
    }


def plan_of(make, *features, key="pro", **management):
    spec = {
        "name": "Pro",
        "currency": "USD",
        "billingCadence": "P1M",
        "phases": [{"key": "main", "name": "Main", "rateCards": [card(name) for name in features]}],
    }
    return make("Plan", key, spec, **management)


def test_an_applied_feature_is_live_as_declared(world, make, tokens):
    world.apply(tokens, feature(make))
    (live,) = world.items("/api/v1/features")
    assert (live["key"], live["name"], live["meterSlug"]) == ("gpt", "GPT", "tokens")
    assert live["advancedMeterGroupByFilters"] == {"model": {"$eq": "gpt-4"}}
    assert live["metadata"]["reconciler.project"] == "acme"
    assert world.plan(tokens, feature(make)).is_empty


def test_both_spellings_of_an_equality_filter_are_the_same(world, make, tokens):
    world.apply(tokens, feature(make))
    legacy = make("Feature", "gpt", {"name": "GPT", "meterSlug": "tokens", "meterGroupByFilters": {"model": "gpt-4"}})
    assert world.plan(tokens, legacy).is_empty


def test_a_changed_filter_replaces_the_feature_with_a_new_one_of_the_same_key(world, make, tokens):
    world.apply(tokens, feature(make))
    (before,) = world.items("/api/v1/features")
    made = world.apply(tokens, feature(make, advancedMeterGroupByFilters={"model": {"$in": ["a", "b"]}}))
    (change,) = made.changes
    assert (change.action, change.actions) == (Action.REPLACE, ("archive", "create"))
    assert ChangeClass.METERING_SEMANTIC in change.classes
    assert ChangeClass.DESTRUCTIVE in change.classes
    (live,) = world.items("/api/v1/features")
    assert live["id"] != before["id"]
    assert live["advancedMeterGroupByFilters"] == {"model": {"$in": ["a", "b"]}}


def test_a_name_cannot_be_updated_and_is_a_warning(world, make, tokens):
    world.apply(tokens, feature(make))
    made = world.plan(tokens, feature(make, name="GPT 4"))
    assert made.is_empty
    assert [problem.rule for problem in made.warnings] == ["cannot_update"]


def test_replace_on_asks_for_the_replacement_of_a_name(world, make, tokens):
    world.apply(tokens, feature(make))
    renamed = make("Feature", "gpt", {**feature(make).spec, "name": "GPT 4"}, replace_on=("name",))
    made = world.apply(tokens, renamed)
    assert [change.action for change in made.changes] == [Action.REPLACE]
    (live,) = world.items("/api/v1/features")
    assert live["name"] == "GPT 4"


def test_a_feature_of_an_active_plan_is_blocked_with_the_ways_out(world, make, tokens):
    world.apply(tokens, feature(make), plan_of(make, "gpt"))
    made = world.plan(tokens, feature(make, advancedMeterGroupByFilters={"model": {"$eq": "o1"}}), plan_of(make, "gpt"))
    (guard,) = [guard for guard in made.guards if guard.code == "blocked_by_server"]
    assert not guard.consentable
    assert "Plan/pro" in guard.message
    assert "new key" in guard.message


def test_a_feature_goes_after_the_plan_that_named_it(world, make, tokens):
    world.apply(tokens, feature(make), plan_of(make, "gpt"))
    made = world.apply(tokens, make("Feature", "gpt", state="absent"), make("Plan", "pro", state="absent"))
    assert [step.verb for step in made.steps] == ["archive", "archive"]
    assert [step.address.kind for step in made.steps] == ["Plan", "Feature"]
    assert world.items("/api/v1/features") == []


def test_a_feature_is_replaced_after_the_plan_that_named_it_has_gone(world, make, tokens):
    world.apply(tokens, feature(make), plan_of(make, "gpt"), plan_of(make, "gpt", key="old"))
    changed = feature(make, advancedMeterGroupByFilters={"model": {"$eq": "o1"}})
    made = world.apply(
        tokens,
        changed,
        make("Plan", "old", state="absent"),
        make("Plan", "pro", state="archived"),
        plan_of(make, "gpt", key="new"),
    )
    order = [f"{step.address}:{step.verb}" for step in made.steps]
    gone = order.index("Feature/gpt:archive")
    assert {"Plan/old:archive", "Plan/pro:archive"} <= set(order[:gone])
    assert order[gone + 1] == "Feature/gpt:create"
    assert world.plan(tokens, changed, plan_of(make, "gpt", key="new")).is_empty


def test_a_feature_goes_once_the_plan_has_a_version_without_it(world, make, tokens):
    other = feature(make, "other")
    world.apply(tokens, feature(make), other, plan_of(make, "gpt", "other"))
    world.apply(tokens, make("Feature", "gpt", state="absent"), other, plan_of(make, "other"))
    assert [item["key"] for item in world.items("/api/v1/features")] == ["other"]
    assert world.send("GET", "/api/v1/plans/pro")["version"] == 2


def test_a_meter_is_replaced_with_the_features_on_it(world, make, tokens):
    world.apply(tokens, feature(make))
    moved = replace(tokens, spec={**tokens.spec, "eventType": "completion"})
    made = world.apply(moved, feature(make))
    assert [(change.address.kind, change.action) for change in made.changes] == [
        ("Meter", Action.REPLACE),
        ("Feature", Action.REPLACE),
    ]
    (meter,) = world.items("/api/v1/meters")
    (live,) = world.items("/api/v1/features")
    assert (meter["eventType"], live["meterSlug"]) == ("completion", "tokens")
    assert world.plan(moved, feature(make)).is_empty


def test_a_group_by_that_a_feature_filters_on_cannot_be_dropped(world, make, tokens):
    world.apply(tokens, feature(make))
    dropped = replace(tokens, spec={**tokens.spec, "groupBy": {"type": "$.type"}})
    made = world.plan(dropped, make("Feature", "gpt", manage="observe"))
    assert "blocked_by_server" in [guard.code for guard in made.guards]


def test_an_unmarked_equal_feature_is_claimed_by_declaration(world, make, tokens):
    world.apply(tokens)
    world.send("POST", "/api/v1/features", {"key": "gpt", **feature(make).spec})
    made = world.plan(tokens, feature(make))
    assert (made.steps, made.guards) == ((), ())
    assert made.changes[0].notes[0].startswith("claimed by declaration")


def flat(feature):
    price = {"type": "flat", "amount": "1", "paymentTerm": "in_advance"}
    return {
        "type": "flat_fee",
        "key": feature,
        "name": "C",
        "featureKey": feature,
        "billingCadence": "P1M",
        "price": price,
    }


@pytest.mark.parametrize("names", ["NotificationRule", "Plan"])
def test_a_feature_gives_way_to_a_new_one_while_their_meter_is_replaced(world, make, tokens, names):
    """The new feature waits for the meter, the meter for the old feature, the old feature for a plan that names it."""

    def user(feature):
        if names == "Plan":
            phases = [{"key": "main", "name": "Main", "duration": None, "rateCards": [flat(feature)]}]
            spec = {"name": "P", "currency": "USD", "billingCadence": "P1M", "phases": phases}
            return [make("Plan", "pro", spec)]
        hook = {"name": "Ops", "type": "WEBHOOK", "url": "https://x.example"}
        spec = {"name": "R", "type": "entitlements.reset", "channels": ["ops"], "features": [feature]}
        return [make("NotificationChannel", "ops", hook), make("NotificationRule", "r", spec)]

    old, new = (make("Feature", key, {"name": key, "meterSlug": "tokens"}) for key in ("old", "new"))
    world.apply(tokens, old, *user("old"))
    other = make("Meter", "tokens", {**tokens.spec, "eventType": "other"})
    made = world.plan(other, new, *user("new"), make("Feature", "old", None, state="absent"))
    blocked = [guard.code for guard in made.guards]
    assert blocked == ([] if names == "NotificationRule" else ["blocked_by_server"])
    if not blocked:
        world.apply(other, new, *user("new"), make("Feature", "old", None, state="absent"))
        assert world.plan(other, new, *user("new")).is_empty


def test_a_plan_that_names_another_feature_does_not_keep_this_one_from_being_replaced(world, make, tokens):
    def feature(key, **more):
        return make("Feature", key, {"name": key.title(), "meterSlug": "tokens", **more})

    card = {"type": "usage_based", "featureKey": "other", "billingCadence": "P1M", "price": None}
    phases = [{"key": "main", "name": "Main", "rateCards": [card]}]
    plan = make("Plan", "pro", {"name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": phases})
    world.apply(tokens, feature("other"), feature("this"), plan)
    made = world.plan(tokens, feature("other"), feature("this", meterGroupByFilters={"model": "a"}), plan)
    assert [guard.name for guard in made.guards] == []
    assert [(str(change.address), change.notes) for change in made.changes] == [("Feature/this", ())]
    blocked = world.plan(tokens, feature("other", meterGroupByFilters={"model": "a"}), feature("this"), plan)
    assert [guard.name for guard in blocked.guards] == ["blocked_by_server:Feature/other"]


def test_a_feature_that_a_plan_left_alone_still_names_cannot_be_removed(world, make, tokens):
    card = {"type": "usage_based", "featureKey": "other", "billingCadence": "P1M", "price": None}
    phases = [{"key": "main", "name": "Main", "rateCards": [card]}]
    plan = make("Plan", "pro", {"name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": phases})
    world.apply(tokens, make("Feature", "other", {"name": "Other", "meterSlug": "tokens"}), plan)
    gone = make("Feature", "other", None, state="absent")
    (guard,) = world.plan(tokens, gone).guards
    assert (guard.name, guard.consentable) == ("blocked_by_server:Feature/other", False)
    assert "cannot be archived: the active Plan/pro (version 1) names it" in guard.message
    assert world.plan(tokens, gone, make("Plan", "pro", None, state="absent")).guards == ()
