"""What an apply relies on: what moved, what is done already, and whether what is read back is what was meant."""

from dataclasses import replace

import pytest

from reconciler.execution import apply
from reconciler.kinds.registry import KINDS
from reconciler.model import Address
from reconciler.planning.options import PlanOptions
from reconciler.planning.planner import plan
from reconciler.planning.resume import progress
from reconciler.planning.stale import moved
from reconciler.planning.verify import verify

ACME = frozenset({"acme"})
CHANNELS, HOOK = "/api/v1/notification/channels", {"type": "WEBHOOK", "url": "https://hooks.example.com/ops"}


def card(feature, amount="1"):
    return {"type": "usage_based", "featureKey": feature, "billingCadence": "P1M",
            "price": {"type": "unit", "amount": amount}}  # fmt: skip


@pytest.fixture
def catalogue(make, tokens):
    """Of every kind one, each naming another."""

    def build(amount="1", name="Ops", offer=None, **plan):
        phases = [{"key": "main", "name": "Main", "rateCards": [card("tokens", amount)]}]
        offers = [{"addon": "more", "fromPlanPhase": "main", **(offer or {})}]
        price = {"type": "flat", "amount": amount}
        flat = {"type": "flat_fee", "featureKey": "calls", "billingCadence": "P1M", "price": price}
        addon = {"name": "More", "currency": "USD", "instanceType": "multiple", "rateCards": [flat]}
        return (
            tokens,
            make("Feature", "tokens", {"name": "Tokens", "meterSlug": "tokens"}),
            make("Feature", "calls", {"name": "Calls", "meterSlug": "tokens"}),
            make("Addon", "more", addon),
            make("Plan", "pro", {"name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": phases,
                                 "addons": offers}, **plan),
            make("NotificationChannel", "ops", {"name": name, **HOOK}),
            make("NotificationRule", "reset", {"name": "Reset", "type": "entitlements.reset", "channels": ["ops"]}),
        )  # fmt: skip

    return build


def seen(world):
    return world.backend.observe(KINDS)


def what_moved(world, made):
    done = progress(made, seen(world), ACME).done
    return moved(made, seen(world), ACME, frozenset(done))


# What moved


def test_nothing_has_moved_right_after_planning(world, catalogue):
    assert what_moved(world, world.plan(*catalogue())) == ()
    world.apply(*catalogue())
    assert what_moved(world, world.plan(*catalogue("2"))) == ()


def test_what_was_absent_what_is_gone_and_what_was_edited_are_each_named(world, catalogue):
    world.apply(*catalogue()[:1])
    made = world.plan(*catalogue())
    (meter,) = world.items("/api/v1/meters")
    world.send("POST", "/api/v1/features", {"key": "calls", "name": "Theirs", "meterSlug": "tokens"})
    world.send("PUT", f"/api/v1/meters/{meter['id']}", {"name": "Edited", "groupBy": meter["groupBy"]})
    assert set(what_moved(world, made)) == {
        "Feature/calls: was absent, now exists (live)",
        "Meter/tokens: live, changed since",
    }
    (feature,) = world.items("/api/v1/features")
    world.send("DELETE", f"/api/v1/features/{feature['id']}")
    world.send("DELETE", f"/api/v1/meters/{meter['id']}")
    assert what_moved(world, made) == ("Meter/tokens: live, now gone",)


def test_a_version_that_somebody_published_or_drafted_meanwhile_is_named(world, catalogue):
    world.apply(*catalogue())
    made = world.plan(*catalogue("2"))
    world.send("POST", "/api/v1/plans/pro/next")
    assert what_moved(world, made) == ("Plan/pro: active version 1 -> draft version 2, active version 1",)
    (draft,) = [row for row in world.items("/api/v1/plans") if row["status"] == "draft"]
    world.send("POST", f"/api/v1/plans/{draft['id']}/publish")
    assert what_moved(world, made) == ("Plan/pro: active version 1 -> active version 2",)


def test_what_a_step_only_names_matters_and_what_none_names_does_not(world, catalogue, make):
    other = make("Meter", "other", {"eventType": "x", "aggregation": "COUNT"})
    world.apply(*catalogue()[:1], other)
    made = world.plan(*catalogue()[:2], other)
    rows = {row["slug"]: row for row in world.items("/api/v1/meters")}
    world.send("PUT", f"/api/v1/meters/{rows['other']['id']}", {"name": "Edited"})
    assert what_moved(world, made) == ()
    world.send("PUT", f"/api/v1/meters/{rows['tokens']['id']}", {"name": "Edited"})
    assert what_moved(world, made) == ("Meter/tokens: live, changed since",)


