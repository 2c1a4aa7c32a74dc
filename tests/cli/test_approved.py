"""``apply --approved``: what is applied is what was looked at, or nothing is."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import simplejson
from jsonschema import Draft202012Validator

from reconciler import workflow
from reconciler.planning import planfile, replannedfile
from reconciler.policy import consentsfile
from reconciler.render.summary_schema import summary as schema

from .test_guards import meter, pro

FEATURE = ("Feature", "tokens", {"name": "Tokens", "meterSlug": "tokens"})
ALLOW = ("--allow", "price-raising:Plan/*")


@pytest.fixture
def approved(run, live):
    """A plan at 20 USD is live, and one that raises it to 22 is approved as ``pr.plan``."""
    live.declare(meter(), FEATURE, pro("20"))
    assert run("apply", "--auto-approve").code == 0
    live.declare(meter(), FEATURE, pro("22"))
    assert run("plan", "-o", "pr.plan").code == 0
    return planfile.loads(Path("pr.plan").read_text())


def apply(run, *args):
    return run("apply", "--auto-approve", "--approved", "pr.plan", "--summary", "s.json", *args)


def differences():
    document = simplejson.loads(Path("s.json").read_text(), use_decimal=True)
    assert list(Draft202012Validator(schema()).iter_errors(json.loads(Path("s.json").read_text()))) == []
    (one,) = document["environments"]
    assert one["reason"] == document["reason"] == "plan-changed"
    return replannedfile.read(one["differences"])


def base(row):
    return next(card for card in row["phases"][0]["rateCards"] if card["key"] == "base")


def prices(live):
    return [
        (row["version"], base(row)["price"]["amount"])
        for row in sorted(live.items("plans"), key=lambda row: row["version"])
        if row["status"] == "active"
    ]


def edit(live, amount):
    """Somebody publishes another price by hand."""
    (row,) = (row for row in live.items("plans") if row["status"] == "active")
    base(row)["price"]["amount"] = amount
    kept = {name: row[name] for name in ("key", "name", "currency", "billingCadence", "phases", "metadata")}
    draft = live.send("POST", "plans", {**kept, "metadata": row.get("metadata") or {}})
    live.send("POST", f"plans/{draft['id']}/publish")


def test_what_was_approved_is_applied_with_its_consents(run, live, approved):
    ended = apply(run)
    assert (ended.code, json.loads(Path("s.json").read_text())["reason"]) == (3, "guards-open")
    assert prices(live) == [(1, "20")]
    ended = apply(run, *ALLOW)
    assert ended.code == 0, ended.err
    assert f"this is exactly the change {planfile.change_digest(approved)[:12]}" in ended.err
    assert prices(live) == [(2, "22")]


def test_applied_twice_the_second_has_nothing_to_do_and_says_so(run, live, approved):
    assert apply(run, *ALLOW).code == 0
    before = live.everything()
    ended = apply(run)
    assert ended.code == 0
    assert "all of it is live already; there is nothing left to do" in ended.err
    assert live.everything() == before


def test_a_price_that_moved_meanwhile_is_shown_as_it_was_approved_and_as_it_would_be(run, live, approved):
    edit(live, "21")
    before = live.everything()
    ended = apply(run, *ALLOW)
    assert ended.code == 3
    assert live.everything() == before
    found = differences()
    (pair,) = found.objects
    (field,) = pair.fields
    assert (str(pair.address), pair.fate, field.path) == (
        "Plan/pro", "different", "phases[main].rateCards[base].price.amount",
    )  # fmt: skip
    assert (field.approved.before, field.approved.after) == ("20", "22")
    assert (field.now.before, field.now.after) == ("21", "22")
    assert "approved  ~ phases[main].rateCards[base].price.amount: 20 -> 22 USD (+10.0 %)" in ended.err
    assert "now       ~ phases[main].rateCards[base].price.amount: 21 -> 22 USD (+4.8 %)" in ended.err
    assert found.causes[0].startswith("what is live moved since the approved plan was made")
    assert "Plan/pro: active version 1 -> active version 2" in found.causes[0]


def test_another_object_and_other_guards_of_other_manifests_are_named(run, live, approved):
    live.declare(meter(), FEATURE, pro("18"), pro("5", key="small"))
    ended = apply(run)
    assert ended.code == 3
    found = differences()
    assert [(str(pair.address), pair.fate) for pair in found.objects] == [
        ("Plan/pro", "different"),
        ("Plan/small", "new"),
    ]
    assert found.guards_new == ("price-lowering:Plan/pro",)
    assert found.guards_gone == ("price-raising:Plan/pro",)
    assert found.causes == ("other manifests, overlays or variables",)
    assert "Not approved, and would be done now:" in ended.err
    assert "+ Plan/small" in ended.err
    assert "+ price-lowering:Plan/pro  only now" in ended.err


def test_manifests_that_went_back_are_no_success_of_the_approved_change(run, live, approved):
    live.declare(meter(), FEATURE, pro("20"))
    assert "No changes" in run("plan").out
    ended = apply(run, *ALLOW)
    assert ended.code == 3
    assert [(str(pair.address), pair.fate) for pair in differences().objects] == [("Plan/pro", "gone")]
    assert "Approved, and nothing would be done now:" in ended.err


def test_an_old_approval_holds_as_long_as_it_is_the_same_change(run, live, clock, approved):
    clock.wait(days=100)
    assert apply(run, *ALLOW).code == 0
    assert prices(live) == [(2, "22")]


def test_an_approval_that_was_edited_is_refused(run, live, approved):
    Path("pr.plan").write_text(Path("pr.plan").read_text().replace('"22"', '"2200"'))
    ended = apply(run, *ALLOW)
    assert ended.code == 3
    assert json.loads(Path("s.json").read_text())["reason"] == "plan-damaged"


def test_an_approval_of_another_environment_is_foreign(run, pair):
    pair.declare(meter(), FEATURE)
    assert run("plan", "-e", "staging", "-o", "pr.plan").code == 0
    ended = run("apply", "-e", "production", "--auto-approve", "--approved", "pr.plan", "--summary", "s.json")
    assert ended.code == 3
    assert json.loads(Path("s.json").read_text())["reason"] == "plan-foreign"
    assert pair.production.items("meters") == []


def test_another_namespace_behind_the_same_environment_is_foreign(run, pair):
    pair.declare(meter(), FEATURE)
    assert run("plan", "-e", "staging", "-o", "pr.plan").code == 0
    pair.text = pair.text.replace(pair.staging.url, pair.production.url, 1)
    pair.project()
    ended = run("apply", "-e", "staging", "--auto-approve", "--approved", "pr.plan", "--summary", "s.json")
    assert (ended.code, json.loads(Path("s.json").read_text())["reason"]) == (3, "plan-foreign")
    assert pair.production.items("meters") == []


def test_each_of_several_environments_has_its_own_approval(run, pair):
    pair.declare(meter(), FEATURE)
    assert run("plan", "-e", "*", "-o", "{env}.plan").code == 0
    pair.staging.send("POST", "meters", {"slug": "tokens", "eventType": "other", "aggregation": "COUNT"})
    ended = run("apply", "-e", "*", "--auto-approve", "--approved", "{env}.plan", "--summary", "s.json")
    assert ended.code == 3
    found = {one["environment"]: one for one in json.loads(Path("s.json").read_text())["environments"]}
    assert {name: one["reason"] for name, one in found.items()} == {"production": None, "staging": "plan-changed"}
    assert found["production"]["differences"] is None
    assert [row["slug"] for row in pair.production.items("meters")] == ["tokens"]
    assert run("apply", "-e", "*", "--auto-approve", "--approved", "x.plan").code == 64


def test_a_plan_is_either_applied_as_it_is_or_held_to_what_is_planned_now(run, live, approved):
    ended = run("apply", "--plan", "pr.plan", "--approved", "pr.plan")
    assert ended.code == 64
    assert "exclude each other" in ended.err


def test_an_approval_that_is_not_there_or_no_plan_is_told(run, live):
    assert "cannot be read" in apply(run).err
    Path("pr.plan").write_text("{}")
    assert apply(run).code == 1
    assert json.loads(Path("s.json").read_text())["reason"] == "plan-unreadable"


@pytest.fixture
def cut_off(run, live):
    """Two prices rise under a policy that asks a team; its consent is there, and the apply stops after some writes."""
    policy = "policy: {classes: {price-raising: {consent: acme/pricing}}}"
    live.project(policy, "teams: {acme/pricing: [alice]}")
    live.declare(meter(), FEATURE, pro("20"), pro("30", key="team"))
    assert run("apply", "--auto-approve").code == 0
    live.declare(meter(), FEATURE, pro("22"), pro("33", key="team"))
    assert run("plan", "-o", "pr.plan").code == 0
    consents(planfile.change_digest(planfile.loads(Path("pr.plan").read_text())))
    stop = threading.Event()
    context = workflow.open_context(Path.cwd(), parallelism=1)
    given = consentsfile.loads(Path("consents.json").read_text(), "consents.json")
    made = workflow.make_plan(context, workflow.PlanRequest(consents=given))
    workflow.run_apply(context, made, on_event=lambda _: stop.set(), should_stop=stop)
    assert len(prices(live)) == 2


def consents(digest):
    consent = {"team": "acme/pricing", "by": ["alice"], "environment": "live", "change_digest": digest, "source": "x"}
    Path("consents.json").write_text(json.dumps({"format_version": "1.0", "consents": [consent]}))


def all_prices(live):
    return sorted(
        (row["key"], base(row)["price"]["amount"]) for row in live.items("plans") if row["status"] == "active"
    )


def test_what_a_team_consented_to_holds_for_what_an_apply_left_of_it(run, live, cut_off):
    assert all_prices(live) != [("pro", "22"), ("team", "33")]
    ended = apply(run)
    assert (ended.code, json.loads(Path("s.json").read_text())["reason"]) == (3, "guards-open")
    ended = apply(run, "--consents", "consents.json")
    assert ended.code == 0, ended.err
    assert "what an apply that was cut off has left of the change" in ended.err
    assert all_prices(live) == [("pro", "22"), ("team", "33")]


def test_what_is_done_already_needs_no_consent_when_the_rest_is_applied(run, live, cut_off):
    whole = Path("consents.json").read_text()
    run("plan", "--target", "Plan/pro", "-o", "half.plan")
    consents(planfile.change_digest(planfile.loads(Path("half.plan").read_text())))
    half = run("apply", "--auto-approve", "--target", "Plan/pro", "--consents", "consents.json")
    assert half.code == 0, half
    assert all_prices(live) == [("pro", "22"), ("team", "30")]
    Path("consents.json").write_text(whole)
    ended = apply(run, "--consents", "consents.json")
    assert ended.code == 0, ended.err
    assert all_prices(live) == [("pro", "22"), ("team", "33")]


def test_what_a_team_consented_to_elsewhere_does_not_hold_for_the_rest(run, live, cut_off):
    before = live.everything()
    consents("0" * 64)
    ended = apply(run, "--consents", "consents.json", *ALLOW)
    assert (ended.code, json.loads(Path("s.json").read_text())["reason"]) == (3, "guards-open")
    assert live.everything() == before


def test_a_limit_that_is_narrower_by_now_holds_for_the_rest_too(run, live, cut_off):
    policy = "policy: {classes: {price-raising: {consent: acme/pricing}}}, limits: {maxBillIncreasePercent: 5}"
    live.project(policy, "teams: {acme/pricing: [alice]}")
    before = live.everything()
    ended = apply(run, "--consents", "consents.json")
    assert ended.code == 3
    assert "max_bill_increase_percent:Plan/" in ended.err
    assert live.everything() == before


def test_two_saved_plans_are_compared_without_a_server(run, live, approved):
    live.declare(meter(), FEATURE, pro("24"))
    assert run("plan", "-o", "new.plan").code == 0
    shown = run("show", "--plan", "new.plan", "--against", "pr.plan")
    assert shown.code == 2
    assert "approved  ~ phases[main].rateCards[base].price.amount: 20 -> 22 USD (+10.0 %)" in shown.out
    assert "now       ~ phases[main].rateCards[base].price.amount: 20 -> 24 USD (+20.0 %)" in shown.out
    document = json.loads(run("show", "--plan", "new.plan", "--against", "pr.plan", "--format", "json").out)
    assert [one["address"] for one in document["differences"]["objects"]] == ["Plan/pro"]
    text = run("show", "--plan", "new.plan", "--against", "pr.plan", "--format", "markdown").out
    assert "`phases[main].rateCards[base].price.amount` | `20 → 22 USD (+10.0 %)` | `20 → 24 USD (+20.0 %)` |" in text
    assert run("show", "--plan", "pr.plan", "--against", "pr.plan").code == 0
    Path("edited.plan").write_text(Path("pr.plan").read_text().replace('"22"', '"2200"'))
    for words in (("pr.plan", "--against", "edited.plan"), ("edited.plan", "--against", "pr.plan")):
        ended = run("show", "--plan", *words)
        assert (ended.code, ended.out) == (3, "")
        assert "edited.plan: the plan file was changed after it was made" in ended.err
    assert run("show", "--plan", "pr.plan", "--against", "pr.plan", "--format", "html").code == 64
    assert run("show", "--against", "pr.plan").code == 64


def test_a_part_of_the_catalogue_that_is_live_is_not_all_that_was_approved(run, live, approved):
    """The approved change came about by another way: as version 3."""
    for amount in ("21", "22"):
        live.declare(meter(), FEATURE, pro(amount))
        assert run("apply", "--auto-approve", *ALLOW).code == 0
    assert prices(live) == [(3, "22")]
    ended = apply(run, "--target", "Feature/tokens")
    assert (ended.code, differences().objects[0].fate) == (3, "gone")
    ended = apply(run)
    assert (ended.code, "all of it is live already" in ended.err) == (0, True)


def test_an_approval_of_something_else_is_told_without_asking_the_server(run, live, approved):
    text = (live.root / "reconciler.yaml").read_text()
    closed = text.replace(live.url, "http://127.0.0.1:1")
    for name, old, new in (("project", "name: acme", "name: other"), ("environment", "live: {", "other: {")):
        (live.root / "reconciler.yaml").write_text(
            closed.replace(old, new).replace(
                "Environment: live", f"Environment: {'live' if name == 'project' else 'other'}"
            )
        )
        ended = apply(run)
        assert (ended.code, json.loads(Path("s.json").read_text())["reason"]) == (3, "plan-foreign"), ended.err


def test_a_plan_of_another_kind_of_run_is_no_approval(run, live, approved):
    context = workflow.open_context(Path.cwd())
    Path("pr.plan").write_text(planfile.dumps(workflow.make_destroy_plan(context)))
    ended = apply(run, *ALLOW)
    assert (ended.code, json.loads(Path("s.json").read_text())["reason"]) == (3, "plan-foreign")
    assert "a run of kind destroy, not for apply" in ended.err


def test_a_plan_of_which_nothing_was_done_is_no_rest(run, live, approved):
    """The same objects from the same manifests, and other steps: somebody else's version, or an edited approval."""
    steps = tuple(replace(step, body={**step.body, "name": "Sold"}) if step.body else step for step in approved.steps)
    Path("pr.plan").write_text(planfile.dumps(replace(approved, steps=steps)))
    before = live.everything()
    ended = apply(run, *ALLOW)
    assert (ended.code, json.loads(Path("s.json").read_text())["reason"]) == (3, "plan-changed")
    assert live.everything() == before


def test_an_approval_for_another_namespace_is_foreign_whatever_the_digest(run, live, approved):
    for more in ({"identity": "01ANOTHER"}, {"identity": None}):
        Path("pr.plan").write_text(planfile.dumps(replace(approved, target=replace(approved.target, **more))))
        ended = apply(run, *ALLOW)
        assert (ended.code, json.loads(Path("s.json").read_text())["reason"]) == (3, "plan-foreign")
