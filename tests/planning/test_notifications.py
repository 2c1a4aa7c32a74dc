"""Channels and rules: no natural key, secrets, rules that show only their enabled channels."""

from dataclasses import replace

import pytest

from reconciler.execution import apply
from reconciler.kinds.registry import KINDS
from reconciler.model import Action
from reconciler.planning.resume import progress
from reconciler.planning.verify import verify

HOOK = "https://hooks.example.com/ops"


@pytest.fixture
def ops(make):
    def build(key="ops", **more):
        return make("NotificationChannel", key, {"name": key.title(), "type": "WEBHOOK", "url": HOOK, **more})

    return build


@pytest.fixture
def quota(make):
    def build(*channels, **more):
        spec = {
            "name": "Quota",
            "type": "entitlements.balance.threshold",
            "channels": list(channels or ("ops",)),
            "thresholds": [{"type": "usage_percentage", "value": 80}],
            **more,
        }
        return make("NotificationRule", "quota", spec)

    return build


def channels(world):
    return world.items("/api/v1/notification/channels?includeDisabled=true")


def told(value):
    """Every source has this value."""
    return lambda source: value if source else None


def rules(world):
    return world.items("/api/v1/notification/rules?includeDisabled=true")


def test_a_channel_and_its_rule_are_live_as_declared(world, ops, quota):
    world.apply(ops(), quota())
    (channel,), (rule,) = channels(world), rules(world)
    assert (channel["name"], channel["url"], channel["disabled"]) == ("Ops", HOOK, False)
    assert [item["id"] for item in rule["channels"]] == [channel["id"]]
    assert world.plan(ops(), quota()).is_empty


def test_an_update_keeps_the_secret_that_the_server_made(world, ops):
    world.apply(ops())
    (before,) = channels(world)
    world.apply(ops(url="https://hooks.example.com/other"))
    (after,) = channels(world)
    assert after["url"] == "https://hooks.example.com/other"
    assert after["signingSecret"] == before["signingSecret"]


def test_a_declared_secret_is_compared_in_memory_and_never_shown(world, ops):
    declared = ops(signingSecret={"env": "HOOK_SECRET"})
    world.apply(declared)
    assert world.plan(declared).is_empty
    secret = "whsec_" + "b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVy"
    made = world.plan(declared, reveal=lambda source: secret if source == {"env": "HOOK_SECRET"} else None)
    (change,) = made.changes
    assert [(field.path, field.before, field.after, field.note) for field in change.fields] == [
        ("signingSecret", None, None, "(secret, changed)")
    ]
    assert secret not in repr(made)
    assert channels(world)[0]["signingSecret"] not in repr(made)


def test_a_channel_is_adopted_by_its_name_and_that_needs_consent(world, ops):
    world.send("POST", "/api/v1/notification/channels", {"name": "Ops", "type": "WEBHOOK", "url": HOOK})
    made = world.apply(ops())
    (change,) = made.changes
    assert change.action is Action.ADOPT
    assert [guard.code for guard in made.guards] == ["adopt"]
    (live,) = channels(world)
    assert live["metadata"]["reconciler.key"] == "ops"
    assert world.plan(ops()).is_empty


def test_two_channels_of_one_name_are_refused_with_their_ids_until_one_is_chosen(world, ops):
    ids = [
        world.send("POST", "/api/v1/notification/channels", {"name": "Ops", "type": "WEBHOOK", "url": HOOK})["id"]
        for _ in range(2)
    ]
    made = world.plan(ops())
    assert [guard.code for guard in made.guards] == ["ambiguous_match"]
    assert all(ident in made.guards[0].message for ident in ids)
    chosen = world.desired(ops(), adopt={ops().address: ids[0]})
    world.apply(wanted=chosen)
    assert {item["id"]: "metadata" in item for item in channels(world)} == {ids[0]: True, ids[1]: False}


def test_a_former_key_re_keys_in_place(world, ops, make):
    world.apply(ops())
    (before,) = channels(world)
    renamed = make("NotificationChannel", "oncall", ops().spec, former_keys=("ops",))
    made = world.apply(renamed)
    assert [change.action for change in made.changes] == [Action.UPDATE]
    (after,) = channels(world)
    assert (after["id"], after["metadata"]["reconciler.key"]) == (before["id"], "oncall")


def test_two_objects_with_our_marker_stop_the_plan(world, ops):
    world.apply(ops())
    (live,) = channels(world)
    body = {"name": "Ops", "type": "WEBHOOK", "url": HOOK, "metadata": live["metadata"]}
    world.send("POST", "/api/v1/notification/channels", body)
    assert [guard.code for guard in world.plan(ops()).guards] == ["duplicate_marker"]


def test_a_rule_is_compared_over_its_enabled_channels(world, ops, quota):
    both = (ops(), ops("backup", disabled=True), quota("ops", "backup"))
    world.apply(*both)
    assert world.plan(*both).is_empty


