"""The life of a price change, its workflows run as GitHub would run them: from pull request to drift."""

from __future__ import annotations

import re

import pytest

from reconciler.sandbox import Sandbox
from reconciler.sandbox.serve import serving

from .runner import ROOT

pytestmark = pytest.mark.source

RAISE = {"reconciler.yaml": ('default: "40"', 'default: "44"')}


def raising(world, branch="raise", to="44"):
    """A pull request that raises Studio's fee, as it was opened."""
    old, new = 'default: "40"', f'default: "{to}"'
    head = world.commit(branch, f"Studio costs {to}", replace={"reconciler.yaml": (old, new)})
    return world.open(branch, head)


def test_a_price_change_from_the_pull_request_to_production(live):
    pull = raising(live)
    jobs = live.planned(pull, "opened")
    assert {name: job.status for name, job in jobs.items()} == {"plan": "success", "plan-fork": "skipped"}
    told = jobs["plan"].step("Plan every environment").outputs
    assert told["changes"] == "2"
    assert told["new-versions"] == "2"
    assert told["max-class"] == "price-raising"
    assert told["guards-open"] == "1"
    assert told["failure-reason"] == ""
    assert "lodestar/pricing" in live.comment(pull)
    assert "40.00" in live.comment(pull)
    assert "Plan/studio" in jobs["plan"].summary
    assert (live.fee("staging"), live.fee("production")) == ("40", "40")

    live.hub.approve(pull, "alice")
    sha = live.merge(pull)
    jobs = live.applied(sha)
    assert [job.status for job in jobs.values()] == ["success"] * 3, "".join(job.log for job in jobs.values())
    assert (live.fee("staging"), live.fee("production")) == ("44", "44")
    assert "applied" in live.comment(pull)
    assert len(live.hub.comments_of(pull)) == 1
    assert live.nightly()["drift"].status == "success"
    assert live.hub.issues == {}


def test_the_first_thing_after_a_push_is_that_the_old_plan_is_out_of_date(live):
    pull = raising(live)
    live.planned(pull, "opened")
    seen = []
    live.hub.after.append(
        lambda asked, told: seen.append(live.comment(pull)) if asked.method == "PATCH" and told.status == 200 else None
    )
    live.push(pull, live.commit("raise", "46", replace={"reconciler.yaml": ('default: "44"', 'default: "46"')}))
    live.planned(pull)
    assert "out of date" in seen[0]
    assert "44.00" in seen[0]
    assert "46.00" in seen[-1]
    assert "out of date" not in seen[-1]
    assert "44.00" not in seen[-1]


def test_what_nobody_approved_is_not_applied(live):
    pull = raising(live)
    live.planned(pull)
    jobs = live.applied(live.merge(pull))
    assert jobs["apply (staging)"].step("Apply what was approved").outputs["failure-reason"] == "not-approved"
    assert "apply (production)" not in jobs, "production had its turn although staging failed"
    assert (live.fee("staging"), live.fee("production")) == ("40", "40")
    assert "failed" in live.comment(pull)


def test_an_approval_that_is_withdrawn_before_the_apply_counts_no_more(live):
    pull = raising(live)
    live.planned(pull)
    review = live.hub.approve(pull, "alice")
    sha = live.merge(pull)
    live.hub.dismiss(review)
    jobs = live.applied(sha)
    assert jobs["apply (staging)"].step("Apply what was approved").outputs["failure-reason"] == "approval-revoked"
    assert live.fee("staging") == "40"


def test_the_consent_of_a_team_is_that_of_its_members_only(live):
    pull = raising(live)
    live.planned(pull)
    live.hub.approve(pull, "bob")
    jobs = live.applied(live.merge(pull))
    assert jobs["apply (staging)"].status == "success"
    assert jobs["apply (production)"].step("Apply what was approved").outputs["failure-reason"] == "guards-open"
    assert (live.fee("staging"), live.fee("production")) == ("44", "40")


