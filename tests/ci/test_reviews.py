"""Who approved what was merged: people, after they could see its plan, and by which team."""

# ruff: noqa: ARG005 - what happens around a request is a function of it, whether or not it looks

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from reconciler.ci import teams
from reconciler.errors import ApprovalError, HostError
from reconciler.model import Guard

from . import plans, shapes
from .approving import RAISE, again
from .github import Told

# -- the reviews ---------------------------------------------------------------------------------------------------


def test_without_a_review_nothing_is_approved_unless_the_merge_is_approval_enough(hub, story):
    story.planned(plans.plan(plans.renamed()))
    assert story.refused().reason == "not-approved"
    assert story.approved(sha=story.pull.merge_commit_sha, least=0).consents.given == ()


def test_a_merge_is_not_approval_enough_for_what_a_team_has_to_consent_to(hub, story):
    story.planned()
    assert story.refused(least=0).reason == "guards-open"


def test_a_dismissed_review_is_revoked_and_brings_no_earlier_one_back(hub, story):
    story.planned()
    hub.approve(story.pull)
    hub.dismiss(hub.approve(story.pull))
    assert story.refused().reason == "approval-revoked"


def test_who_asks_for_changes_after_having_approved_has_revoked_it(hub, story):
    story.planned()
    hub.approve(story.pull, "bob")
    hub.approve(story.pull, "alice")
    hub.review(story.pull, "alice", "CHANGES_REQUESTED")
    assert story.refused().reason == "approval-revoked"


def test_who_asks_for_changes_without_having_approved_stands_in_the_way(hub, story):
    story.planned()
    hub.approve(story.pull, "alice")
    hub.review(story.pull, "bob", "CHANGES_REQUESTED")
    assert story.refused().reason == "not-approved"


def test_a_remark_after_an_approval_changes_nothing(hub, story):
    story.planned()
    hub.approve(story.pull)
    hub.review(story.pull, "alice", "COMMENTED")
    assert story.approved().consents.given


def test_who_settled_what_they_asked_for_has_approved(hub, story):
    story.planned()
    hub.review(story.pull, "alice", "CHANGES_REQUESTED")
    hub.approve(story.pull)
    assert story.approved().consents.given


@pytest.mark.parametrize("state", ["APPROVED", "CHANGES_REQUESTED"])
def test_a_stranger_neither_approves_nor_blocks(hub, story, state):
    story.planned()
    hub.review(story.pull, "stranger", state)
    assert story.refused().reason == "not-approved"
    hub.approve(story.pull)
    assert [one.login for one in story.approved(sha=story.pull.merge_commit_sha).approvals] == ["alice"]


def test_who_may_write_is_not_guessed_where_it_cannot_be_asked(hub, story):
    story.planned()
    hub.approve(story.pull)
    refused = Told(403, {"message": "Resource not accessible by integration"})
    hub.once("GET", "/collaborators/", lambda asked: refused)
    assert "@alice may not write here" in story.refused().message


def test_the_author_does_not_approve_their_own(hub, story):
    story.planned()
    hub.permissions["dave"] = "write"
    hub.approve(story.pull, "dave")
    assert story.refused().reason == "not-approved"


def test_two_approvals_are_two_people(hub, story):
    story.planned()
    hub.approve(story.pull)
    hub.approve(story.pull)
    assert story.refused(least=2).reason == "not-approved"
    hub.approve(story.pull, "bob")
    assert len(story.approved(sha=story.pull.merge_commit_sha, least=2).approvals) == 2


def test_reviews_on_later_pages_count_too(hub, story):
    story.planned()
    hub.page = 1
    hub.approve(story.pull)
    hub.review(story.pull, "bob", "CHANGES_REQUESTED")
    assert story.refused().reason == "not-approved"


@pytest.mark.parametrize("state", ["COMMENTED", "PENDING", "approve"])
def test_a_review_that_is_no_approval_approves_nothing(hub, story, state):
    story.planned(plans.plan(plans.renamed()))
    hub.review(story.pull, "alice", state)
    assert story.refused().reason == "not-approved"