def test_an_object_that_is_being_adopted_is_watched_by_its_id(world, make):
    theirs = world.send("POST", CHANNELS, {"name": "Ops", **HOOK})
    ident = theirs["id"]
    made = world.plan(make("NotificationChannel", "ops", {"name": "Ops", **HOOK}))
    assert what_moved(world, made) == ()
    world.send("PUT", f"{CHANNELS}/{ident}", {**theirs, "url": "https://elsewhere.example.com"})
    url = "`url`: `https://hooks.example.com/ops` -> `https://elsewhere.example.com`"
    assert what_moved(world, made) == (f"NotificationChannel/ops: {url}",)
    world.send("DELETE", f"{CHANNELS}/{ident}")
    assert what_moved(world, made) == ("NotificationChannel/ops: live, now gone",)


@pytest.mark.parametrize("project", [{}, {"metadata": {"reconciler.project": "platform", "reconciler.key": "ops"}}])
def test_a_rule_on_somebody_elses_channel_has_not_moved(world, make, project):
    world.send("POST", CHANNELS, {"name": "Ops", **HOOK, **project})
    theirs = make("NotificationChannel", "ops", {"name": "Ops", **HOOK}, manage="observe")

    def rule(name):
        return make("NotificationRule", "reset", {"name": name, "type": "entitlements.reset", "channels": ["ops"]})

    world.apply(theirs, rule("Reset"))
    made = world.plan(theirs, rule("Renamed"))
    assert [step.id for step in made.steps] == ["NotificationRule/reset:update"]
    assert what_moved(world, made) == ()


def test_a_rule_that_shows_other_channels_because_this_plan_switched_them_has_not_moved(world, make):
    def three(*disabled, type_="entitlements.reset", channels="abc"):
        hooks = {key: {"name": key, **HOOK, **({"disabled": True} if key in disabled else {})} for key in "abc"}
        spec = {"name": "Reset", "type": type_, "channels": list(channels)}
        return [*(make("NotificationChannel", *item) for item in hooks.items()), make("NotificationRule", "r", spec)]

    world.apply(*three("c"))
    made = world.plan(*three("a", "b", type_="invoice.created", channels="a"))
    assert {step.address.kind for step in made.steps} == {"NotificationChannel", "NotificationRule"}
    before = seen(world)
    for row in world.items(f"{CHANNELS}?includeDisabled=true"):
        world.send("PUT", f"{CHANNELS}/{row['id']}", {**row, "disabled": row["name"] in "ab"})
    assert what_moved(world, made) == ()
    (rule,) = world.items("/api/v1/notification/rules")
    (kept,) = [row.wire["channels"] for row in before.objects["NotificationRule"]]
    body = {**rule, "name": "Theirs", "channels": [item["id"] for item in kept]}
    world.send("PUT", f"/api/v1/notification/rules/{rule['id']}", body)
    (said,) = what_moved(world, made)
    assert said.startswith("NotificationRule/r: `name`: `Reset` -> `Theirs`")


def test_a_rule_that_shows_a_channel_because_this_plan_enabled_it_has_not_moved(world, make):
    def rule(state, **more):
        spec = {"name": "Reset", "type": "entitlements.reset", "channels": ["ops"]}
        return make("NotificationChannel", "ops", {"name": "Ops", **HOOK, **more}), make(
            "NotificationRule", "r", spec if state == "active" else None, state=state
        )

    world.apply(*rule("active", disabled=True))
    made = world.plan(*rule("absent"))
    assert [step.id for step in made.steps] == ["NotificationChannel/ops:update", "NotificationRule/r:delete"]
    one_more(world, made)
    assert what_moved(world, made) == ()


def test_a_profile_that_is_no_longer_the_default_because_this_plan_promoted_another_has_not_moved(world, make):
    def two(first, name="A"):
        supplier = {"name": "ACME", "addresses": [{"country": "US"}]}
        for key, named in (("a", name), ("b", "B")):
            spec = {"name": named, "supplier": supplier, "app": "sandbox", "default": key == first}
            yield make("BillingProfile", key, spec)

    world.apply(*two("a"))
    made = world.plan(*two("b", name="Renamed"))
    one_more(world, made)
    assert what_moved(world, made) == ()
    step_by_step_from_here = [one_more(world, made) for _ in made.steps[1:]]
    assert step_by_step_from_here == ["BillingProfile/a:update"]