def test_enabling_a_channel_rewrites_the_rules_that_declare_it(world, ops, quota):
    world.apply(ops(), ops("backup", disabled=True), quota("ops", "backup"))
    on = (ops(), ops("backup"), quota("ops", "backup"))
    made = world.apply(*on)
    assert [step.address.kind for step in made.steps] == ["NotificationChannel", "NotificationRule"]
    (rule,) = rules(world)
    assert len(rule["channels"]) == 2
    assert world.plan(*on).is_empty


def test_a_rule_lets_go_of_a_channel_before_it_is_disabled(world, ops, quota):
    world.apply(ops(), ops("backup"), quota("ops", "backup"))
    off = (ops(), ops("backup", disabled=True), quota("ops", "backup"))
    made = world.apply(*off)
    assert [step.address.kind for step in made.steps] == ["NotificationRule", "NotificationChannel"]
    assert world.plan(*off).is_empty


def test_a_channel_goes_after_the_rule_that_used_it(world, ops, quota, make):
    world.apply(ops(), quota())
    made = world.apply(prune=True, wanted=world.desired(make("Meter", "none", state="absent")))
    assert [step.address.kind for step in made.steps] == ["NotificationRule", "NotificationChannel"]
    assert (channels(world), rules(world)) == ([], [])


def test_the_type_of_a_rule_is_immutable_so_a_successor_is_made_first(world, ops, quota, make):
    world.apply(ops(), quota())
    (before,) = rules(world)
    reset = make("NotificationRule", "quota", {"name": "Quota", "type": "entitlements.reset", "channels": ["ops"]})
    made = world.plan(ops(), reset)
    assert [step.verb for step in made.steps] == ["create", "delete"]
    world.run(replace(made, steps=made.steps[:1]))
    assert len(rules(world)) == 2
    world.apply(ops(), reset)
    (after,) = rules(world)
    assert (after["type"], after["id"] != before["id"]) == ("entitlements.reset", True)
    assert world.plan(ops(), reset).is_empty


def test_a_rule_whose_channels_are_all_disabled_is_created_and_updated_and_converges(world, ops, quota):
    off = ops(disabled=True)
    world.apply(off, quota())
    assert world.plan(off, quota()).is_empty
    world.apply(off, quota(name="Renamed"))
    (rule,) = rules(world)
    assert (rule["name"], rule["channels"]) == ("Renamed", [])
    assert world.plan(off, quota(name="Renamed")).is_empty
    world.apply(ops(), quota(name="Renamed"))
    assert len(rules(world)[0]["channels"]) == 1


def test_the_only_channel_of_a_rule_is_disabled_while_the_rule_changes(world, ops, quota):
    world.apply(ops(), quota())
    world.apply(ops(disabled=True), quota(name="Renamed"))
    assert world.plan(ops(disabled=True), quota(name="Renamed")).is_empty


def test_a_rule_that_moves_to_a_disabled_channel_tells_the_old_one_no_more(world, ops, quota):
    both = (ops(), ops("backup", disabled=True))
    world.apply(*both, quota("ops"))
    world.apply(*both, quota("backup"))
    assert rules(world)[0]["channels"] == []
    assert world.plan(*both, quota("backup")).is_empty


def test_a_channel_that_a_rule_of_somebody_else_tells_is_not_deleted(world, ops, make):
    world.apply(ops())
    body = {"name": "Theirs", "type": "entitlements.reset", "channels": [channels(world)[0]["id"]]}
    world.send("POST", "/api/v1/notification/rules", body)
    (guard,) = world.plan(wanted=world.desired(make("Meter", "none", state="absent")), prune=True).guards
    assert (guard.code, rules(world)[0]["id"] in guard.message) == ("blocked_by_server", True)
    made = world.apply(wanted=world.desired(), prune=True, mode="destroy")
    assert [change.action for change in made.changes] == [Action.RELEASE]


def test_a_secret_that_cannot_be_compared_is_written_when_that_is_asked_for(world, ops):
    declared = ops(signingSecret={"env": "HOOK_SECRET"}, customHeaders={"Authorization": {"env": "A"}})
    world.apply(declared)
    assert world.plan(declared).is_empty
    made = world.plan(declared, write_secrets=True)
    assert [field.path for field in made.changes[0].fields] == ["customHeaders.Authorization", "signingSecret"]
    assert made.steps[0].body["signingSecret"] == {"$secret": {"env": "HOOK_SECRET"}}


def test_a_saved_plan_that_only_changes_a_secret_is_not_taken_for_done(world, ops):
    declared = ops(signingSecret={"env": "HOOK_SECRET"})
    world.apply(declared)
    new = "whsec_" + "b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVy"
    made = world.plan(declared, reveal=told(new))
    observation, ours = world.backend.observe(KINDS), frozenset({"acme"})
    assert progress(made, observation, ours, told(new)).done == {}
    assert progress(made, observation, ours).done == {}
    old = channels(world)[0]["signingSecret"]
    assert list(progress(made, observation, ours, told(old)).done) == [made.steps[0].id]