def test_a_host_that_is_busy_is_not_taken_for_one_that_says_no(hub, story):
    story.planned()
    hub.approve(story.pull)
    busy = Told(403, {"message": "You have exceeded a secondary rate limit"})
    hub.before.append(lambda asked: busy if "/collaborators/" in asked.path else None)
    with pytest.raises(HostError) as caught:
        story.approved()
    assert not isinstance(caught.value, ApprovalError)


def test_an_approval_at_a_moment_that_nobody_can_read_is_none(hub, story):
    story.planned()
    hub.approve(story.pull).submitted_at = "yesterday"
    assert "approved before this plan was made" in story.refused().message


def test_an_approval_in_the_second_of_the_plan_counts(hub, story):
    story.planned()
    hub.approve(story.pull).submitted_at = RAISE.created_at
    assert story.approved().consents.given


def test_an_app_that_may_write_is_no_person_who_approves(hub, story):
    hub.permissions["approver[bot]"] = "write"
    story.planned(plans.plan(plans.renamed()))
    hub.approve(story.pull, "approver[bot]")
    assert story.refused().reason == "not-approved"


def test_an_approval_from_before_the_plan_is_none_of_it(hub, story):
    """The same commit planned again may be another change, where live has moved: nobody has looked at that one."""
    story.planned()
    hub.approve(story.pull)
    story.planned(again(hub, plans.plan(plans.raised(new="0.000009"), team="acme/pricing")))
    refused = story.refused()
    assert refused.reason == "not-approved"
    assert "@alice approved before this plan was made" in refused.message
    hub.approve(story.pull)
    assert story.approved(sha=story.pull.merge_commit_sha).consents.given


def test_an_approval_outlives_the_same_plan_made_again(hub, story):
    story.planned()
    hub.approve(story.pull)
    story.planned(again(hub, RAISE))
    assert story.approved().consents.given


def test_a_plan_of_the_next_commit_has_to_be_seen_anew_although_it_is_the_same(hub, story):
    story.planned()
    hub.push(story.pull)
    hub.approve(story.pull)
    story.planned(again(hub, RAISE))
    assert "approved before this plan was made" in story.refused().message


# -- runs that are started again -----------------------------------------------------------------------------------


def test_a_run_that_is_started_again_does_not_bring_back_what_main_has_left(hub, story):
    story.planned()
    hub.approve(story.pull)
    sha = hub.merge(story.pull)
    story.approved(sha=sha)
    hub.start_run("push")
    refused = story.refused(sha=sha, attempt=2)
    assert refused.reason == "head-moved"
    assert "main has moved on" in refused.message


def test_of_two_merges_in_one_minute_the_first_is_applied_although_main_has_moved(hub, story):
    story.planned()
    hub.approve(story.pull)
    sha = hub.merge(story.pull)
    hub.start_run("push", head=sha)
    hub.start_run("push")
    assert story.approved(sha=sha).text


def test_a_run_of_the_newest_commit_may_be_started_again(hub, story):
    story.planned()
    hub.approve(story.pull)
    assert story.approved(attempt=2).text


# -- teams ---------------------------------------------------------------------------------------------------------


def test_an_approver_who_is_not_in_the_team_gives_no_consent(hub, story):
    story.planned()
    hub.approve(story.pull, "bob")
    refused = story.refused()
    assert refused.reason == "guards-open"
    assert refused.message == "nobody of acme/pricing has approved it"


def test_the_members_of_a_team_that_the_project_does_not_name_are_asked_of_the_host(hub, story):
    story.planned()
    hub.org_readable, hub.teams = True, {"acme/pricing": {"bob"}}
    hub.approve(story.pull, "alice")
    hub.approve(story.pull, "bob")
    (consent,) = story.approved(known={}).consents.given
    assert consent.by == ("bob",)
    assert hub.asked("GET", "/orgs/acme/teams/pricing/memberships/bob")


def test_the_project_file_goes_before_the_host(hub, story):
    story.planned()
    hub.org_readable, hub.teams = True, {"acme/pricing": {"bob"}}
    hub.approve(story.pull, "bob")
    assert story.refused().reason == "guards-open"
    assert not hub.asked("GET", "/orgs/")


