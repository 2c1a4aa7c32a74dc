"""What an apply of an approved plan that was cut off has left: judged by the policy and with the consents of now."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from reconciler import workflow
from reconciler.planning import planfile
from reconciler.policy import consentsfile

from .test_approved import all_prices
from .test_guards import FEATURE, meter, pro, wrapped

PRO, TEAM = "price-raising:Plan/pro", "price-raising:Plan/team"
POLICY = "policy: {classes: {price-raising: {consent: acme/pricing}}}"
REMOVING = "prune: true, limits: {maxRemovals: 5}"
MEMBERS = "teams: {acme/pricing: [alice]}"


def planned(run):
    """Save what there is to do as the approved plan."""
    assert run("plan", "-o", "pr.plan").code == 0
    return json.loads(Path("pr.plan").read_text())


def cut_off_after(address, **asked):
    """Apply what there is to do, and stop once this object is finished."""
    stop = threading.Event()
    context = workflow.open_context(Path.cwd(), parallelism=1)
    made = workflow.make_plan(context, workflow.PlanRequest(**asked))
    assert made.open_guards == ()
    last = [step.id for step in made.steps if str(step.address) == address][-1]

    def heed(event):
        if event.step.id == last and event.result is not None:
            stop.set()

    workflow.run_apply(context, made, on_event=heed, should_stop=stop)


def consents(digest, **more):
    consent = {"team": "acme/pricing", "by": ["alice"], "environment": "live", "change_digest": digest, "source": "x"}
    Path("consents.json").write_text(json.dumps({"format_version": "1.0", "consents": [{**consent, **more}]}))


def apply(run, *args):
    return run("apply", "--auto-approve", "--approved", "pr.plan", "--summary", "s.json", *args)


def reason():
    return json.loads(Path("s.json").read_text())["reason"]


def allow(*guards):
    return [word for guard in guards for word in ("--allow", guard)]


@pytest.fixture
def two(run, live):
    """Two prices are to rise; that of pro has risen already, and that of team is left."""

    def begun(policy="", top="", **asked):
        live.project(policy, top).declare(meter(), FEATURE, pro("20"), pro("30", key="team"))
        assert run("apply", "--auto-approve").code == 0
        live.declare(meter(), FEATURE, pro("22"), pro("33", key="team"))
        approved = planned(run)
        if policy:
            consents(approved["change_digest"])
            asked["consents"] = consentsfile.loads(Path("consents.json").read_text(), "consents.json")
        else:
            asked["allow"] = (PRO, TEAM)
        cut_off_after("Plan/pro", **asked)
        assert all_prices(live) == [("pro", "22"), ("team", "30")]
        return approved

    return begun


def test_what_is_finished_needs_no_consent_and_what_is_left_does(run, live, two):
    approved = two()
    ended = apply(run, *allow(PRO))
    assert (ended.code, reason()) == (3, "guards-open")
    assert TEAM in ended.err
    assert PRO not in ended.err + ended.out
    assert all_prices(live) == [("pro", "22"), ("team", "30")]
    ended = apply(run, *allow(TEAM))
    assert ended.code == 0, ended.err
    assert all_prices(live) == [("pro", "22"), ("team", "33")]
    assert f"has left of the change {approved['change_digest'][:12]}: 1 object" in ended.err


def test_a_team_consents_to_the_whole_and_so_to_what_is_left_of_it(run, live, two):
    two(POLICY, MEMBERS)
    ended = apply(run, *allow(PRO, TEAM))
    assert (ended.code, reason()) == (3, "guards-open")
    assert "Policy of live: 1 open" in ended.out
    assert wrapped(ended.out).count("price-raising Plan/") == 1, "of what is finished nothing is said"
    found = workflow.make_approved_plan(
        workflow.open_context(Path.cwd()), planfile.loads(Path("pr.plan").read_text()), workflow.PlanRequest()
    )
    assert [(str(one.address), one.status, one.unblock is None) for one in found.run.policy] == [
        ("Plan/pro", "met", True),
        ("Plan/team", "open", False),
    ]
    assert [(guard.name, guard.status, guard.consent) for guard in found.run.guards] == [
        (PRO, "consented", "live already"),
        (TEAM, "open", None),
    ]
    ended = apply(run, "--consents", "consents.json")
    assert ended.code == 0, ended.err
    assert all_prices(live) == [("pro", "22"), ("team", "33")]


def test_what_is_left_of_an_old_approval_is_finished_by_the_clock_of_now(run, live, clock, two):
    two()
    clock.wait(days=100)
    assert apply(run, *allow(TEAM)).code == 0
    assert all_prices(live) == [("pro", "22"), ("team", "33")]


def test_a_policy_that_became_stricter_holds_for_what_is_left_and_not_for_what_is_finished(run, live, two):
    two()
    rule = "policy: {{rules: [{{name: never, when: \"change.key == '{}'\", effect: deny, because: no}}]}}"
    live.project(rule.format("team"))
    ended = apply(run, *allow(TEAM))
    assert (ended.code, reason()) == (3, "guards-open")
    assert "policy.never:Plan/team" in ended.err
    assert all_prices(live) == [("pro", "22"), ("team", "30")]
    live.project(rule.format("pro"))
    ended = apply(run, *allow(TEAM))
    assert ended.code == 0, ended.err
    assert "policy.never" not in ended.out
    assert all_prices(live) == [("pro", "22"), ("team", "33")]


def test_a_team_that_is_asked_for_only_now_is_asked_about_the_whole(run, live, two):
    approved = two()
    live.project(POLICY, MEMBERS)
    ended = apply(run, *allow(PRO, TEAM))
    assert (ended.code, reason()) == (3, "guards-open")
    assert "member of @acme/pricing" in wrapped(ended.err)
    rest = json.loads(run("plan", "--format", "json").out)["change_digest"]
    consents(rest)
    assert apply(run, "--consents", "consents.json").code == 3
    assert all_prices(live) == [("pro", "22"), ("team", "30")]
    consents(approved["change_digest"])
    assert apply(run, "--consents", "consents.json").code == 0
    assert all_prices(live) == [("pro", "22"), ("team", "33")]


# What the planner itself asks for


def theirs(live):
    """A meter of somebody else that we want, beside one of our own that comes first."""
    live.send("POST", "meters", {"slug": "zeta", "name": "Theirs", "eventType": "prompt", "aggregation": "COUNT"})
    live.declare(meter(), ("Meter", "zeta", {"name": "Ours", "eventType": "prompt", "aggregation": "COUNT"}))


def approval(live, **more):
    spec = {"allow": ["adopt:Meter/zeta"], "because": "ours", **more}
    tree = {"apiVersion": "reconciler/v1", "kind": "Approval", "key": "zeta", "spec": spec}
    (live.root / "catalog" / "approval.yaml").write_text(json.dumps(tree))


def test_a_consent_that_the_approved_plan_holds_is_none_of_now(run, live):
    theirs(live)
    assert run("plan", "-o", "pr.plan", *allow("adopt:Meter/zeta")).code == 0
    (guard,) = json.loads(Path("pr.plan").read_text())["guards"]
    assert (guard["status"], guard["consent"]) == ("consented", "--allow")
    cut_off_after("Meter/tokens", allow=("adopt:Meter/zeta",))
    approval(live, change="0" * 64)  # it is planned, and what consents to it is about another change
    ended = apply(run)
    assert (ended.code, reason()) == (3, "guards-open")
    assert "adopt:Meter/zeta" in ended.err
    assert {row["name"] for row in live.items("meters") if row["slug"] == "zeta"} == {"Theirs"}
    approval(live, change=guard["change"])
    ended = apply(run)
    assert ended.code == 0, ended.err
    assert {row["name"] for row in live.items("meters") if row["slug"] == "zeta"} == {"Ours"}


def test_what_is_protected_by_now_is_not_removed_because_an_approved_plan_says_so(run, live):
    old = ("Feature", "old", {"name": "Old", "meterSlug": "tokens"})
    live.project(REMOVING).declare(meter(), FEATURE, old)
    assert run("apply", "--auto-approve").code == 0
    live.declare(meter(), FEATURE, meter("words"))
    planned(run)
    remove = ("destructive:Feature/old",)
    cut_off_after("Meter/words", allow=remove)
    live.project(REMOVING, "protect: [Feature/old]")
    before = live.everything()
    ended = apply(run, *allow(*remove))
    assert ended.code == 3
    assert "protected:Feature/old" in ended.err
    assert live.everything() == before
    live.project(REMOVING)
    assert apply(run, *allow(*remove)).code == 0
    assert [row["key"] for row in live.items("features")] == ["tokens"]


def test_a_limit_that_the_whole_breaks_by_now_makes_it_another_change_than_was_approved(run, live):
    """Also where the rest alone would not break it: what was approved has no such guard."""
    live.declare(meter(), FEATURE, pro("20"), pro("30", key="team"))
    assert run("apply", "--auto-approve").code == 0
    live.declare(meter(), FEATURE, pro("30"), pro("33", key="team"))
    planned(run)
    cut_off_after("Plan/pro", allow=(PRO, TEAM))
    live.project("limits: {maxBillIncreasePercent: 20}")
    assert "max_bill_increase_percent" not in run("plan").out
    ended = apply(run, *allow(PRO, TEAM))
    assert (ended.code, reason()) == (3, "plan-changed")
    assert all_prices(live) == [("pro", "30"), ("team", "30")]


def test_a_price_test_that_fails_by_now_stops_what_is_left(run, live, two):
    two()
    (live.root / "catalog" / "tests.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Scenario\nkey: team\n"
        "spec: { plan: team, usage: {}, expect: { total: '30.00' } }\n"
    )
    ended = apply(run, *allow(TEAM))
    assert (ended.code, reason()) == (3, "guards-open"), ended.err
    assert "price-test" in ended.err
    assert all_prices(live) == [("pro", "22"), ("team", "30")]
