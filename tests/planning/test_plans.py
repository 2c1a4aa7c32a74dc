"""Plans and add-ons: versions, assignments, cascades, drafts of ours and of others."""

from dataclasses import replace

import pytest

from reconciler.model import Action, Address, ChangeClass

PRO = Address("Plan", "pro")


def flat(key="base", amount="20", **more):
    return {"type": "flat_fee", "key": key, "name": key.title(), "billingCadence": "P1M",
            "price": {"type": "flat", "amount": amount}, **more}  # fmt: skip


@pytest.fixture
def pro(make):
    def build(amount="20", addons=(), **management):
        spec = {
            "name": "Pro",
            "currency": "USD",
            "billingCadence": "P1M",
            "phases": [{"key": "main", "name": "Main", "rateCards": [flat(amount=amount)]}],
        }
        if addons:
            spec["addons"] = [dict(item) for item in addons]
        return make("Plan", "pro", spec, **management)

    return build


@pytest.fixture
def priority(make):
    def build(amount="5", **management):
        spec = {
            "name": "Priority",
            "currency": "USD",
            "instanceType": "single",
            "rateCards": [flat("priority", amount)],
        }
        return make("Addon", "priority", spec, **management)

    return build


OFFER = {"addon": "priority", "fromPlanPhase": "main"}


def versions(world, path="/api/v1/plans"):
    return sorted((item["version"], item["status"]) for item in world.items(path))


def attached(world, plan_id):
    return [item["addon"]["version"] for item in world.items(f"/api/v1/plans/{plan_id}/addons")]


def live_amount(world):
    return world.send("GET", "/api/v1/plans/pro")["phases"][0]["rateCards"][0]["price"]["amount"]


def test_a_new_plan_is_created_and_published(world, pro):
    made = world.apply(pro())
    assert made.changes[0].title == "Plan/pro will be created and published as version 1"
    assert versions(world) == [(1, "active")]
    assert live_amount(world) == "20"
    assert world.plan(pro()).is_empty


def test_a_price_rise_is_a_new_version_and_says_who_stays(world, pro):
    world.apply(pro())
    made = world.apply(pro("22.40"))
    (change,) = made.changes
    assert change.action is Action.NEW_VERSION
    assert change.title == "Plan/pro will be published as version 2; existing subscriptions stay on version 1"
    assert change.reasons == ("active_plan_is_immutable",)
    assert change.change_class is ChangeClass.PRICE_RAISING
    (field,) = change.fields
    assert (field.path, field.before, field.after, field.currency) == (
        "phases[main].rateCards[base].price.amount", "20", "22.4", "USD")  # fmt: skip
    assert versions(world) == [(1, "archived"), (2, "active")]
    assert live_amount(world) == "22.4"


def test_a_different_spelling_of_the_same_number_is_no_change(world, pro):
    world.apply(pro("20"))
    assert world.plan(pro("20.00")).is_empty


def test_an_addon_is_published_before_it_is_attached_before_the_plan_is_published(world, pro, priority):
    made = world.apply(priority(), pro(addons=[OFFER]))
    assert [step.id for step in made.steps] == [
        "Addon/priority:create",
        "Addon/priority:publish",
        "Plan/pro:create",
        "Plan/pro:attach:priority",
        "Plan/pro:publish",
    ]
    assert attached(world, world.send("GET", "/api/v1/plans/pro")["id"]) == [1]
    assert world.plan(priority(), pro(addons=[OFFER])).is_empty


def test_a_changed_addon_cascades_into_a_new_version_of_the_plan(world, pro, priority):
    world.apply(priority(), pro(addons=[OFFER]))
    made = world.apply(priority("7"), pro(addons=[OFFER]))
    addon, plan = made.changes
    assert (addon.action, plan.action) == (Action.NEW_VERSION, Action.NEW_VERSION)
    assert plan.reasons == ("addon_version_changed",)
    assert [(field.path, field.before, field.after) for field in plan.fields] == [("addons[priority].version", 1, 2)]
    assert ChangeClass.PRICE_RAISING in plan.classes
    assert attached(world, world.send("GET", "/api/v1/plans/pro")["id"]) == [2]
    assert world.plan(priority("7"), pro(addons=[OFFER])).is_empty