def test_a_token_that_may_not_ask_gives_no_consent_and_says_what_to_do(hub, story):
    story.planned()
    hub.approve(story.pull)
    assert "name its members below `teams:`" in story.refused(known={}).message


def test_who_was_invited_and_has_not_accepted_is_no_member(hub, story):
    story.planned()
    hub.approve(story.pull)
    hub.once("GET", "/orgs/", lambda asked: Told(200, {"state": "pending", "role": "member"}))
    assert story.refused(known={}).reason == "guards-open"


def test_a_team_that_only_a_later_plan_asks_for_is_told_and_stops_nothing(hub, story):
    """What is planned again is judged again; here it is only said who has not consented."""
    story.planned(plans.plan(plans.renamed()))
    hub.approve(story.pull, "bob")
    found = story.approved(plans=[RAISE])
    assert found.consents.missing == {"acme/pricing": "nobody of acme/pricing has approved it"}


def test_what_the_policy_forbade_is_not_applied_because_the_same_change_did_away_with_the_rule(hub, story):
    denied = Guard("policy.no-raise", RAISE.changes[0].address, "not before summer", False)
    story.planned(replace(RAISE, guards=(*RAISE.guards, denied)))
    hub.approve(story.pull)
    refused = story.refused()
    assert refused.reason == "guards-open"
    assert "policy.no-raise:Plan/pro: not before summer" in refused.message


@pytest.mark.parametrize(
    ("code", "consentable", "team"),
    [
        pytest.param("policy.no_raise", True, None, id="somebody may consent to it"),
        pytest.param("policy.no_raise", False, "acme/pricing", id="a team consents to it"),
        pytest.param("max_removals", False, None, id="it is a limit, which the apply looks at itself"),
    ],
)
def test_only_what_a_rule_denies_outright_is_forbidden_before_the_apply(hub, story, code, consentable, team):
    guard = Guard(code, RAISE.changes[0].address, "not before summer", consentable, team=team)
    story.planned(replace(RAISE, guards=(*RAISE.guards, guard)))
    hub.approve(story.pull)
    assert story.approved().consents.given


def test_a_pull_request_that_was_closed_unmerged_approves_nothing(hub, story):
    story.planned()
    hub.approve(story.pull)
    story.pull.merge_commit_sha, story.pull.closed = hub.sha("test merge"), True
    listed = Told(200, [shapes.pull(hub, story.pull, whole=False)])
    hub.before.append(lambda asked: listed if asked.path.endswith("/pulls") else None)
    assert story.refused(sha=story.pull.merge_commit_sha).reason == "not-approved"


def test_a_role_of_an_organizations_own_that_may_write_is_told_by_its_name_alone(hub, story):
    story.planned()
    hub.approve(story.pull)
    told = Told(200, {"permission": "read", "role_name": "maintain"})
    hub.once("GET", "/collaborators/", lambda asked: told)
    assert story.approved().approvals


def test_a_team_that_the_project_leaves_empty_has_nobody_in_it(hub, story):
    story.planned()
    hub.org_readable, hub.teams = True, {"acme/pricing": {"alice"}}
    hub.approve(story.pull)
    assert story.refused(known={"acme/pricing": []}).reason == "guards-open"


def test_a_team_without_an_owner_is_one_of_the_repositorys(hub, story):
    plan = plans.plan(plans.raised(), team="pricing")
    story.planned(plan)
    hub.org_readable, hub.teams = True, {"acme/pricing": {"alice"}}
    hub.approve(story.pull)
    assert story.approved(known={}).consents.given[0].team == "pricing"


def test_a_host_that_is_busy_is_not_one_that_does_not_tell_of_teams(hub, story):
    story.planned()
    hub.approve(story.pull)
    busy = Told(403, {"message": "You have exceeded a secondary rate limit"})
    hub.before.append(lambda asked: busy if asked.path.startswith("/orgs/") else None)
    with pytest.raises(HostError) as caught:
        story.approved(known={})
    assert not isinstance(caught.value, ApprovalError)


def test_a_plan_that_needs_no_team_has_a_file_of_no_consents(hub, story):
    story.planned(plans.plan(plans.renamed()))
    hub.approve(story.pull)
    assert json.loads(teams.dumps(story.approved().consents))["consents"] == []