def test_a_default_profile_that_somebody_else_promoted_is_named(world, make):
    supplier = {"name": "ACME", "addresses": [{"country": "US"}]}
    spec = {"name": "A", "supplier": supplier, "app": "sandbox", "default": True}
    world.apply(make("BillingProfile", "a", spec))
    made = world.plan(make("BillingProfile", "a", {**spec, "name": "Renamed"}))
    (theirs,) = [row for row in world.items("/api/v1/billing/profiles") if row["name"] != "A"]
    world.send("PUT", f"/api/v1/billing/profiles/{theirs['id']}", {**theirs, "default": True})
    (said,) = what_moved(world, made)
    assert said.startswith("BillingProfile/a: `default`: True -> False")


def test_an_archived_version_that_goes_is_no_movement(world, catalogue):
    world.apply(*catalogue())
    world.apply(*catalogue("2"))
    made = world.plan(*catalogue("3"))
    (old,) = [row for row in world.items("/api/v1/plans") if row["status"] == "archived"]
    world.send("DELETE", f"/api/v1/plans/{old['id']}")
    assert what_moved(world, made) == ()


# What is done already


def one_more(world, made):
    """Do the next step of a plan, as a run does that takes up where another was killed."""
    done = progress(made, seen(world), ACME).done
    todo = next(index for index, step in enumerate(made.steps) if step.id not in done)
    part = replace(made, steps=made.steps[: todo + 1])
    report = apply(part, world.backend, reveal=lambda _: "", done=done, seen=seen(world))
    assert [result.error for result in report.results if result.error] == []
    return made.steps[todo].id


def step_by_step(world, made):
    """Every prefix of the plan is recognised as done, and nothing else is."""
    sent = []
    assert progress(made, seen(world), ACME).done == {}
    for _ in made.steps:
        sent.append(one_more(world, made))
        assert set(progress(made, seen(world), ACME).done) == set(sent)
        assert what_moved(world, made) == ()
    assert sorted(sent) == sorted(step.id for step in made.steps)
    return [step.verb for step in made.steps]


def test_creating_everything_can_be_taken_up_after_any_step(world, catalogue):
    offer = {"maxQuantity": 3, "metadata": {"team": "billing"}}
    verbs = step_by_step(world, world.plan(*catalogue(offer=offer)))
    assert set(verbs) == {"create", "publish", "attach", "reattach"}
    assert world.plan(*catalogue(offer=offer)).is_empty


def test_new_versions_and_updates_can_be_taken_up_after_any_step(world, catalogue):
    world.apply(*catalogue())
    verbs = step_by_step(world, world.plan(*catalogue("2", "Renamed")))
    assert set(verbs) == {"create", "publish", "attach", "update"}
    assert world.plan(*catalogue("2", "Renamed")).is_empty


def test_removing_everything_can_be_taken_up_after_any_step(world, catalogue):
    world.apply(*catalogue())
    verbs = step_by_step(world, world.plan(prune=True))
    assert set(verbs) == {"archive", "delete", "release"}


def test_adopting_can_be_taken_up(world, make):
    world.send("POST", CHANNELS, {"name": "Ops", **HOOK})
    assert step_by_step(world, world.plan(make("NotificationChannel", "ops", {"name": "Ops", **HOOK}))) == ["adopt"]


def test_what_another_project_made_is_not_what_our_step_meant_to_make(world, tokens, make):
    made = world.plan(tokens, make("NotificationChannel", "ops", {"name": "Ops", **HOOK}))
    mark = {"reconciler.project": "platform", "reconciler.key": "ops"}
    world.send("POST", CHANNELS, {"name": "Ops", **HOOK, "metadata": mark})
    body = next(step.body for step in made.steps if step.address.kind == "Meter")
    world.send("POST", "/api/v1/meters", {**body, "metadata": {**mark, "reconciler.key": "tokens"}})
    assert progress(made, seen(world), ACME).done == {}


def test_a_created_object_with_other_content_is_not_done(world, tokens):
    made = world.plan(tokens)
    (step,) = made.steps
    world.send("POST", "/api/v1/meters", {**step.body, "name": "Other"})
    assert progress(made, seen(world), ACME).done == {}


