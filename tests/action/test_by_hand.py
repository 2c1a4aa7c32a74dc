"""What is started by hand: a plan that people look at, and exactly that plan after they said yes."""

from __future__ import annotations

import pytest

from .runner import ROOT

pytestmark = pytest.mark.source

LOWER = {"reconciler.yaml": ('default: "40"', 'default: "38"')}


def merged(live, replace=LOWER):
    """main declares another fee, and nothing has been applied yet."""
    live.merge(live.open("change", live.commit("change", "Another fee", replace=replace)))


def test_what_is_proven_in_staging_is_promoted_once_its_reviewers_said_yes(live):
    merged(live)
    refused = live.by_hand()
    assert refused["plan"].status == "failure", "promoted what staging does not have"
    assert refused["apply"].status == "skipped"
    live.settle("staging")
    jobs = live.by_hand()
    assert {name: job.status for name, job in jobs.items()} == {"plan": "success", "apply": "success"}, log(jobs)
    assert "Plan/studio" in jobs["plan"].summary
    assert jobs["apply"].environment == "production"
    assert live.fee("production") == "38"


def test_nothing_is_applied_where_the_reviewers_say_no(live):
    merged(live)
    live.runner.refuses = ("production",)
    jobs = live.by_hand(command="plan")
    assert (jobs["plan"].status, jobs["apply"].status) == ("success", "failure")
    assert live.fee("production") == "40"


def test_what_moved_while_the_reviewers_thought_is_refused(live):
    merged(live)
    live.runner.between = lambda name: live.edit("production", name="Studio (clicked)") if name == "apply" else None
    jobs = live.by_hand(command="plan")
    assert jobs["apply"].step("Apply it").outputs["failure-reason"] == "stale"
    assert live.fee("production") == "40"


@pytest.mark.parametrize("command", ["plan", "promote"])
def test_a_guard_that_a_team_holds_is_not_opened_by_whoever_starts_it(live, command):
    merged(live, {"reconciler.yaml": ('default: "40"', 'default: "44"')})
    live.settle("staging")
    jobs = live.by_hand(command=command, allow="price-raising:Plan/studio")
    assert jobs["plan"].step("Plan").outputs["guards-open"] == "1"
    assert jobs["apply"].step("Apply it").outputs["failure-reason"] == "guards-open"
    assert live.fee("production") == "40"


def test_a_branch_that_moves_the_pin_is_proven_and_says_only_what_it_may(live, tmp_path):
    proven = ROOT / "examples" / "promotion" / ".github" / "workflows" / "billing.yml"
    workflow = tmp_path / "billing.yml"
    workflow.write_text(proven.read_text().replace("TIDEWATER_", "OPENMETER_"))
    merged(live)
    merged(live, {"reconciler.yaml": ("    limits:", "    promotesFrom: staging\n    limits:")})
    live.settle("staging")
    live.commit("promote/next", "Nothing yet")
    live.reconciler("promote", "--to", "production", "--pin")
    pull = live.open("promote/next", live.commit("promote/next", "The pin moves"))

    def proof():
        run = live.hub.start_run("pull_request", pull)
        return live.runner.workflow(workflow, run, live.hub.pull_event(pull))["prove"]

    job = proof()
    assert job.status == "success", job.log
    assert "--trusted-project" in job.log
    assert "failed" not in job.summary
    live.edit("staging", name="Studio (clicked)")
    job = proof()
    assert job.step("Could production have it").outputs["failure-reason"] == "not-proven"
    assert "`not-proven`" in job.summary
    assert live.fee("production") == "40"


def test_nothing_to_do_asks_nobody(live):
    jobs = live.by_hand(command="plan", environment="staging")
    assert (jobs["plan"].status, jobs["apply"].status) == ("success", "skipped")


def log(jobs):
    return "".join(job.log for job in jobs.values())
