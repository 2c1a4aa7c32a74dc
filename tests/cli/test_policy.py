"""A policy through the command line: what it asks for, who can give it, and what does not count."""

from __future__ import annotations

import json

import pytest

from .test_guards import FEATURE, apply, meter, never_opens, pro, refused, wrapped

TEAMS = "teams: {acme/pricing: [alice, bob]}"
BY_PRICING = "policy: {classes: {price-raising: {consent: acme/pricing}}}"


def raise_the_price(run, live, policy, top=""):
    """Pro costs 20, and 21 is declared under a policy."""
    live.declare(meter(), FEATURE, pro("20"))
    apply(run)
    live.project(policy, top).declare(meter(), FEATURE, pro("21"))


def planned(run, *options):
    ended = run("plan", "--format", "json", *options)
    assert ended.code == 0, ended
    return json.loads(ended.out)


def consented(live, digest, **more):
    """A file of consents; the members of the team saw this change."""
    consent = {
        "team": "acme/pricing",
        "by": ["alice"],
        "environment": "live",
        "change_digest": digest,
        "source": "https://github.example/acme/billing/pull/12#pullrequestreview-1",
        **more,
    }
    path = live.root / "consents.json"
    path.write_text(json.dumps({"format_version": "1.0", "consents": [consent]}))
    return path


def guard(plan, code):
    return next(found for found in plan["guards"] if found["code"] == code)


def test_a_team_consents_to_exactly_the_plan_that_it_saw(run, live):
    raise_the_price(run, live, BY_PRICING, TEAMS)
    before = planned(run)
    file = consented(live, before["change_digest"])
    after = planned(run, "--consents", file)
    assert guard(before, "price-raising")["status"] == "open"
    assert guard(after, "price-raising")["consent"] == (
        "@alice for acme/pricing (https://github.example/acme/billing/pull/12#pullrequestreview-1)"
    )
    assert before["change_digest"] == after["change_digest"]
    assert [(one["rule"], one["status"], one["team"]) for one in after["policy"]] == [
        ("price-raising", "met", "acme/pricing")
    ]
    apply(run, "--consents", file)
    assert "No changes." in run("plan").out


def test_neither_allow_nor_an_approval_stands_in_for_a_team(run, live):
    raise_the_price(run, live, BY_PRICING, TEAMS)
    approval = {"allow": ["price-raising:Plan/pro"], "because": "I say so", "expires": "2099-01-01"}
    (live.root / "catalog" / "approvals.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Approval\nkey: mine\nspec: " + json.dumps(approval)
    )
    ended = refused(run, live, "price-raising:Plan/pro", "--allow", "price-raising:Plan/pro")
    shown = run("plan", "--allow", "price-raising:Plan/pro")
    assert "needs @acme/pricing: an approving review of one of its members" in wrapped(shown.out)
    assert "--allow does not count here, only a review does" in wrapped(shown.out)
    assert "catalog/approvals.yaml:1 (mine) does not count here" in wrapped(shown.out)
    assert "--allow price-raising" not in shown.out + ended.err


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"change_digest": "0" * 64}, "it was given for the change 000000000000"),
        ({"environment": "staging"}, "it was given for staging"),
        ({"by": ["mallory"]}, "the project file does not name them in acme/pricing"),
    ],
)
def test_a_consent_for_something_else_says_why_it_does_not_count(run, live, more, why):
    raise_the_price(run, live, BY_PRICING, TEAMS)
    file = consented(live, planned(run)["change_digest"], **more)
    refused(run, live, "price-raising:Plan/pro", "--consents", file)
    assert why in wrapped(run("plan", "--consents", file).out)


def test_a_consent_of_another_team_opens_nothing(run, live):
    raise_the_price(run, live, BY_PRICING)
    file = consented(live, planned(run)["change_digest"], team="acme/finance")
    refused(run, live, "price-raising:Plan/pro", "--consents", file)


def test_people_and_teams_are_told_apart_as_a_host_does(run, live):
    raise_the_price(run, live, BY_PRICING, TEAMS)
    file = consented(live, planned(run)["change_digest"], team="Acme/Pricing", by=["Alice"])
    apply(run, "--consents", file)


def test_what_is_edited_after_the_review_is_not_what_was_consented_to(run, live):
    raise_the_price(run, live, BY_PRICING, TEAMS)
    file = consented(live, planned(run)["change_digest"])
    live.declare(meter(), FEATURE, pro("2100"))
    refused(run, live, "price-raising:Plan/pro", "--consents", file)