def test_a_secret_that_reads_back_otherwise_is_a_mismatch_that_does_not_show_it(world, ops):
    made = world.plan(ops(signingSecret={"env": "HOOK_SECRET"}))
    report = world.run(made)
    created = {"NotificationChannel/ops#id": report.results[0].created_id}
    (mismatch,) = verify(made, world.backend.observe(KINDS), created, reveal=told("whsec_other"))
    assert "signingSecret" in mismatch.message
    assert "whsec" not in mismatch.message


def test_a_channel_is_replaced_under_the_rule_that_tells_it(world, ops, quota):
    world.apply(ops(customHeaders={"X-A": "1"}), quota())
    (before,) = channels(world)
    bare = replace(ops(), management=replace(ops().management, replace_on=("customHeaders",)))
    made = world.apply(bare, quota())
    assert [f"{step.verb} {step.address.kind}" for step in made.steps] == [
        "create NotificationChannel",
        "update NotificationRule",
        "delete NotificationChannel",
    ]
    (after,) = channels(world)
    assert after["id"] != before["id"]
    assert "customHeaders" not in after
    assert [item["id"] for item in rules(world)[0]["channels"]] == [after["id"]]
    assert world.plan(bare, quota()).is_empty


def test_a_killed_replacement_of_a_channel_is_finished_with_its_rule(world, ops, quota):
    world.apply(ops(customHeaders={"X-A": "1"}), quota())
    bare = replace(ops(), management=replace(ops().management, replace_on=("customHeaders",)))
    made = world.plan(bare, quota())
    world.run(replace(made, steps=made.steps[:1]))
    assert len(channels(world)) == 2
    world.apply(bare, quota())
    (after,) = channels(world)
    assert [item["id"] for item in rules(world)[0]["channels"]] == [after["id"]]
    assert world.plan(bare, quota()).is_empty


def test_a_disabled_channel_is_deleted_although_a_rule_names_it_unseen(world, ops, quota):
    off = [ops(key, disabled=True) for key in ("ops", "backup")]
    world.apply(*off, quota("ops", "backup"))
    made = world.apply(off[0], quota("ops"), prune=True)
    assert [change.reasons for change in made.changes if change.address.kind == "NotificationRule"] == [
        ("disabled_channel_removed",)
    ]
    assert [channel["name"] for channel in channels(world)] == ["Ops"]
    assert world.plan(off[0], quota("ops"), prune=True).is_empty


def test_a_rule_is_made_without_its_disabled_channels_which_may_go_then(world, ops, quota):
    world.apply(ops(), ops("backup", disabled=True), quota("ops", "backup"))
    world.apply(ops(), quota("ops"), prune=True)
    assert [channel["name"] for channel in channels(world)] == ["Ops"]


def test_a_rule_that_must_be_replaced_keeps_its_disabled_channels(world, ops, quota, make):
    world.apply(ops(disabled=True), quota())
    reset = make("NotificationRule", "quota", {"name": "Quota", "type": "entitlements.reset", "channels": ["ops"]})
    world.apply(ops(disabled=True), reset)
    assert rules(world)[0]["type"] == "entitlements.reset"


def test_destroy_deletes_the_rules_before_the_disabled_channel_that_they_name_unseen(world, ops, quota):
    world.apply(ops(disabled=True), quota())
    world.apply(wanted=world.desired(), prune=True, mode="destroy")
    assert (channels(world), rules(world)) == ([], [])


def test_the_last_header_is_gone_when_the_channel_is_made_anew(world, make):
    spec = {"name": "Ops", "type": "WEBHOOK", "url": "https://a.example.com", "customHeaders": {"X-Team": "billing"}}
    world.apply(make("NotificationChannel", "ops", spec))
    anew = {"name": "Ops", "type": "WEBHOOK", "url": "https://b.example.com"}
    world.apply(make("NotificationChannel", "ops", anew, replace_on=("url",)))
    (live,) = world.items("/api/v1/notification/channels")
    assert (live["url"], live.get("customHeaders") or {}) == ("https://b.example.com", {})


def test_a_rule_that_names_a_disabled_channel_unseen_is_written_before_the_channel_goes(world, ops, quota):
    """However it looks: the rule shows what is declared already, and only its writing lets the channel go."""
    world.apply(ops(), ops("backup"), quota("ops", "backup"))
    (backup,) = [row for row in channels(world) if row["name"] == "Backup"]
    world.send("PUT", f"/api/v1/notification/channels/{backup['id']}", {**backup, "disabled": True})
    made = world.plan(ops(), quota("ops"), prune=True)
    assert [step.id for step in made.steps] == ["NotificationRule/quota:update", "NotificationChannel/backup:delete"]
    seen = world.backend.observe(KINDS)
    reached = progress(made, seen, frozenset({"acme"}))
    assert (reached.done, reached.again) == ({}, {"NotificationRule/quota:update"})
    report = apply(made, world.backend, reveal=str, done=reached.done, seen=seen)
    assert [result.error for result in report.results if result.error] == []
    assert [row["name"] for row in channels(world)] == ["Ops"]
