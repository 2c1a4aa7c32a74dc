"""``drift``: what somebody changed past the reconciler is told, told apart, and put back where it is no money."""

from __future__ import annotations

import json
import shutil
import subprocess
from base64 import b64encode

import pytest
from jsonschema import Draft202012Validator

from reconciler.cli.schema_files import SCHEMAS

METER = ("Meter", "tokens", {"name": "Tokens", "eventType": "prompt", "aggregation": "COUNT"})
FEATURE = ("Feature", "tokens", {"name": "Tokens", "meterSlug": "tokens"})
HOOK = {"name": "Ops", "type": "WEBHOOK", "url": "https://hooks.example.com/ops"}
CHANNEL = ("NotificationChannel", "ops", HOOK)
RULE = ("NotificationRule", "bills", {"name": "Bills", "type": "invoice.created", "channels": ["ops"]})


def pro(amount="20", **more):
    price = {"type": "flat", "amount": amount, "paymentTerm": "in_advance"}
    card = {"type": "flat_fee", "key": "base", "name": "Base", "billingCadence": "P1M", "price": price}
    phase = {"key": "main", "name": "Main", "rateCards": [card]}
    return ("Plan", "pro", {"name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": [phase], **more})


def applied(run, live, *documents):
    live.declare(*documents)
    assert run("apply", "--auto-approve").code == 0
    assert run("drift").code == 0


def found(run, *more, code=2):
    ended = run("drift", "--format", "json", *more)
    assert (ended.code, ended.err) == (code, "")
    tree = json.loads(ended.out)
    assert not list(Draft202012Validator(SCHEMAS["drift"]()).iter_errors(tree))
    assert tree["clean"] is (code == 0)
    return {
        one["address"]: (one["what"], one["origin"], {field["path"]: field["origin"] for field in one["fields"]})
        for one in tree["objects"]
    }


def rename_meter(live, name):
    (meter,) = live.items("meters")
    live.send("PUT", f"meters/{meter['id']}", {"name": name, "metadata": meter["metadata"], "groupBy": {}})


def click_a_version(live, amount):
    """What the UI does: the next version of the active one, edited and published."""
    (active,) = [plan for plan in live.items("plans") if plan["status"] == "active"]
    made = live.send("POST", f"plans/{active['id']}/next")
    draft = live.send("GET", f"plans/{made['id']}")
    draft["phases"][0]["rateCards"][0]["price"]["amount"] = amount
    fields = ("name", "metadata", "billingCadence", "proRatingConfig", "phases", "settlementMode")
    live.send("PUT", f"plans/{draft['id']}", {name: draft[name] for name in fields if name in draft})
    return draft["id"]


def test_nothing_has_drifted_after_an_apply_and_an_edit_ends_with_2(run, live):
    applied(run, live, METER, FEATURE, CHANNEL, RULE, pro())
    assert run("drift").out.endswith("No drift. Live is as declared.\n")
    rename_meter(live, "Clicked")
    ended = run("drift")
    assert ended.code == 2
    assert "~ name: Tokens -> Clicked" in ended.out
    assert "Drift: 1 object not as declared" in ended.out
    assert found(run) == {"Meter/tokens": ("changed", "unknown", {"name": "unknown"})}


def test_what_is_deleted_archived_or_loses_its_marker_is_told(run, live):
    applied(run, live, METER, CHANNEL, RULE, pro())
    (rule,) = live.items("notification/rules")
    live.send("DELETE", f"notification/rules/{rule['id']}")
    (plan,) = live.items("plans")
    live.send("POST", f"plans/{plan['id']}/archive")
    (channel,) = live.items("notification/channels")
    body = {name: channel[name] for name in ("type", "name", "url", "signingSecret")}
    live.send("PUT", f"notification/channels/{channel['id']}", {**body, "metadata": {}})
    assert found(run) == {
        "NotificationChannel/ops": ("unmarked", "unknown", {}),
        "NotificationRule/bills": ("missing", "unknown", {}),
        "Plan/pro": ("missing", "outside", {}),
    }
    assert "Plan/pro is archived (version 1), and is declared" in run("drift").out


def test_a_version_made_by_hand_is_told_from_one_that_waits_to_be_published(run, live):
    """The marker of a version holds a digest of what was published, so no base is needed."""
    applied(run, live, pro())
    live.declare(pro("30"))
    path = "phases[main].rateCards[base].price.amount"
    assert found(run) == {"Plan/pro": ("changed", "manifest", {path: "manifest"})}
    assert f"~ {path}: 20 -> 30 USD" in run("drift").out
    live.declare(pro())
    draft = click_a_version(live, "25")
    assert found(run) == {"Plan/pro": ("draft", "outside", {})}
    live.send("POST", f"plans/{draft}/publish")
    assert found(run) == {"Plan/pro": ("changed", "outside", {path: "outside"})}
    assert f"~ {path}: 20 -> 25 USD (+25.0 %)" in run("drift").out


