"""Promotion by pull request: what a policy leaves to a team is decided by a review of the pin that moves."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.source

COST = {"reconciler.yaml": ('default: "40"', 'default: "44"')}


def merged(live, branch, *approvers, **what):
    """A branch of main becomes a pull request, is planned, approved and merged; what its apply came to."""
    pull = live.open(branch, live.commit(branch, branch, **what))
    planned = live.planned(pull, "opened")["plan"]
    assert planned.status == "success", planned.log
    for name in approvers:
        live.hub.approve(pull, name)
    return pull, planned, live.applied(live.merge(pull))


def pinned(live, branch, *approvers):
    """The same for the one line that `promote --pin` writes."""
    live.commit(branch, "Nothing yet")
    live.reconciler("promote", "--to", "production", "--from", "staging", "--pin")
    return merged(live, branch, *approvers)


@pytest.fixture
def proven(live):
    """Production is pinned, and a catalogue in which Studio costs more is live in staging alone."""
    _, _, jobs = pinned(live, "promote/first", "bob")
    assert {job.status for job in jobs.values()} == {"success"}, log(jobs)
    _, planned, jobs = merged(live, "raise", "bob", replace=COST)
    assert {job.status for job in jobs.values()} == {"success"}, log(jobs)
    assert planned.step("Plan every environment").outputs["guards-open"] == "0"
    assert (live.fee("staging"), live.fee("production")) == ("44", "40")
    return live


def test_the_review_of_a_team_lets_a_pin_raise_a_price(proven):
    pull, planned, jobs = pinned(proven, "promote/next", "alice")
    told = planned.step("Plan every environment").outputs
    assert (told["new-versions"], told["max-class"], told["guards-open"]) == ("1", "price-raising", "1")
    assert "lodestar/pricing" in planned.summary
    assert {job.status for job in jobs.values()} == {"success"}, log(jobs)
    assert "[applied]" in proven.comment(pull)
    assert (proven.fee("staging"), proven.fee("production")) == ("44", "44")
    assert {job.status for job in proven.nightly().values()} == {"success"}


def test_without_the_team_a_pin_raises_no_price_until_its_review_is_there(proven):
    pull, _, jobs = pinned(proven, "promote/next", "bob")
    assert "lodestar/pricing" in jobs["apply (production)"].summary
    assert jobs["apply (production)"].step("Apply what was approved").outputs["failure-reason"] == "guards-open"
    assert proven.fee("production") == "40"
    proven.hub.approve(pull, "alice")
    again = proven.applied(proven.main())
    assert {job.status for job in again.values()} == {"success"}, log(again)
    assert proven.fee("production") == "44"


def log(jobs):
    return "".join(job.log for job in jobs.values())
