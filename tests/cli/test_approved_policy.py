"""A change is approved under one policy and applied under another: the one it brings along does not let it through."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler import workflow
from reconciler.planning import planfile

from .test_approved import all_prices
from .test_approved_rest import MEMBERS, PRO, allow, apply, consents, cut_off_after, planned, reason
from .test_guards import FEATURE, meter, pro, wrapped

TEAM = "policy: {classes: {price-raising: {consent: acme/pricing}}}"
RULE = "policy: {{rules: [{{name: mine, when: 'change.percent > 5.0', effect: {}, because: steep}}]}}"


@pytest.fixture
def change(run, live):
    """The price of pro is to rise, planned and approved under a policy; what the plan file says."""

    def made(policy, top="", *documents):
        live.declare(meter(), FEATURE, pro("20"))
        assert run("apply", "--auto-approve").code == 0
        live.project(policy, top).declare(meter(), FEATURE, pro("22"), *documents)
        return planned(run)

    return made


def refused(run, live, *args):
    ended = apply(run, *args)
    assert (ended.code, reason()) == (3, "guards-open"), ended.err
    assert ("pro", "20") in all_prices(live)
    return wrapped(ended.err + ended.out)


CLASS = "policy: {{classes: {{price-raising: {}}}}}"
LAXER = ["", *(CLASS.format(one) for one in ("allow", "warn", "consent", "{consent: acme/other}"))]


@pytest.mark.parametrize("policy", LAXER)
def test_a_team_that_had_to_consent_still_has_to(run, live, change, policy):
    approved = change(TEAM, MEMBERS)
    live.project(policy, MEMBERS)
    text = refused(run, live, *allow(PRO))
    assert PRO in text
    if "other" not in policy:
        assert "needs @acme/pricing" in text
        consents(approved["change_digest"])
        assert apply(run, "--consents", "consents.json", *allow(PRO)).code == 0
        assert all_prices(live) == [("pro", "22")]


def test_a_consent_that_the_approved_plan_holds_already_is_given_again_or_does_not_count(run, live, change):
    consents(change(TEAM, MEMBERS)["change_digest"])
    assert run("plan", "--consents", "consents.json", "-o", "pr.plan").code == 0
    assert json.loads(Path("pr.plan").read_text())["guards"][0]["status"] == "consented"
    for policy in (TEAM, *LAXER):
        live.project(policy, MEMBERS)
        assert PRO in refused(run, live, *allow(PRO))


def test_of_two_teams_that_are_asked_then_and_now_both_have_to_consent(run, live, change):
    digest = change(TEAM, MEMBERS)["change_digest"]
    live.project(LAXER[-1])
    one, other = {"team": "acme/pricing", "by": ["alice"]}, {"team": "acme/other", "by": ["bob"]}
    for given in ([one], [other]):
        several(digest, *given)
        refused(run, live, "--consents", "consents.json")
    several(digest, one, other)
    assert apply(run, "--consents", "consents.json").code == 0
    assert all_prices(live) == [("pro", "22")]


def several(digest, *given):
    whole = [{**one, "environment": "live", "change_digest": digest, "source": "x"} for one in given]
    Path("consents.json").write_text(json.dumps({"format_version": "1.0", "consents": whole}))


def test_notice_that_customers_were_to_be_given_is_not_waived_by_the_change_itself(run, live, change):
    change("policy: {classes: {price-raising: {notice: 30}}}")
    live.project("policy: {classes: {price-raising: allow}}")
    assert "the policy of now does not: have the plan approved anew" in refused(run, live, *allow(PRO))
    live.project()
    assert "notice:Plan/pro" in refused(run, live, *allow(PRO))


def test_notice_that_was_given_is_asked_no_more_where_the_policy_of_now_asks_for_none(run, live, clock, change):
    told = {"allow": [PRO], "because": "told", "announced": "2026-10-01", "expires": "2099-01-01"}
    tree = {"apiVersion": "reconciler/v1", "kind": "Approval", "key": "raise", "spec": told}
    change("policy: {classes: {price-raising: {notice: 30}}}", "", json.dumps(tree) + "\n")
    live.project()
    approved = planfile.loads(Path("pr.plan").read_text())
    assert ("notice:Plan/pro", "consented") in {(guard.name, guard.status) for guard in approved.guards}
    found = workflow.make_approved_plan(workflow.open_context(Path.cwd()), approved)
    assert [guard.name for guard in found.run.guards] == [PRO]
    assert apply(run).code == 0
    assert all_prices(live) == [("pro", "22")]


def test_a_denial_that_the_change_takes_away_itself_holds(run, live, change):
    change(RULE.format("deny"))
    for policy in ("", RULE.format("warn"), RULE.format("consent")):
        live.project(policy)
        assert "policy.mine:Plan/pro" in refused(run, live, *allow(PRO, "policy.other"))


def test_a_denial_that_no_longer_applies_by_the_same_rule_is_over(run, live, clock, change):
    change(RULE.format("deny").replace("change.percent > 5.0", "plan.at.getDayOfWeek() == 2"))
    assert "policy.mine" in refused(run, live, *allow(PRO))
    clock.wait(days=1)
    assert apply(run, *allow(PRO)).code == 0
    assert all_prices(live) == [("pro", "22")]


def test_a_consent_that_anybody_may_give_is_asked_for_as_the_policy_of_now_does(run, live, change):
    change(RULE.format("consent"))
    live.project()
    assert apply(run, *allow(PRO)).code == 0


def test_a_team_that_had_to_consent_still_has_to_for_what_is_left(run, live, change):
    change("", MEMBERS)
    live.project(TEAM, MEMBERS).declare(meter(), FEATURE, meter("words"), pro("22"))
    approved = planned(run)
    live.project("", MEMBERS)
    cut_off_after("Meter/words", allow=(PRO,))
    live.project("policy: {classes: {price-raising: allow}}", MEMBERS)
    refused(run, live, *allow(PRO))
    consents(approved["change_digest"])
    ended = apply(run, "--consents", "consents.json")
    assert ended.code == 0, ended.err
    assert all_prices(live) == [("pro", "22")]


def test_what_was_approved_for_a_day_is_not_done_before_it(run, live, clock, change):
    change("")
    assert run("plan", "--at", "2026-12-24T00:00:00Z", "-o", "pr.plan").code == 0
    clock.to(2026, 12, 23, 23, 59, 59)
    ended = apply(run, *allow(PRO))
    assert (ended.code, reason()) == (3, "not-due")
    assert all_prices(live) == [("pro", "20")]
    clock.to(2026, 12, 24)
    assert apply(run, *allow(PRO)).code == 0
    assert all_prices(live) == [("pro", "22")]