def test_the_metadata_of_an_assignment_survives_the_servers_dropping_it(world, pro, priority):
    offer = {**OFFER, "metadata": {"tier": "gold"}}
    world.apply(priority(), pro(addons=[offer]))
    plan = world.send("GET", "/api/v1/plans/pro")
    (item,) = world.items(f"/api/v1/plans/{plan['id']}/addons")
    assert item["metadata"] == {"tier": "gold"}
    assert world.plan(priority(), pro(addons=[offer])).is_empty


def test_taking_an_addon_out_of_a_plan_is_a_new_version_that_gives_less(world, pro, priority):
    world.apply(priority(), pro(addons=[OFFER]))
    made = world.apply(priority(), pro())
    (change,) = made.changes
    assert ChangeClass.ENTITLEMENT_REDUCING in change.classes
    assert attached(world, world.send("GET", "/api/v1/plans/pro")["id"]) == []


@pytest.mark.parametrize("sent", [1, 2, 3, 4])
def test_a_run_killed_after_any_step_is_finished_by_the_next(world, pro, priority, sent):
    made = world.plan(priority(), pro(addons=[OFFER]))
    world.run(replace(made, steps=made.steps[:sent]))
    world.apply(priority(), pro(addons=[OFFER]))
    assert versions(world) == [(1, "active")]
    assert versions(world, "/api/v1/addons") == [(1, "active")]
    assert attached(world, world.send("GET", "/api/v1/plans/pro")["id"]) == [1]


def test_our_left_over_draft_of_a_price_change_is_finished_even_when_the_price_moved_again(world, pro):
    world.apply(pro())
    made = world.plan(pro("22"))
    world.run(replace(made, steps=made.steps[:1]))
    world.apply(pro("25"))
    assert versions(world) == [(1, "archived"), (2, "active")]
    assert live_amount(world) == "25"


def test_our_left_over_draft_that_is_no_longer_wanted_is_deleted_with_its_assignments_first(world, pro, priority):
    world.apply(priority(), pro())
    made = world.plan(priority(), pro("22", addons=[OFFER]))
    world.run(replace(made, steps=made.steps[:2]))
    made = world.apply(priority(), pro())
    assert [step.verb for step in made.steps] == ["detach", "delete"]
    assert versions(world) == [(1, "active")]
    (change,) = made.changes
    assert change.classes == (ChangeClass.COSMETIC,)


def test_a_draft_somebody_else_made_stops_the_plan(world, pro):
    world.apply(pro())
    live = world.send("GET", "/api/v1/plans/pro")
    draft = {name: live[name] for name in ("key", "currency", "billingCadence", "phases")}
    world.send("POST", "/api/v1/plans", {**draft, "name": "By hand", "metadata": live["metadata"]})
    made = world.plan(pro("22"))
    assert [guard.code for guard in made.guards if guard.code != "price-raising"] == ["foreign_draft"]
    assert "adopt:Plan/pro" in made.guards[0].message


def test_our_draft_that_somebody_edited_is_foreign(world, pro):
    world.apply(pro("20", state="draft"))
    (draft,) = world.items("/api/v1/plans")
    body = {name: draft[name] for name in ("billingCadence", "phases", "metadata")}
    world.send("PUT", f"/api/v1/plans/{draft['id']}", {**body, "name": "Edited"})
    assert "foreign_draft" in [guard.code for guard in world.plan(pro("20", state="draft")).guards]


def test_a_draft_stands_beside_what_is_active_and_is_published_when_wanted(world, pro):
    world.apply(pro())
    world.apply(pro("22", state="draft"))
    assert versions(world) == [(1, "active"), (2, "draft")]
    assert world.plan(pro("22", state="draft")).is_empty
    world.apply(pro("22"))
    assert versions(world) == [(1, "archived"), (2, "active")]


def test_archived_archives_and_active_again_makes_a_new_version(world, pro):
    world.apply(pro())
    made = world.apply(pro(state="archived"))
    assert [change.action for change in made.changes] == [Action.ARCHIVE]
    assert versions(world) == [(1, "archived")]
    assert world.plan(pro(state="archived")).is_empty
    world.apply(pro())
    assert versions(world) == [(1, "archived"), (2, "active")]