def test_assignments_that_were_not_read_are_not_done(world, catalogue):
    made = world.plan(*catalogue())
    world.run(made)
    assert "Plan/pro:attach:more" in progress(made, seen(world), ACME).done
    assert "Plan/pro:attach:more" not in progress(made, changed(seen(world), "Plan", assignments=None), ACME).done


def test_an_assignment_on_other_terms_is_not_done(world, catalogue):
    def state():
        return [name for name in progress(made, seen(world), ACME).done if ":attach" in name]

    made = world.plan(*catalogue(offer={"maxQuantity": 3}))
    while not any(step.endswith("create") and step.startswith("Plan") for step in [one_more(world, made)]):
        pass
    (plan,), (addon,) = world.items("/api/v1/plans"), world.items("/api/v1/addons")
    assert state() == []
    base = f"/api/v1/plans/{plan['id']}/addons"
    world.send("POST", base, {"addonId": addon["id"], "fromPlanPhase": "main", "maxQuantity": 2})
    assert state() == []
    world.send("PUT", f"{base}/{addon['id']}", {"fromPlanPhase": "main", "maxQuantity": 3})
    assert state() == ["Plan/pro:attach:more"]


# What is read back


@pytest.fixture
def applied(world, catalogue):
    """A plan that was carried out, with the ids that it made."""
    made = world.plan(*catalogue())
    report = world.run(made)
    ids = {f"{one.step.address}#id": one.created_id for one in report.results if one.step.verb == "create"}
    return made, ids


def changed(observation, kind, **fields):
    """The observation as it would be had the objects of one kind come out differently."""
    rows = tuple(replace(row, **fields) for row in observation.objects[kind])
    return replace(observation, objects={**observation.objects, kind: rows})


def said(applied, observation, **more):
    made, ids = applied
    return [mismatch.message for mismatch in verify(made, observation, ids, **more)]


def test_what_came_out_as_meant_is_not_remarked(world, applied):
    assert said(applied, seen(world)) == []


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("Plan", {"state": "draft"}, "Plan/pro: published, but version 1 is draft when read back"),
        ("Plan", {"assignments": ()}, "Plan/pro: add-on more was attached, but is not there when read back"),
        ("Feature", {"id": "other"}, "Feature/calls: written, but not there when read back"),
        ("Meter", {"id": "other"}, "Meter/tokens: written, but not there when read back"),
    ],
)
def test_what_came_out_otherwise_is_said(world, applied, kind, fields, message):
    found = said(applied, changed(seen(world), kind, **fields))
    assert message in found
    assert all(line.startswith(f"{kind}/") for line in found)


def test_a_field_that_the_server_stored_differently_dropped_or_added_is_said(world, applied):
    (ops,) = world.items(CHANNELS)
    world.send("PUT", f"{CHANNELS}/{ops['id']}", {**ops, "name": "Stored"})
    assert said(applied, seen(world)) == [
        "NotificationChannel/ops: the server stored `Stored` for `name`; sent `Ops`",
    ]
    meters = seen(world).objects["Meter"]
    wire = {name: value for name, value in meters[0].wire.items() if name != "valueProperty"}
    assert said(applied, changed(seen(world), "Meter", wire={**wire, "description": "more"}))[:2] == [
        "Meter/tokens: the server shows `description` = `more`, which was not sent",
        "Meter/tokens: the server ignored `valueProperty`; sent `$.tokens`",
    ]


def test_what_did_not_run_is_not_verified(world, applied):
    observation = changed(seen(world), "Meter", id="other")
    assert said(applied, observation, skip=frozenset({Address("Meter", "tokens")})) == []


def test_what_was_removed_and_is_still_there_is_said(world, applied, make):
    before = seen(world)
    made = world.plan(
        *(make(address.kind, address.key, None, state="absent") for address in dict.fromkeys(
            step.address for step in applied[0].steps))
    )  # fmt: skip
    states = {"Plan": "active", "Addon": "active"}
    assert sorted(mismatch.message for mismatch in verify(made, before, {})) == sorted(
        f"{step.address}: {step.verb}d, but still {states.get(step.address.kind, 'live')} when read back"
        for step in made.steps
    )
    world.run(made)
    assert verify(made, seen(world), {}) == ()


