"""What is started by hand: a plan that people look at, and exactly that plan after they said yes."""

from __future__ import annotations

import pytest

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


def test_a_guard_that_a_team_holds_is_not_opened_by_whoever_starts_it(live):
    merged(live, {"reconciler.yaml": ('default: "40"', 'default: "44"')})
    jobs = live.by_hand(command="plan", allow="price-raising:Plan/studio")
    assert jobs["plan"].step("Plan").outputs["guards-open"] == "1"
    assert jobs["apply"].step("Apply it").outputs["failure-reason"] == "guards-open"
    assert live.fee("production") == "40"


def test_nothing_to_do_asks_nobody(live):
    jobs = live.by_hand(command="plan", environment="staging")
    assert (jobs["plan"].status, jobs["apply"].status) == ("success", "skipped")


def log(jobs):
    return "".join(job.log for job in jobs.values())