def test_an_unmarked_active_plan_that_is_equal_is_claimed(world, pro):
    spec = {**pro().spec, "key": "pro"}
    spec["phases"] = [{**spec["phases"][0], "duration": None}]
    made = world.send("POST", "/api/v1/plans", spec)
    world.send("POST", f"/api/v1/plans/{made['id']}/publish")
    plan = world.plan(pro())
    assert (plan.steps, plan.guards) == ((), ())
    changed = world.plan(pro("30"))
    assert "adopt" in [guard.code for guard in changed.guards]


def test_pruning_archives_an_owned_plan_and_nothing_else(world, pro, make):
    world.apply(pro())
    world.send("POST", "/api/v1/meters", {"slug": "theirs", "eventType": "x", "aggregation": "COUNT"})
    made = world.apply(make("Meter", "theirs", manage="observe"), prune=True)
    assert [(step.verb, str(step.address)) for step in made.steps] == [("archive", "Plan/pro")]


def test_destroy_archives_then_deletes_every_version(world, pro, priority):
    world.apply(pro("20"))
    world.apply(pro("22"))
    made = world.plan(prune=True, mode="destroy")
    world.run(made)
    assert versions(world) == []


def test_destroy_leaves_an_addon_that_was_offered_archived_with_the_reason(world, pro, priority):
    world.apply(priority(), pro(addons=[OFFER]))
    made = world.plan(prune=True, mode="destroy")
    report = world.run(made)
    assert report.count("failed", "skipped") == 0
    (addon,) = [change for change in made.changes if change.address.kind == "Addon"]
    assert addon.action is Action.ARCHIVE
    assert "never deletes" in addon.notes[0]
    assert versions(world, "/api/v1/addons") == [(1, "archived")]


def test_an_addon_is_bound_to_a_feature_that_was_replaced_and_gets_a_new_version(world, make):
    cards = [{**flat("sso", "3"), "featureKey": "sso"}]
    addon = make("Addon", "team", {"name": "Team", "currency": "USD", "instanceType": "single", "rateCards": cards})
    sso = make("Feature", "sso", {"name": "SSO"})
    world.apply(sso, addon)
    other = make("Feature", "sso", {"name": "Single sign-on"}, replace_on=("name",))
    made = world.apply(other, addon)
    assert [change.reasons for change in made.changes if change.address.kind == "Addon"] == [("feature_replaced",)]
    assert versions(world, "/api/v1/addons") == [(1, "archived"), (2, "active")]
    assert world.plan(other, addon).is_empty


def test_true_is_not_one_inside_a_static_configuration(world, make):
    def addon(beta):
        template = {"type": "static", "config": {"beta": beta, "list": [1, {"x": "1.5"}]}}
        cards = [{"type": "flat_fee", "featureKey": "limits", "entitlementTemplate": template}]
        return make("Addon", "beta", {"name": "B", "currency": "USD", "instanceType": "single", "rateCards": cards})

    limits = make("Feature", "limits", {"name": "Limits"})
    world.apply(limits, addon(1))
    assert world.plan(limits, addon(1)).is_empty
    made = world.apply(limits, addon(beta=True))
    (change,) = made.changes
    assert [(field.before, field.after) for field in change.fields] == [(1, True)]
    assert world.plan(limits, addon(beta=True)).is_empty


def test_a_left_over_draft_is_ours_although_the_server_added_a_tax_codes_id(world, make):
    taxed = {**flat(), "taxConfig": {"stripe": {"code": "txcd_10000000"}}}
    spec = {"name": "T", "currency": "USD", "billingCadence": "P1M",
            "phases": [{"key": "main", "name": "Main", "rateCards": [taxed]}]}  # fmt: skip
    made = world.plan(make("Plan", "taxed", spec))
    world.run(replace(made, steps=made.steps[:1]))
    (draft,) = world.items("/api/v1/plans")
    assert "taxCodeId" in draft["phases"][0]["rateCards"][0]["taxConfig"]
    world.apply(make("Plan", "taxed", spec))
    by_id = {**taxed, "taxConfig": {"taxCodeId": draft["phases"][0]["rateCards"][0]["taxConfig"]["taxCodeId"]}}
    other = {**spec, "phases": [{"key": "main", "name": "Main", "rateCards": [{**by_id, "name": "Renamed"}]}]}
    made = world.plan(make("Plan", "taxed", other))
    world.run(replace(made, steps=made.steps[:1]))
    world.apply(make("Plan", "taxed", other))
    assert versions(world) == [(1, "archived"), (2, "active")]