def test_a_head_that_moved_after_its_plan_is_not_applied(live):
    pull = raising(live)
    live.planned(pull)
    live.push(pull, live.commit("raise", "99", replace={"reconciler.yaml": ('default: "44"', 'default: "99"')}))
    live.hub.approve(pull, "alice")
    jobs = live.applied(live.merge(pull))
    assert jobs["apply (staging)"].step("Apply what was approved").outputs["failure-reason"] == "head-moved"
    assert live.fee("staging") == "40"


def test_what_would_now_be_another_change_is_refused_and_told_apart(live):
    pull = raising(live)
    live.planned(pull)
    live.hub.approve(pull, "alice")
    live.edit("production", name="Studio (clicked)")
    sha = live.merge(pull)
    jobs = live.applied(sha)
    assert jobs["apply (staging)"].status == "success"
    failed = jobs["apply (production)"]
    assert failed.step("Apply what was approved").outputs["failure-reason"] == "plan-changed"
    assert live.fee("production") == "40"
    assert "Studio (clicked)" in failed.summary
    assert "not what was approved" in live.comment(pull)
    assert "Studio (clicked)" in live.comment(pull)

    jobs = live.by_hand(command="plan", environment="production", allow="price-raising:Plan/studio")
    assert jobs["plan"].status == "success"


def test_drift_is_one_issue_until_live_is_as_declared_again(live):
    live.edit("production", name="Studio (clicked)")
    first = live.nightly()
    assert first["drift"].status == "failure"
    (issue,) = live.hub.issues.values()
    assert issue.state == "open"
    assert "production" in issue.title
    assert "Studio (clicked)" in issue.body
    assert "Studio (clicked)" in first["drift"].summary
    told = first["drift"].step("Compare live with what is declared").outputs
    assert (told["changes"], told["failure-reason"]) == ("1", "")
    live.nightly()
    assert len(live.hub.issues) == 1
    live.settle("production")
    assert live.nightly()["drift"].status == "success"
    assert [one.state for one in live.hub.issues.values()] == ["closed"]


def test_a_forks_pull_request_has_a_full_plan_and_gets_neither_secret_nor_network(live):
    live.nightly()
    asked = live.listen()
    pull = raising(live, "fork")
    pull.head_repository, pull.head_repository_id = "mallory/billing", 2000
    jobs = live.planned(pull, "opened")
    assert {name: job.status for name, job in jobs.items()} == {"plan": "skipped", "plan-fork": "success"}
    job = jobs["plan-fork"]
    assert asked == [], "a fork's plan has asked a server"
    assert job.step("Plan every environment").outputs["new-versions"] == "2"
    assert "44" in job.summary
    assert "snapshot" in job.summary
    assert live.hub.comments == []
    assert "::warning title=reconciler" not in job.log


def test_a_pull_request_can_neither_change_where_a_token_goes_nor_the_policy(live):
    text = (live.clone / "reconciler.yaml").read_text()
    evil = text.replace('default: "40"', 'default: "44"').replace("{ consent: lodestar/pricing }", "allow")
    elsewhere = Sandbox()
    asked = live.listen(elsewhere)
    with serving(elsewhere) as server:
        evil = re.sub(r"endpoint: http://\S+", f"endpoint: {server.url}", evil)
        pull = live.open("evil", live.commit("evil", "x", files={"reconciler.yaml": evil}))
        jobs = live.planned(pull)
    assert asked == [], "a token was sent to where a pull request says"
    told = jobs["plan"].step("Plan every environment").outputs
    assert (told["new-versions"], told["guards-open"]) == ("2", "1")