def test_an_add_on_that_was_detached_and_is_still_there_is_said(world, catalogue, make):
    world.apply(*catalogue(state="draft"))
    bare = [item for item in catalogue(state="draft") if item.address.kind != "Plan"]
    plan = next(item for item in catalogue(state="draft") if item.address.kind == "Plan")
    without = replace(plan, spec={name: value for name, value in plan.spec.items() if name != "addons"})
    made = world.plan(*bare, without)
    assert "detach" in [step.verb for step in made.steps]
    assert [m.message for m in verify(made, seen(world), {})] == [
        "Plan/pro: an add-on was detached, but is still there when read back"
    ]
    assert one_more(world, made) == "Plan/pro:detach:" + world.items("/api/v1/addons")[0]["id"]
    while len(progress(made, seen(world), ACME).done) < len(made.steps):
        one_more(world, made)
    assert verify(made, seen(world), {}) == ()


def test_a_draft_that_a_killed_run_left_is_finished_and_the_plan_says_so(world, catalogue):
    world.apply(*catalogue())
    made = world.plan(*catalogue("2"))
    while "Plan/pro:create" not in progress(made, seen(world), ACME).done:
        one_more(world, made)
    again = world.plan(*catalogue("2"))
    assert again.guards == ()
    left = next(change for change in again.changes if change.address.kind == "Plan")
    assert "our draft (version 2), left by an earlier run, is finished" in left.notes
    assert not any("left by an earlier run" in note for change in made.changes for note in change.notes)
    world.apply(*catalogue("2"))
    assert world.plan(*catalogue("2")).is_empty


def test_a_feature_of_which_the_server_does_not_say_when_it_was_made_replaces_nothing(world, catalogue):
    world.apply(*catalogue())
    observation = changed(seen(world), "Feature", created_at=None)
    assert plan(world.desired(*catalogue()), observation, PlanOptions()).is_empty
    late = changed(seen(world), "Feature", created_at="2999-01-01T00:00:00Z")
    made = plan(world.desired(*catalogue()), late, PlanOptions())
    assert {change.reasons for change in made.changes} >= {("feature_replaced",)}


def test_a_draft_that_was_edited_since_is_no_longer_ours(world, catalogue):
    world.apply(*catalogue())
    made = world.plan(*catalogue("2"))
    while "Plan/pro:create" not in progress(made, seen(world), ACME).done:
        one_more(world, made)
    (draft,) = [row for row in world.items("/api/v1/plans") if row["status"] == "draft"]
    world.send("PUT", f"/api/v1/plans/{draft['id']}", {**draft, "name": "Edited"})
    assert [guard.name for guard in world.plan(*catalogue("2")).guards] == ["foreign_draft:Plan/pro"]


def test_an_archived_version_that_a_destroy_deleted_and_is_still_there_is_said(world, catalogue):
    world.apply(*catalogue())
    world.apply(*catalogue("2"))
    before = seen(world)
    made = world.plan(prune=True, mode="destroy")
    found = [mismatch.message for mismatch in verify(made, before, {})]
    assert "Plan/pro: deleted, but still archived when read back" in found
    world.run(made)
    assert verify(made, seen(world), {}) == ()


def test_only_the_fields_that_moved_are_named_not_those_that_the_plan_changes(world, make):
    world.apply(make("NotificationChannel", "ops", {"name": "Ops", **HOOK}))
    made = world.plan(make("NotificationChannel", "ops", {"name": "Night", **HOOK}))
    (live,) = world.items(CHANNELS)
    world.send("PUT", f"{CHANNELS}/{live['id']}", {**live, "url": "https://b.example.com"})
    url = "`url`: `https://hooks.example.com/ops` -> `https://b.example.com`"
    assert what_moved(world, made) == (f"NotificationChannel/ops: {url}",)


def test_a_planned_change_that_somebody_made_beside_another_is_named_too(world, make):
    world.apply(make("NotificationChannel", "ops", {"name": "Ops", **HOOK}))
    made = world.plan(make("NotificationChannel", "ops", {"name": "Night", **HOOK}))
    (live,) = world.items(CHANNELS)
    world.send("PUT", f"{CHANNELS}/{live['id']}", {**live, "name": "Night", "url": "https://b.example.com"})
    (said,) = what_moved(world, made)
    assert "`name`: `Ops` -> `Night`" in said
    assert "`url`:" in said