@pytest.mark.parametrize("effect", ["allow", "warn"])
def test_a_class_that_is_allowed_needs_nothing_more(run, live, effect):
    raise_the_price(run, live, f"policy: {{classes: {{price-raising: {effect}}}}}")
    plan = planned(run)
    assert guard(plan, "price-raising")["consent"] == "policy at reconciler.yaml:8"
    assert [one["rule"] for one in plan["warnings"]] == (["policy.warning"] if effect == "warn" else [])
    assert [one["status"] for one in plan["policy"]] == ["warned" if effect == "warn" else "met"]
    apply(run)


def test_a_policy_may_ask_for_consent_where_nobody_needs_any(run, live):
    live.project("policy: {classes: {additive: consent}}").declare(meter())
    refused(run, live, "additive:Meter/tokens")
    apply(run, "--allow", "additive:Meter/tokens")


def test_a_policy_holds_on_a_sandbox_too(run, project):
    file = project / "reconciler.yaml"
    file.write_text(
        file.read_text().replace(
            '{ endpoint: "sandbox:" }', '{endpoint: "sandbox:", policy: {classes: {additive: consent}}}'
        )
    )
    ended = run("apply", "--auto-approve")
    assert (ended.code, "additive:Feature/tokens" in ended.err) == (3, True)


NOTICE = "policy: {classes: {price-raising: {notice: 30}}}"


def announce(live, **spec):
    spec = {"allow": ["price-raising:Plan/pro"], "because": "the newsletter", "expires": "2099-01-01", **spec}
    (live.root / "catalog" / "approvals.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Approval\nkey: raise\nspec: " + json.dumps(spec)
    )


def test_a_price_rises_only_after_the_notice_that_customers_were_given(run, live, clock):
    raise_the_price(run, live, NOTICE)
    shown = never_opens(run, live, "notice:Plan/pro")
    guards = planned(run)["guards"]
    assert {one["code"]: len(one["change"]) for one in guards} == {"notice": 64, "price-raising": 64}
    assert len({one["change"] for one in guards}) == 1
    assert "price-raising needs 30 days of notice; nobody has announced it: tell customers" in wrapped(shown.out)
    announce(live, announced="2026-11-02")
    clock.to(2026, 12, 1)
    refused(run, live, "notice:Plan/pro")
    assert "it may be applied from 2026-12-02 on" in wrapped(run("plan").out)
    assert guard(planned(run, "--at", "2026-12-02"), "notice")["status"] == "consented"
    clock.to(2026, 12, 2)
    plan = planned(run)
    assert guard(plan, "notice")["consent"] == "catalog/approvals.yaml:1 (raise), announced 2026-11-02"
    assert plan["policy"][0]["announced"] == "2026-11-02"
    apply(run)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"expires": "2026-11-30"}, "is void: it expired after 2026-11-30"),
        ({"change": "0123456789ab"}, "is void: it was given for the change 0123456789ab"),
        ({"allow": ["price-raising:Plan/team"]}, "nobody has announced it"),
        ({"allow": ["destructive:Plan/pro"]}, "nobody has announced it"),
    ],
)
def test_an_announcement_of_something_else_is_none(run, live, clock, more, why):
    raise_the_price(run, live, NOTICE)
    announce(live, announced="2026-01-01", **more)
    refused(run, live, "notice:Plan/pro", "--allow", "price-raising:Plan/pro")
    assert why in wrapped(run("plan").out)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "it is not JSON"),
        ("[]", "it is not an object"),
        ('{"format_version": "2.0", "consents": []}', '`format_version` is "2.0", this reconciler reads 1.0'),
        ('{"format_version": "1.0"}', "`consents` is not a list"),
        ('{"format_version": "1.0", "consents": [{"team": "", "by": []}, 3]}', "consents[1]: it is not an object"),
        (
            (
                '{"format_version": "1.0", "consents": [{"team": "a", "by": ["b"], "environment": "e", "source": "s",'
                ' "change_digest": "0123456789ab"}]}'
            ),
            "the beginning of one is not enough",
        ),
    ],
)
def test_a_file_of_consents_that_is_none_ends_the_run(run, live, text, why):
    (live.root / "consents.json").write_text(text)
    ended = run("plan", "--consents", "consents.json")
    assert ended.code == 64
    assert why in wrapped(ended.err)


def test_a_saved_plan_takes_no_consents(run, live):
    raise_the_price(run, live, BY_PRICING)
    run("plan", "-o", "pr.plan")
    file = consented(live, "0" * 64)
    ended = run("apply", "--plan", "pr.plan", "--consents", file)
    assert (ended.code, "--consents" in ended.err) == (64, True)


