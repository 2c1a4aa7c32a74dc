"""``plan --rehearse``: the steps are tried out on a copy of what is live, and nothing but reads reaches the server."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from jsonschema import Draft202012Validator

from reconciler.cli.schema_files import SCHEMAS

HOOK = {"name": "Ops", "type": "WEBHOOK", "url": "https://hooks.example.com/ops"}
METER = ("Meter", "tokens", {"name": "Tokens", "eventType": "prompt", "aggregation": "COUNT"})
FEATURE = ("Feature", "tokens", {"name": "Tokens", "meterSlug": "tokens"})
OK = "Rehearsal: {0} of {0} steps accepted, second plan empty."


def fee(key="base", amount="20", term="in_advance"):
    price = {"type": "flat", "amount": amount, "paymentTerm": term}
    return {"type": "flat_fee", "key": key, "name": "Base", "billingCadence": "P1M", "price": price}


def pro(amount="20", **more):
    phase = {"key": "main", "name": "Main", "rateCards": [fee(amount=amount)]}
    spec = {"name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": [phase], **more}
    return ("Plan", "pro", spec)


def wrapped(text):
    return " ".join(text.split())


@pytest.fixture
def requests(live, monkeypatch):
    """What reaches the server: (method, path)."""
    seen = []
    handle = live.sandbox.handle

    def counted(request):
        seen.append((request.method, request.path))
        return handle(request)

    monkeypatch.setattr(live.sandbox, "handle", counted)
    return seen


def somebody_elses_addon(live, term):
    """An active add-on whose rate card lies over the one of `pro`; with another payment term it does not fit."""
    card = fee(amount="5", term=term)
    body = {"key": "extra", "name": "Extra", "currency": "USD", "instanceType": "single", "rateCards": [card]}
    made = live.send("POST", "addons", body)
    live.send("POST", f"addons/{made['id']}/publish")
    return ("Addon", "extra", None, {"manage": "observe"})


def rehearsal(run, *more):
    ended = run("plan", "--rehearse", "--format", "json", *more)
    plan = json.loads(ended.out)
    assert not list(Draft202012Validator(SCHEMAS["plan"]()).iter_errors(plan))
    return ended.code, plan["rehearsal"]


def test_a_plan_that_the_server_would_take_says_so_and_sends_nothing_but_reads(live, run, requests):
    live.declare(METER, FEATURE, pro())
    before = live.everything()
    requests.clear()
    plain = run("plan")
    alone = [*requests]
    requests.clear()
    ended = run("plan", "--rehearse")
    assert (plain.code, ended.code) == (0, 0)
    assert OK.format(4) in ended.out
    assert "Rehearsal" not in plain.out
    assert sorted(requests) == sorted(alone)
    assert {method for method, _ in requests} == {"GET"}
    assert live.everything() == before


def test_changes_are_rehearsed_on_a_copy_of_what_is_live(live, run):
    live.declare(METER, FEATURE, pro())
    assert run("apply", "--auto-approve").code == 0
    live.declare(METER, FEATURE, pro(amount="19"))
    ended = run("plan", "--rehearse")
    assert (ended.code, OK.format(2) in ended.out, "Plan: 1 new version." in ended.out) == (0, True, True)


def test_a_plan_without_steps_is_rehearsed_too(live, run):
    live.declare(METER)
    run("apply", "--auto-approve")
    ended = run("plan", "--rehearse", "--detailed-exitcode")
    assert (ended.code, OK.format(0) in ended.out) == (0, True)


def test_an_add_on_that_does_not_fit_is_found_before_anybody_approves(live, run, requests):
    extra = somebody_elses_addon(live, "in_arrears")
    live.declare(extra, pro(addons=[{"addon": "extra", "fromPlanPhase": "main"}]))
    requests.clear()
    ended = run("plan", "--rehearse")
    assert ended.code == 1
    assert "Rehearsal: 2 of 3 steps accepted, 1 refused." in ended.out
    assert "Plan/pro" in ended.out
    assert "catalog/all.yaml:" in ended.out.split("Rehearsal:")[1]
    assert "payment term" in wrapped(ended.out).lower()
    assert "Error: the rehearsal failed: 1 of 3 steps would be refused. Nothing was written" in wrapped(ended.err)
    assert {method for method, _ in requests} == {"GET"}
    # The server says the same.
    assert run("apply", "--auto-approve").code == 4


def test_the_same_add_on_that_fits_is_accepted(live, run):
    extra = somebody_elses_addon(live, "in_advance")
    live.declare(extra, pro(addons=[{"addon": "extra", "fromPlanPhase": "main"}]))
    assert OK.format(3) in run("plan", "--rehearse").out
    assert run("apply", "--auto-approve").code == 0


def test_a_channel_that_somebody_else_filled_with_rules_takes_no_further_one(live, run):
    live.declare(("NotificationChannel", "ops", HOOK))
    run("apply", "--auto-approve")
    (channel,) = live.items("notification/channels")
    for number in range(10):
        body = {"type": "invoice.created", "name": f"Rule {number}", "channels": [channel["id"]]}
        live.send("POST", "notification/rules", body)
    rule = ("NotificationRule", "bills", {"name": "Bills", "type": "invoice.created", "channels": ["ops"]})
    live.declare(("NotificationChannel", "ops", HOOK), rule)
    code, told = rehearsal(run)
    (refusal,) = told["refusals"]
    assert (code, told["accepted"], told["total"], told["second_empty"]) == (1, 0, 1, None)
    assert (refusal["address"], refusal["status"]) == ("NotificationRule/bills", 400)
    assert "exceeded" in refusal["message"]
    assert refusal["location"]["file"] == "catalog/all.yaml"


def test_open_guards_do_not_keep_a_plan_from_being_rehearsed(live, run):
    live.declare(pro())
    run("apply", "--auto-approve")
    live.declare(pro(amount="30"))
    ended = run("plan", "--rehearse")
    assert (ended.code, OK.format(2) in ended.out, "price-raising:Plan/pro" in ended.out) == (0, True, True)


def test_what_nothing_opens_is_left_out_with_all_that_needs_it(live, run):
    live.declare(METER, FEATURE)
    run("apply", "--auto-approve")
    card = {"type": "flat_fee", "key": "tokens", "name": "Tokens", "featureKey": "tokens", "billingCadence": None,
            "price": None}  # fmt: skip
    phase = {"key": "main", "name": "Main", "duration": None, "rateCards": [card]}
    body = {"key": "theirs", "name": "Theirs", "currency": "USD", "billingCadence": "P1M", "phases": [phase]}
    theirs = live.send("POST", "plans", body)
    live.send("POST", f"plans/{theirs['id']}/publish")
    other = ("Meter", "calls", {"name": "Calls", "eventType": "call", "aggregation": "COUNT"})
    live.declare(METER, other, ("Feature", "tokens", None, {"state": "absent"}))
    code, told = rehearsal(run)
    assert code == 0
    assert told == {
        "accepted": 1,
        "total": 1,
        "refusals": [],
        "second_empty": True,
        "differences": [],
        "left_out": ["Feature/tokens"],
    }
    assert "Not tried, because a guard blocks it: Feature/tokens" in run("plan", "--rehearse").out


def test_a_saved_plan_keeps_its_rehearsal_and_its_change_digest(live, run, tmp_path):
    live.declare(METER, FEATURE)
    assert run("plan", "-o", "plain.plan").code == 0
    assert run("plan", "--rehearse", "-o", "tried.plan").code == 0
    plain, tried = (json.loads((tmp_path / name).read_text()) for name in ("plain.plan", "tried.plan"))
    assert plain["change_digest"] == tried["change_digest"]
    assert "rehearsal" not in plain
    assert tried["rehearsal"]["accepted"] == 2
    assert OK.format(2) in run("show", "--plan", "tried.plan").out
    assert run("apply", "--plan", "tried.plan").code == 0


def test_a_refused_plan_is_saved_with_the_refusal_in_it(live, run, tmp_path):
    extra = somebody_elses_addon(live, "in_arrears")
    live.declare(extra, pro(addons=[{"addon": "extra", "fromPlanPhase": "main"}]))
    assert run("plan", "--rehearse", "-o", "tried.plan").code == 1
    shown = run("show", "--plan", "tried.plan")
    assert (shown.code, "1 refused" in shown.out) == (0, True)


def test_no_secret_is_read_or_told(live, run, monkeypatch, tmp_path):
    hidden = "whsec_" + b64encode(b"nobody may read this, nowhere at all").decode()
    token = "tok-0123456789-abcdef"
    monkeypatch.setenv("HOOK_SECRET", hidden)
    monkeypatch.setenv("HOOK_TOKEN", token)
    headers = {"X-Team": "billing", "Authorization": {"env": "HOOK_TOKEN"}}
    spec = {**HOOK, "signingSecret": {"env": "HOOK_SECRET"}, "customHeaders": headers}
    live.declare(("NotificationChannel", "ops", spec))
    said = [run("plan", "--rehearse", "-o", "first.plan"), run("apply", "--auto-approve")]
    live.declare(("NotificationChannel", "ops", {**spec, "name": "Operations"}))
    said += [run("plan", "--rehearse", "-o", "second.plan"), run("plan", "--rehearse", "--format", "json")]
    live.declare(("NotificationChannel", "ops", spec), METER)
    said.append(run("plan", "--rehearse"))
    assert OK.format(1).replace("steps", "step") in said[-1].out
    assert [ended.code for ended in said] == [0, 0, 0, 0, 0]
    assert json.loads((tmp_path / "second.plan").read_text())["rehearsal"]["second_empty"]
    texts = [ended.out + ended.err for ended in said] + [path.read_text() for path in tmp_path.glob("*.plan")]
    assert not [text for text in texts if hidden[6:] in text or token in text]


def test_a_secret_that_only_the_applying_machine_has_is_stood_in_for(live, run):
    spec = {**HOOK, "signingSecret": {"command": ["nothing-of-this-name"]}}
    live.declare(("NotificationChannel", "ops", spec))
    assert "Rehearsal: 1 of 1 step accepted, second plan empty." in run("plan", "--rehearse").out