def test_what_is_ignored_foreign_or_not_managed_is_no_drift(run, live):
    applied(run, live, ("Meter", "tokens", METER[2], {"ignore": ["name"]}))
    rename_meter(live, "Clicked")
    live.send("POST", "meters", {"slug": "other", "eventType": "x", "aggregation": "COUNT"})
    assert found(run, code=0) == {}
    (meter, _) = sorted(live.items("meters"), key=lambda item: item["slug"] != "tokens")
    assert meter["name"] == "Clicked"
    live.send("DELETE", f"meters/{meter['id']}")
    theirs = {"slug": "tokens", "eventType": "prompt", "aggregation": "COUNT"}
    live.send("POST", "meters", {**theirs, "metadata": {"reconciler.project": "theirs", "reconciler.key": "tokens"}})
    assert found(run) == {"Meter/tokens": ("in-the-way", "outside", {})}


def test_a_changed_secret_is_drift_and_is_never_shown(run, live, monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", "whsec_" + b64encode(b"the secret of the hook, declared").decode())
    applied(run, live, ("NotificationChannel", "ops", {**HOOK, "signingSecret": {"env": "HOOK_SECRET"}}))
    (channel,) = live.items("notification/channels")
    clicked = "whsec_" + b64encode(b"another one that somebody clicked").decode()
    body = {name: channel[name] for name in ("type", "name", "url", "metadata")}
    live.send("PUT", f"notification/channels/{channel['id']}", {**body, "signingSecret": clicked})
    ended = run("drift")
    assert ended.code == 2
    assert "signingSecret: (secret, changed)" in ended.out
    both = ended.out + run("drift", "--format", "json").out
    assert clicked not in both
    assert "whsec_" not in both


def git(folder, *arguments):
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(("git", "-C", str(folder), *identity, *arguments), check=True, capture_output=True)


def commit(folder):
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    git(folder, "init", "-q")
    (folder / ".gitignore").write_text(".reconciler\n")
    git(folder, "add", "reconciler.yaml", "catalog", ".gitignore")
    git(folder, "commit", "-qm", "x")


def test_a_base_tells_which_side_moved_field_by_field(run, live, tmp_path):
    applied(run, live, METER, CHANNEL, RULE, pro())
    commit(tmp_path)
    rename_meter(live, "Clicked")
    click = {name: value for name, value in live.items("notification/channels")[0].items() if name != "id"}
    ident = live.items("notification/channels")[0]["id"]
    live.send("PUT", f"notification/channels/{ident}", {**click, "url": "https://clicked.example.com"})
    live.send("DELETE", f"notification/rules/{live.items('notification/rules')[0]['id']}")
    other = ("Meter", "other", {"eventType": "x", "aggregation": "COUNT"})
    live.declare(
        ("Meter", "tokens", {**METER[2], "name": "Mine", "description": "New"}),
        ("NotificationChannel", "ops", {**HOOK, "metadata": {"team": "ops"}}),
        RULE,
        pro(description="New"),
        other,
    )
    assert found(run, "--base", "HEAD") == {
        "Meter/other": ("missing", "manifest", {}),
        "Meter/tokens": ("changed", "both", {"description": "manifest", "name": "both"}),
        "NotificationChannel/ops": ("changed", "both", {"metadata": "manifest", "url": "outside"}),
        "NotificationRule/bills": ("missing", "outside", {}),
        "Plan/pro": ("changed", "manifest", {"description": "manifest"}),
    }
    text = run("drift", "--base", "HEAD").out
    assert "compared with what was declared at revision HEAD" in text
    assert "+ description: New" in text
    assert "~ name: Mine -> Clicked" in text


def test_a_base_may_be_the_plan_or_the_report_of_what_was_applied(run, live, tmp_path):
    live.declare(METER)
    commit(tmp_path)
    assert run("plan", "-o", "p.plan").code == 0
    assert run("apply", "--auto-approve", "--report", "r.json").code == 0
    rename_meter(live, "Clicked")
    for file in ("p.plan", "r.json", ".reconciler/receipts/live.jsonl"):
        assert found(run, "--base", file) == {"Meter/tokens": ("changed", "outside", {"name": "outside"})}
    live.declare(METER, FEATURE)
    assert run("plan", "-o", "dirty.plan").code == 0
    for base, said in (
        ("dirty.plan", "was made from manifests that were not committed"),
        ("reconciler.yaml", "is neither a saved plan, a report, nor receipts of an apply"),
        ("no-such-thing", "`no-such-thing` is neither a git revision nor a file"),
    ):
        ended = run("drift", "--base", base)
        assert ended.code == 64
        assert said in ended.err


def test_a_base_of_receipts_knows_a_rollback(run, live, tmp_path):
    applied(run, live, METER)
    commit(tmp_path)
    live.declare(("Meter", "tokens", {**METER[2], "name": "Renamed"}))
    git(tmp_path, "commit", "-qam", "y")
    assert run("apply", "--auto-approve").code == 0
    assert run("rollback", "--to", "HEAD~1", "--auto-approve").code == 0
    receipts = ("--base", ".reconciler/receipts/live.jsonl")
    assert found(run, *receipts) == {"Meter/tokens": ("changed", "manifest", {"name": "manifest"})}


def test_heal_puts_back_what_is_no_money_and_leaves_the_rest(run, live):
    applied(run, live, METER, FEATURE, CHANNEL, RULE, pro())
    rename_meter(live, "Clicked")
    live.send("DELETE", f"notification/rules/{live.items('notification/rules')[0]['id']}")
    live.send("POST", f"plans/{click_a_version(live, '25')}/publish")
    before = live.items("plans")
    assert run("drift", "--heal").code == 64
    ended = run("drift", "--heal", "--auto-approve")
    assert ended.code == 2, ended.err
    assert "Left as it is:" in ended.err
    assert "price-lowering: not healed by itself" in ended.err
    assert live.items("meters")[0]["name"] == "Tokens"
    assert [rule["name"] for rule in live.items("notification/rules")] == ["Bills"]
    assert live.items("plans") == before
    assert list(found(run)) == ["Plan/pro"]


def test_heal_ends_with_0_when_nothing_is_left_and_applies_nothing_new_of_the_manifests(run, live, tmp_path):
    applied(run, live, METER, CHANNEL)
    commit(tmp_path)
    rename_meter(live, "Clicked")
    assert run("drift", "--heal", "--auto-approve", "--report", "r.json").code == 0
    assert json.loads((tmp_path / "r.json").read_text())["mode"] == "heal"
    assert found(run, code=0) == {}
    ended = run("drift", "--heal", "--auto-approve")
    assert (ended.code, "No drift." in ended.err) == (0, True)
    live.declare(METER, ("NotificationChannel", "ops", {**HOOK, "url": "https://new.example.com"}))
    ended = run("drift", "--heal", "--auto-approve", "--base", "HEAD")
    assert ended.code == 2
    assert live.items("notification/channels")[0]["url"] == HOOK["url"]


def test_what_nobody_consented_to_is_left_and_the_rest_heals(run, live):
    applied(run, live, METER, CHANNEL)
    rename_meter(live, "Clicked")
    (channel,) = live.items("notification/channels")
    body = {name: channel[name] for name in ("type", "name", "url", "signingSecret")}
    live.send("PUT", f"notification/channels/{channel['id']}", {**body, "metadata": {}})
    ended = run("drift", "--heal", "--auto-approve")
    assert ended.code == 2
    assert "healed with `--allow adopt:NotificationChannel/ops`" in ended.err
    assert found(run) == {"NotificationChannel/ops": ("unmarked", "unknown", {})}
    assert run("drift", "--heal", "--auto-approve", "--allow", "adopt:NotificationChannel/ops").code == 0
    assert found(run, code=0) == {}


def test_what_a_plan_that_is_left_needs_is_not_healed_past_it_and_sale_is_never_reopened(run, live):
    applied(run, live, CHANNEL, RULE, pro())
    live.send("POST", f"plans/{live.items('plans')[0]['id']}/archive")
    ended = run("drift", "--heal", "--auto-approve")
    assert ended.code == 2
    assert "Nothing can be put back by itself." in ended.err
    assert [plan["status"] for plan in live.items("plans")] == ["archived"]


def test_drift_writes_nothing_and_takes_targets(run, live):
    applied(run, live, METER, CHANNEL)
    rename_meter(live, "Clicked")
    before = live.everything()
    assert found(run, "--target", "NotificationChannel/ops", code=0) == {}
    assert list(found(run, "--target", "Meter/tokens")) == ["Meter/tokens"]
    assert live.everything() == before
    for wrong in (("--auto-approve",), ("--allow", "adopt:*/*"), ("--write-secrets",)):
        assert run("drift", *wrong).code == 64


def test_healing_a_plan_that_too_many_subscribe_to_is_refused(run, live):
    applied(run, live, pro())
    live.send("POST", "customers", {"name": "Umbra", "key": "umbra", "currency": "USD"})
    live.send("POST", "subscriptions", {"customerKey": "umbra", "plan": {"key": "pro"}})
    draft = live.send("GET", f"plans/{click_a_version(live, '20')}")
    fields = ("metadata", "billingCadence", "proRatingConfig", "phases", "settlementMode")
    live.send("PUT", f"plans/{draft['id']}", {"name": "Clicked", **{name: draft[name] for name in fields}})
    live.send("POST", f"plans/{draft['id']}/publish")
    live.project("limits: {maxSubscribersAffected: 0, maxChangesPercent: 100}")
    before = live.items("plans")
    ended = run("drift", "--heal", "--auto-approve")
    assert (ended.code, "max_subscribers_affected" in ended.err) == (3, True), ended
    assert live.items("plans") == before
