"""The shape of ``terraform show -json``: what policies and viewers of plans rely on, and how our actions are told."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from reconciler.kinds.registry import KINDS
from reconciler.model import Action, Address, Change, ChangeClass, Contents, FieldChange, Guard, Plan, Step, Target
from reconciler.render import terraform_json
from reconciler.render.terraform_values import name_of

PRO = Address("Plan", "pro")
BEFORE = {"name": "Pro", "currency": "USD", "phases": [{"key": "main", "rateCards": []}]}
AFTER = {**BEFORE, "name": "Pro (2027)"}


def plan(change, *steps, before=None, after=None, **more):
    contents = (Contents(change.address, before, after),) if before is not None else ()
    return Plan(Target("production", "https://x.example", "01J"), "acme", (change,), steps, contents=contents, **more)


def step(address, verb, target_id=None):
    return Step(f"{address}:{verb}", address, verb, "POST", "/x", target_id=target_id)


def read(plan):
    return json.loads(terraform_json.dumps(plan))


def only(plan):
    """The one resource change of a plan."""
    (found,) = read(plan)["resource_changes"]
    return found


def told(change, *steps, **more):
    return only(plan(change, *steps, **more))["change"]


def test_the_document_is_one_line_of_ascii_as_terraform_prints_it(make):
    text = terraform_json.dumps(make.plan("price", "created"))
    assert text.isascii()
    assert text.endswith("}\n")
    assert text.count("\n") == 1


def test_the_document_has_what_readers_ask_of_one(make):
    document = read(make.plan("price", "created"))
    assert document["format_version"] == "1.2"
    assert document["terraform_version"]
    assert document["timestamp"] == "2026-11-21T10:00:00Z"
    assert (document["complete"], document["applyable"], document["errored"]) == (True, False, False)
    assert document["output_changes"] == {}
    first = document["resource_changes"][0]
    assert {name: first[name] for name in ("address", "mode", "type", "name", "provider_name")} == {
        "address": "openmeter_plan.pro",
        "mode": "managed",
        "type": "openmeter_plan",
        "name": "pro",
        "provider_name": "openmeter.io/reconciler/openmeter",
    }
    declared = document["configuration"]["root_module"]["resources"]
    assert [one["address"] for one in declared] == ["openmeter_plan.pro", "openmeter_meter.tokens"]


@pytest.mark.parametrize(
    ("action", "done", "expected"),
    [
        (Action.CREATE, ("create",), ["create"]),
        (Action.UPDATE, ("update",), ["update"]),
        (Action.NEW_VERSION, ("create", "publish"), ["update"]),
        (Action.REPLACE, ("delete", "create"), ["delete", "create"]),
        (Action.REPLACE, ("archive", "create"), ["delete", "create"]),
        (Action.REPLACE, ("create", "delete"), ["create", "delete"]),
        (Action.UPDATE, ("update", "delete"), ["create", "delete"]),
        (Action.ARCHIVE, ("archive",), ["delete"]),
        (Action.DELETE, ("archive", "delete"), ["delete"]),
        (Action.RELEASE, ("release",), ["forget"]),
        (Action.ADOPT, ("update",), ["no-op"]),
    ],
)
def test_every_action_is_one_that_terraform_has(action, done, expected):
    assert told(Change(PRO, action, done))["actions"] == expected


def test_what_is_as_declared_is_no_resource_for_nothing_tells_it_whole(make):
    quiet = Change(PRO, Action.NO_CHANGE, notes=("1 ignored difference",))
    document = read(replace(make.plan("created"), changes=(quiet, make.change("created"))))
    assert [one["address"] for one in document["resource_changes"]] == ["openmeter_meter.tokens"]
    assert document["reconciler"]["changes"]["openmeter_plan.pro"]["notes"] == ["1 ignored difference"]
    assert document["reconciler"]["summary"]["no_change"] == 12


def test_the_id_is_that_of_the_version_which_is_archived_not_of_a_draft_that_goes_with_it():
    change = Change(PRO, Action.ARCHIVE, ("archive",), before_version=2)
    found = told(change, step(PRO, "delete", "01DRAFT"), step(PRO, "archive", "01LIVE"), before=BEFORE)
    assert found["before"]["id"] == "01LIVE"


def test_every_change_that_is_destructive_is_found_by_a_scan_for_delete():
    for action in Action:
        for done in (("archive",), ("delete",), ("update", "delete"), ("archive", "create")):
            if action in (Action.CREATE, Action.NEW_VERSION, Action.RELEASE, Action.NO_CHANGE):
                continue
            assert "delete" in told(Change(PRO, action, done, (ChangeClass.DESTRUCTIVE,)))["actions"]


def test_an_adoption_imports_and_is_an_update_where_something_changes():
    change = Change(PRO, Action.ADOPT, ("update",), fields=(FieldChange("name", "Pro", "Pro (2027)"),))
    found = told(change, step(PRO, "adopt", "01LIVE"), before=BEFORE, after=AFTER)
    assert (found["actions"], found["importing"]) == (["update"], {"id": "01LIVE"})


def test_a_new_version_is_whole_on_both_sides_and_has_an_id_of_its_own():
    change = Change(PRO, Action.NEW_VERSION, ("create", "publish"), before_version=4, after_version=5)
    found = told(change, step(PRO, "update", "01DRAFT"), before=BEFORE, after=AFTER)
    assert found["before"] == {**BEFORE, "key": "pro", "version": 4}
    assert found["after"] == {**AFTER, "key": "pro", "version": 5}
    assert found["after_unknown"] == {"id": True}
    assert (found["before_sensitive"], found["after_sensitive"]) == ({}, {})
    assert "replace_paths" not in found


def test_what_is_created_is_nothing_before_and_whole_after(make):
    found = only(make.plan("created"))["change"]
    assert found["before"] is None
    assert found["after"] == {
        "name": "Tokens of a model",
        "eventType": "prompt",
        "aggregation": "SUM",
        "valueProperty": "$.tokens",
        "groupBy": {"model": "$.model", "type": "$.type"},
        "key": "tokens",
    }
    assert found["after_unknown"] == {"id": True}


@pytest.mark.parametrize("action", [Action.ARCHIVE, Action.DELETE, Action.RELEASE])
def test_what_goes_is_whole_before_and_nothing_after(action):
    change = Change(PRO, action, (action.value,), before_version=2)
    found = told(change, step(PRO, "archive", "01LIVE"), before=BEFORE)
    assert found["before"] == {**BEFORE, "key": "pro", "id": "01LIVE", "version": 2}
    assert (found["after"], found["after_unknown"], found["after_sensitive"]) == (None, {}, False)
    document = read(plan(change, step(PRO, "archive", "01LIVE"), before=BEFORE))
    assert document["planned_values"] == {"root_module": {}}
    assert document["configuration"]["root_module"] == {}
    assert document["prior_state"]["values"]["root_module"]["resources"][0]["values"] == found["before"]


def test_a_replacement_says_which_paths_force_it(make):
    found = only(make.plan("replaced"))
    assert found["change"]["replace_paths"] == [["aggregation"]]
    assert found["action_reason"] == "replace_because_cannot_update"


def test_a_replacement_has_the_old_id_before_and_none_that_is_known_after():
    change = Change(PRO, Action.REPLACE, ("delete", "create"))
    found = told(change, step(PRO, "delete", "01LIVE"), step(PRO, "create"), before=BEFORE, after=AFTER)
    assert found["before"]["id"] == "01LIVE"
    assert "id" not in found["after"]
    assert found["after_unknown"] == {"id": True}


def test_only_money_has_a_percentage():
    fields = (FieldChange("a", "100", "50", currency="USD"), FieldChange("b", 100, 50))
    told_of = read(plan(Change(PRO, Action.UPDATE, fields=fields)))["reconciler"]["changes"]["openmeter_plan.pro"]
    assert [field["percent"] for field in told_of["fields"]] == [-50.0, None]


def test_an_older_plan_file_tells_the_fields_that_differ_nested(make):
    found = only(make.plan("price"))["change"]
    cards = found["after"]["phases"]["main"]["rateCards"]
    assert cards["tokens_large"]["price"]["tiers"]["2"]["unitPrice"] == {"amount": "0.0000025"}
    assert cards["seats"]["price"]["minimumAmount"] == "10"
    assert found["before"]["name"] == "Pro"


def test_a_secret_is_marked_and_never_there(make):
    change = make.change("adopted")
    change = replace(change, fields=(replace(change.fields[0], before="whsec_old", after="whsec_new", note=None),))
    text = terraform_json.dumps(plan(change))
    assert "whsec" not in text
    assert json.loads(text)["resource_changes"][0]["change"]["after_sensitive"] == {"signingSecret": True}


def test_why_something_goes_is_told_in_terraforms_words():
    change = Change(PRO, Action.ARCHIVE, ("archive",), reasons=("removed_from_manifests",))
    assert only(plan(change))["action_reason"] == "delete_because_no_resource_config"
    assert "action_reason" not in only(plan(Change(PRO, Action.UPDATE, ("update",))))


def test_our_own_left_over_draft_is_a_deposed_object():
    change = Change(PRO, Action.DELETE, ("delete",), reasons=("draft_not_wanted",))
    assert only(plan(change))["deposed"] == "draft"


def test_guards_are_checks_that_fail_while_they_are_open(make):
    made = make.plan("price", "replaced")
    consented = replace(made.guards[1], status="consented")
    everywhere = Guard("max_removals", None, "too many", consentable=False)
    document = read(replace(made, guards=(made.guards[0], consented, everywhere)))
    found = {check["address"]["to_display"]: check for check in document["checks"]}
    assert {name: check["status"] for name, check in found.items()} == {
        "openmeter_plan.pro": "fail",
        "openmeter_meter.seconds": "pass",
        "check.max_removals": "fail",
    }
    (instance,) = found["openmeter_plan.pro"]["instances"]
    assert instance["problems"] == [{"message": "Plan/pro: needs a decision."}]
    assert found["openmeter_plan.pro"]["address"]["kind"] == "resource"
    assert found["check.max_removals"]["address"]["kind"] == "check"


def test_a_plan_can_be_applied_when_it_does_something_and_no_guard_is_open(make):
    made = make.plan("created")
    assert read(made)["applyable"] is True
    assert read(replace(made, changes=(), steps=()))["applyable"] is False
    assert read(replace(made, complete=False))["complete"] is False
    assert read(replace(made, source=replace(made.source, snapshot="ab12")))["applyable"] is False


def test_what_terraform_has_no_word_for_stands_beside_it(make):
    ours = read(make.plan("price"))["reconciler"]
    change = ours["changes"]["openmeter_plan.pro"]
    assert (change["class"], change["classes"]) == ("price-raising", ["additive", "price-raising"])
    assert [(field["currency"], field["percent"]) for field in change["fields"]] == [
        ("USD", 25.0),
        (None, None),
        (None, None),
    ]
    assert ours["guards"][0]["name"] == "price-raising:Plan/pro"
    assert (ours["environment"], ours["project"]) == ("production", "acme")


def test_hostile_keys_are_an_index_and_print_nothing():
    key = 'a.b["\\\n\x1b\u202e'
    change = Change(Address("Plan", key), Action.UPDATE, ("update",))
    text = terraform_json.dumps(plan(change))
    (found,) = json.loads(text)["resource_changes"]
    assert text.isascii()
    assert found["name"] == "this"
    assert found["address"] == f"openmeter_plan.this[{json.dumps(found['index'])}]"
    assert found["index"] == 'a.b["\\\\n\\x1b\\u202e'


def test_every_kind_has_a_type_and_no_field_that_key_id_and_version_would_hide():
    assert name_of(Address("NotificationChannel", "ops")).address == "openmeter_notification_channel.ops"
    assert name_of(Address("BillingProfile", "2024_main")).address == "openmeter_billing_profile.2024_main"
    for kind in KINDS.values():
        assert not {"key", "id", "version"} & kind.shape.fields.keys()