def test_a_run_of_an_older_commit_that_ends_last_says_nothing_of_the_newer_one(live):
    pull = raising(live)
    late = live.hub.start_run("pull_request", pull)
    event = live.hub.pull_event(pull, "opened")
    live.push(pull, live.commit("raise", "46", replace={"reconciler.yaml": ('default: "44"', 'default: "46"')}))
    live.planned(pull)
    live.run("plan", late, event)
    assert "46.00" in live.comment(pull)
    assert "44.00" not in live.comment(pull)
    assert "out of date" not in live.comment(pull)
    live.hub.approve(pull, "alice")
    assert [job.status for job in live.applied(live.merge(pull)).values()] == ["success"] * 3
    assert live.fee("production") == "46"


def test_two_changes_of_different_objects_are_both_what_was_approved_whichever_is_merged_first(live):
    feature = "apiVersion: openmeter.io/v1\nkind: Feature\nkey: styles\nspec: { name: Styles }\n"
    other = live.open("feature", live.commit("feature", "Styles", files={"catalog/styles.yaml": feature}))
    live.planned(other)
    pull = raising(live)
    live.planned(pull)
    for one in (pull, other):
        live.hub.approve(one, "alice")
        assert [job.status for job in live.applied(live.merge(one)).values()] == ["success"] * 3
    assert live.fee("production") == "44"
    assert live.nightly()["drift"].status == "success"


def test_an_apply_that_is_run_again_has_nothing_left_to_do(live):
    pull = raising(live)
    live.planned(pull)
    live.hub.approve(pull, "alice")
    sha = live.merge(pull)
    live.applied(sha)
    asked = live.listen()
    jobs = live.applied(sha)
    assert [job.status for job in jobs.values()] == ["success"] * 3
    assert {request.method for request in asked} == {"GET"}
    assert "applied" in live.comment(pull)


def test_a_check_alone_marks_every_problem_and_needs_no_environment(live):
    workflow = ROOT / "examples" / "promotion" / ".github" / "workflows" / "billing.yml"
    pull = live.open("right", live.commit("right", "x", files={"note.txt": "x"}))
    run = live.hub.start_run("pull_request", pull)
    jobs = live.runner.workflow(workflow, run, live.hub.pull_event(pull))
    assert {name: job.status for name, job in jobs.items()} == {
        "check": "success",
        "prove": "skipped",
        "apply (staging)": "skipped",
        "apply (production)": "skipped",
    }
    live.push(
        pull, live.commit("right", "x", replace={"catalog/plans.yaml": ("featureKey: tiles", "featureKey: tilse")})
    )
    run = live.hub.start_run("pull_request", pull)
    job = live.runner.workflow(workflow, run, live.hub.pull_event(pull))["check"]
    assert job.status == "failure"
    assert "::error file=catalog/plans.yaml,line=19," in job.log
    assert job.summary.startswith("### Billing catalogue: 2 errors in 1 file\n")
    assert "| `catalog/plans.yaml:19` | Feature/tilse is not declared; did you mean `tiles`" in job.summary
    assert live.hub.comments == []


def test_what_was_applied_is_told_although_it_could_not_be_uploaded(live):
    pull = raising(live)
    live.planned(pull)
    live.hub.approve(pull, "alice")
    sha = live.merge(pull)
    live.runner.breaks = ("actions/upload-artifact",)
    job = live.applied(sha)["apply (staging)"]
    assert job.status == "failure"
    assert job.step("Apply what was approved").outputs["changes"] == "1"
    assert live.fee("staging") == "44"
    assert "[applied]" in live.comment(pull)


def test_a_manifest_that_is_wrong_is_marked_at_its_line_and_the_comment_says_so(live):
    head = live.commit("wrong", "x", replace={"catalog/plans.yaml": ("featureKey: tiles", "featureKey: tilse")})
    pull = live.open("wrong", head)
    job = live.planned(pull, "opened")["plan"]
    assert job.status == "failure"
    assert job.step("Plan every environment").outputs["failure-reason"] == "manifests-invalid"
    assert "::error file=catalog/plans.yaml,line=19," in job.log
    assert "`manifests-invalid`" in live.comment(pull)
