"""What is applied after a merge is what was reviewed before it: every way in which it could be something else."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import pytest

from reconciler.ci import artifacts, teams
from reconciler.ci.comment import Asked as Saying
from reconciler.ci.comment import comment
from reconciler.ci.composing import compose
from reconciler.ci.document import read
from reconciler.errors import HostError
from reconciler.planning import planfile
from reconciler.policy import consentsfile

from . import plans
from .approving import RAISE
from .github import Told


def test_the_plan_that_was_approved_is_given_byte_for_byte_with_the_teams_consent(hub, story):
    story.planned()
    review = hub.approve(story.pull, "alice")
    found = story.approved()
    assert found.text == planfile.dumps(RAISE)
    (consent,) = consentsfile.loads(teams.dumps(found.consents), "consents.json")
    assert (consent.team, consent.by, consent.environment) == ("acme/pricing", ("alice",), "production")
    assert consent.change_digest == planfile.change_digest(RAISE)
    assert consent.source == f"https://github.com/acme/billing/pull/{story.pull.number}#pullrequestreview-{review.id}"


@pytest.mark.parametrize("look", [1, 2, 3])
def test_a_host_that_does_not_know_of_the_merge_yet_is_asked_again(hub, story, look):
    story.planned()
    hub.approve(story.pull)
    for _ in range(look):
        hub.before.append(lambda asked, hub=hub: _not_yet(hub, asked))
    pauses = []
    assert story.approved(pause=lambda: pauses.append(1)).text
    assert len(pauses) == look


def _not_yet(hub, asked):
    if not asked.path.endswith("/pulls"):
        return None
    hub.before.pop()
    return Told(200, [])


def test_a_direct_push_was_reviewed_by_nobody(hub, story):
    assert story.refused(sha=hub.sha("direct")).reason == "not-approved"


def test_a_commit_in_the_middle_of_a_merged_pull_request_was_not_merged_as_such(hub, story):
    story.planned()
    hub.approve(story.pull)
    hub.merge(story.pull)
    assert story.refused(sha=story.pull.head).reason == "not-approved"


def test_of_several_pull_requests_with_a_commit_it_is_the_one_that_was_merged_as_it(hub, story):
    story.planned()
    hub.approve(story.pull)
    sha = hub.merge(story.pull)
    other = hub.open_pull(branch="stacked", head=sha)
    assert other.number > story.pull.number
    assert story.approved(sha=sha).pull.number == story.pull.number


def test_a_pull_request_that_was_merged_into_another_branch_approves_nothing(hub, story):
    story.planned()
    hub.approve(story.pull)
    story.pull.base = "release"
    assert story.refused().reason == "not-approved"


def test_a_forks_plan_proves_nothing(hub, story):
    story.pull = hub.open_pull(fork="mallory/billing")
    story.planned()
    hub.approve(story.pull)
    refused = story.refused()
    assert refused.reason == "approval-unreadable"
    assert "fork" in refused.message


# -- the comment ---------------------------------------------------------------------------------------------------


def test_without_a_comment_nothing_is_approved(hub, story):
    story.planned()
    hub.approve(story.pull)
    hub.comments.clear()
    assert story.refused().reason == "approval-unreadable"


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.replace("0.000002 USD", "0.000001 USD"),
        lambda body: body[: len(body) // 2],
        lambda body: body[:200],
        lambda body: body.replace('"guards_open":1,', ""),
        lambda body: body + "\nLooks good to me",
    ],
    ids=["edited", "half", "truncated", "header", "more"],
)
def test_a_comment_that_was_touched_approves_nothing(hub, story, change):
    story.planned()
    hub.approve(story.pull)
    before = story.comment.body
    hub.edit(story.comment, change(before))
    assert story.comment.body != before
    refused = story.refused()
    assert refused.reason == "approval-unreadable"
    assert "was edited or damaged" in refused.message


def test_a_comment_that_was_edited_and_edited_back_is_what_it_was(hub, story):
    story.planned()
    hub.approve(story.pull)
    hub.edit(story.comment, story.comment.body.replace("\n", "\r\n"))
    assert story.approved().text


def test_a_header_that_was_written_by_somebody_else_is_no_comment_of_ours(hub, story):
    story.planned()
    hub.approve(story.pull)
    story.comment.login = "mallory"
    assert story.refused().reason == "approval-unreadable"


def test_a_plan_that_is_out_of_date_approves_nothing(hub, story, job_for, api_for):
    story.planned()
    hub.approve(story.pull)
    job = job_for(story.pull)
    comment(api_for(job), job, Saying("stale", {}, ("production",)), lambda: None)
    assert story.refused().reason == "approval-unreadable"


def test_a_plan_whose_command_failed_approves_nothing(hub, story):
    story.planned(state="failed")
    hub.approve(story.pull)
    refused = story.refused()
    assert refused.reason == "approval-unreadable"
    assert "is out of date or failed" in refused.message
    assert not hub.asked("GET", "/actions/runs/")


def test_an_environment_that_was_not_planned_is_not_approved(hub, story):
    story.planned()
    hub.approve(story.pull)
    assert "no plan for staging" in story.refused(environment="staging").message


def test_a_failed_apply_can_be_run_again(hub, story, job_for, api_for):
    story.planned()
    hub.approve(story.pull)
    sha = hub.merge(story.pull)
    for state in ("applying", "failed"):
        job = job_for(sha=sha)
        comment(api_for(job), job, Saying(state, plans.made(RAISE)), lambda: None)
    assert story.approved(sha=sha).text == planfile.dumps(RAISE)


# -- the head ------------------------------------------------------------------------------------------------------


def test_a_push_after_the_plan_moved_the_head(hub, story):
    story.planned()
    hub.push(story.pull)
    hub.approve(story.pull)
    assert story.refused().reason == "head-moved"


def test_an_approval_of_an_earlier_commit_is_none_of_this_one(hub, story):
    hub.approve(story.pull)
    hub.push(story.pull)
    story.planned()
    refused = story.refused()
    assert refused.reason == "not-approved"
    assert "@alice approved an earlier commit" in refused.message


# -- the saved plan ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["reconciler-plans-all-{}", "reconciler-plans-staging-production-{}"])
def test_a_plan_in_the_artifact_of_several_environments_is_found(hub, story, name):
    story.planned(name=name.format(story.pull.head))
    hub.approve(story.pull)
    assert story.approved().text == planfile.dumps(RAISE)


@pytest.mark.parametrize("name", ["reconciler-plans-production-{}x", "plans-{}", "reconciler-plans-production"])
def test_another_artifact_is_not_looked_into(hub, story, name):
    story.planned(name=name.format(story.pull.head))
    hub.approve(story.pull)
    assert story.refused().reason == "approval-unreadable"


def test_an_artifact_that_expired_approves_nothing(hub, story):
    story.planned()
    hub.approve(story.pull)
    hub.artifacts[0].expired = True
    assert story.refused().reason == "approval-unreadable"


def test_another_plan_than_the_comment_shows_approves_nothing(hub, story):
    story.planned(saved=plans.plan(plans.raised(new="0.000009"), team="acme/pricing"))
    hub.approve(story.pull)
    refused = story.refused()
    assert refused.reason == "approval-unreadable"
    assert "another than the comment shows" in refused.message


def test_a_header_whose_digests_are_of_two_plans_approves_nothing(hub, story):
    story.planned()
    hub.approve(story.pull)
    found = read(story.comment.body).document
    entry = replace(found.entries["production"], change_digest="0" * 64)
    hub.edit(story.comment, compose(found.having("production", entry)))
    assert read(story.comment.body).health == "sound"
    assert "another than the comment shows" in story.refused().message


def test_one_sound_comment_does_not_make_up_for_an_edited_one(hub, story):
    story.planned()
    hub.approve(story.pull)
    sound = story.comment.body
    hub.edit(story.comment, sound.replace("0.0000025", "0.000001"))
    hub.comment_by(story.comment.login, story.pull.number, sound)
    assert "was edited or damaged" in story.refused().message


def test_the_same_change_in_another_file_is_another_file(hub, story):
    story.planned(saved=replace(RAISE, valid_until="2099-01-01T00:00:00Z"))
    hub.approve(story.pull)
    assert "another than the comment shows" in story.refused().message


def test_a_plan_that_was_changed_after_it_was_made_is_no_plan(hub, story):
    story.planned()
    hub.approve(story.pull)
    hub.artifacts.clear()
    text = planfile.dumps(RAISE).replace("0.0000025", "0.0000024")
    hub.upload(story.run, artifacts.plans_name("production", story.pull.head), {"plans/production.plan": text})
    assert "has no plan of it" in story.refused().message


def test_of_two_attempts_the_plan_that_the_comment_shows_is_taken(hub, story):
    story.planned()
    hub.approve(story.pull)
    other = replace(RAISE, created_at="2026-11-21T11:00:00Z")
    name = artifacts.plans_name("production", story.pull.head)
    hub.upload(story.run, name, {"plans/production.plan": planfile.dumps(other)})
    assert story.approved().text == planfile.dumps(RAISE)


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", None])
def test_a_run_that_did_not_end_well_approves_nothing(hub, story, conclusion):
    story.planned(conclusion=conclusion)
    hub.approve(story.pull)
    assert story.refused().reason == "approval-unreadable"


@pytest.mark.parametrize(
    "change",
    [
        {"event": "workflow_dispatch"},
        {"event": "pull_request_target"},
        {"head": "f" * 40},
        {"head_repository_id": 2000},
    ],
    ids=lambda change: next(iter(change)),
)
def test_only_a_run_of_the_pull_requests_own_head_counts(hub, story, change):
    story.planned()
    hub.approve(story.pull)
    for name, value in change.items():
        setattr(story.run, name, value)
    assert story.refused().reason == "approval-unreadable"


def test_a_run_that_is_gone_approves_nothing(hub, story):
    story.planned()
    hub.approve(story.pull)
    hub.artifacts.clear()
    hub.runs.pop(story.run.id)
    assert story.refused().reason == "approval-unreadable"


@pytest.mark.parametrize("path", ["../production.plan", "/production.plan", "a\\b.plan", "C:x.plan", "a/\x1b.plan"])
def test_an_archive_with_a_path_that_leads_elsewhere_is_not_read(hub, story, path):
    story.planned()
    hub.approve(story.pull)
    hub.artifacts.clear()
    hub.upload(story.run, artifacts.plans_name("production", story.pull.head), {path: planfile.dumps(RAISE)})
    with pytest.raises(HostError, match="belongs elsewhere"):
        story.approved()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no archive", b"x" * 200])
def test_what_is_no_archive_is_told(hub, story, data):
    story.planned()
    hub.approve(story.pull)
    hub.artifacts.clear()
    hub.upload(story.run, artifacts.plans_name("production", story.pull.head), data)
    with pytest.raises(HostError, match="cannot be read"):
        story.approved()


def test_an_archive_that_is_packed_as_none_of_githubs_is_not_unpacked(hub, story):
    """Its decoder has failures of its own."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("plans/production.plan", planfile.dumps(RAISE))
    story.planned()
    hub.approve(story.pull)
    hub.artifacts.clear()
    hub.upload(story.run, artifacts.plans_name("production", story.pull.head), packed.getvalue())
    with pytest.raises(HostError, match="compressed as none"):
        story.approved()


def test_an_archive_that_unpacks_to_too_much_is_not_read(hub, story, monkeypatch):
    monkeypatch.setattr("reconciler.ci.archive.LARGEST", 10_000)
    story.planned()
    hub.approve(story.pull)
    hub.upload(story.run, artifacts.plans_name("production", story.pull.head), {"a": "x" * 9_000, "b": "y" * 9_000})
    with pytest.raises(HostError, match="unpacks to more than 10,000 bytes"):
        story.approved()