RULES = """policy: {rules: [
  {name: steep, when: 'change.class == "price-raising" && change.percent > 20.0', effect: deny, because: ask the board},
  {name: meters, when: 'change.kind == "Meter"', effect: {consent: acme/data}, because: they own the events}]}"""


def test_a_rule_of_the_project_stops_what_is_too_steep_and_lets_the_rest_through(run, live):
    raise_the_price(run, live, RULES)
    apply(run, "--allow", "price-raising:Plan/pro")
    live.declare(meter(), FEATURE, pro("26"))
    ended = refused(
        run, live, "policy.steep:Plan/pro", "--allow", "price-raising:Plan/pro", "--allow", "policy.steep:*/*"
    )
    shown = run("plan").out
    assert "✗ steep  Plan/pro" in shown
    assert "denied: ask the board" in shown
    assert "no flag opens this one (asked for at reconciler.yaml:9)" in shown
    assert "--allow policy" not in shown + ended.err


def test_a_rule_may_ask_a_team_about_new_things(run, live):
    live.project(RULES).declare(meter())
    refused(run, live, "policy.meters:Meter/tokens", "--allow", "policy.meters:Meter/tokens")
    file = consented(live, planned(run)["change_digest"], team="acme/data")
    apply(run, "--consents", file)


def test_a_saved_plan_is_judged_by_the_policy_of_the_day_it_is_applied(run, live):
    raise_the_price(run, live, "")
    run("plan", "-o", "pr.plan", "--allow", "price-raising:Plan/pro")
    live.project(BY_PRICING)
    ended = refused_plan(run, live, "pr.plan", "price-raising:Plan/pro")
    assert "the policy of live asks for this now; make a new plan" in wrapped(ended.err)
    live.project("policy: {classes: {price-raising: {notice: 1}}}")
    refused_plan(run, live, "pr.plan", "notice:Plan/pro")
    live.project("")
    assert run("apply", "--plan", "pr.plan").code == 0


def refused_plan(run, live, file, name):
    before = live.everything()
    ended = run("apply", "--plan", file)
    assert (ended.code, name in ended.err, live.everything() == before) == (3, True, True), ended
    return ended


def test_a_destroy_needs_the_team_that_a_policy_names(run, live):
    live.declare(meter())
    apply(run)
    live.project("policy: {classes: {destructive: {consent: acme/leads}}}")
    ended = run("destroy", "--auto-approve", "--confirm", "live")
    assert (ended.code, "destructive:Meter/tokens" in ended.err, len(live.items("meters"))) == (3, True, 1)


def test_what_heals_by_itself_asks_for_what_a_policy_asks(run, live):
    live.declare(("NotificationChannel", "ops", {"name": "Ops", "type": "WEBHOOK", "url": "https://hooks.example/ops"}))
    apply(run)
    (channel,) = live.items("notification/channels")
    live.send("PUT", f"notification/channels/{channel['id']}", {**channel, "name": "Clicked"})
    live.project("policy: {classes: {cosmetic: consent}}")
    left = run("drift", "--heal", "--auto-approve")
    assert (left.code, "--allow cosmetic:NotificationChannel/ops" in wrapped(left.out + left.err)) == (2, True), left
    assert live.items("notification/channels")[0]["name"] == "Clicked"
    healed = run("drift", "--heal", "--auto-approve", "--allow", "cosmetic:NotificationChannel/ops")
    assert healed.code == 0, healed
    assert live.items("notification/channels")[0]["name"] == "Ops"


def test_a_promotion_is_held_to_the_policy_of_where_it_goes(run, pair):
    pair.declare(meter())
    text = (pair.root / "reconciler.yaml").read_text()
    (pair.root / "reconciler.yaml").write_text(
        f"{text}    policy: {{classes: {{additive: {{consent: acme/leads}}}}}}\n"
    )
    assert run("apply", "-e", "staging", "--auto-approve").code == 0
    ended = run("promote", "--to", "production", "--auto-approve")
    assert (ended.code, "additive:Meter/tokens" in ended.err, pair.production.items("meters")) == (3, True, [])
    saved = run("promote", "--to", "production", "-o", "up.plan")
    assert saved.code == 0, saved
    plan = json.loads((pair.root / "up.plan").read_text())
    consent = {
        "team": "acme/leads", "by": ["alice"], "environment": "production", "source": "https://host/pull/1",
        "change_digest": plan["change_digest"],
    }  # fmt: skip
    (pair.root / "consents.json").write_text(json.dumps({"format_version": "1.0", "consents": [consent]}))
    done = run("promote", "--to", "production", "--auto-approve", "--consents", "consents.json")
    assert done.code == 0, done
