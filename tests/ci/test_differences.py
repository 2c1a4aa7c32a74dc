"""An apply that was refused because its plan is not the approved one any more: the comment tells the two apart."""

from __future__ import annotations

import json

import pytest

from reconciler.ci.comment import Asked, comment
from reconciler.ci.document import read
from reconciler.planning import replanned, replannedfile

from . import plans

APPROVED = plans.plan(plans.raised(), team="acme/pricing")
NOW = plans.plan(plans.raised(new="0.000009"), plans.renamed("sneaked_in"), team="acme/pricing")


def refused(tree):
    said = {"said": "not what was approved", "error": "not what was approved", "reason": "plan-changed", "result": None}
    turn = {"environment": "production", "exit_code": 3, "differences": tree} | said
    text = json.dumps({"format_version": "1.0", "shard": None, "environments": [turn], "exit_code": 3})
    return plans.File("summary.json", text)


@pytest.fixture
def say(hub, api_for):
    def call(job, state, *found, **files):
        comment(api_for(job), job, Asked(state, plans.made(*found, **files), ("production",)), lambda: None)
        (one,) = hub.comments
        assert read(one.body).health == "sound"
        return one.body

    return call


@pytest.fixture
def merged(hub, job_for, say):
    """The job after the merge of a pull request whose plan was shown."""
    pull = hub.open_pull()
    say(job_for(pull), "planned", APPROVED)
    return job_for(sha=hub.merge(pull))


def test_the_comment_shows_what_would_be_done_now_beside_what_was_approved(merged, say):
    tree = replannedfile.tree(replanned.compare(APPROVED, NOW))
    body = say(merged, "failed", APPROVED, summaries=[refused(tree)])
    assert "`plan-changed`" in body
    assert body.index("not what was approved") < body.index("**Price changes"), "what is new comes first"
    assert "0.000009" in body
    assert "`Plan/sneaked_in`" in body


def test_once_it_is_applied_after_all_the_comment_tells_the_approved_plan_alone(merged, say):
    tree = replannedfile.tree(replanned.compare(APPROVED, NOW))
    say(merged, "failed", APPROVED, summaries=[refused(tree)])
    say(merged, "applying")
    body = say(merged, "applied", APPROVED, reports=[plans.report("production", "verified")])
    assert "sneaked_in" not in body
    assert "**Price changes" in body


def test_very_many_differences_lose_their_fold_and_never_the_plan(merged, say):
    many = plans.plan(plans.raised(), *(plans.renamed(f"p{at}", size=60) for at in range(400)), team="acme/pricing")
    body = say(merged, "failed", APPROVED, summaries=[refused(replannedfile.tree(replanned.compare(APPROVED, many)))])
    assert "and 380 more objects, below." in body
    assert "Both plans, object by object" not in body
    assert "**Price changes" in body
