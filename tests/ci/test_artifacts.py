"""What the default branch keeps for others: newest, trusted, and nothing that a pull request uploaded."""

from __future__ import annotations

import pytest

from reconciler.ci import artifacts

NAME = "reconciler-snapshots"


@pytest.fixture
def newest(hub, job_for, api_for):
    def call(branch="main"):
        job = job_for(hub.open_pull(fork="mallory/billing"))
        api = api_for(job)
        found = artifacts.newest(api, job, NAME, branch)
        return found and artifacts.read(api, job, found)

    return call


def upload(hub, text, **more):
    return hub.upload(hub.start_run(**{"event": "schedule"} | more), NAME, {"production.json": text})


def test_the_newest_is_taken(hub, newest):
    for text in ("old", "new"):
        upload(hub, text)
    assert newest() == {"production.json": b"new"}


@pytest.mark.parametrize("event", ["push", "schedule", "workflow_dispatch"])
def test_runs_of_the_default_branch_are_trusted(hub, newest, event):
    upload(hub, "live", event=event)
    assert newest()


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target", "workflow_run", "issue_comment", "push"])
def test_a_fork_cannot_put_its_own_in_front(hub, newest, event):
    upload(hub, "live")
    fork = hub.open_pull(fork="mallory/billing", branch="main")
    upload(hub, "poison", event=event, pull=fork)
    assert newest() == {"production.json": b"live"}


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target", "workflow_run", "issue_comment"])
def test_nor_can_a_run_that_a_pull_request_started_in_this_repository(hub, newest, event):
    upload(hub, "poison", event=event)
    assert newest() is None


def test_another_branch_is_not_trusted_unless_it_is_named(hub, newest):
    upload(hub, "try", branch="try")
    assert newest() is None
    assert newest("try") == {"production.json": b"try"}


def test_another_name_is_not_taken_although_the_host_lists_it(hub, newest):
    upload(hub, "live")
    hub.upload(hub.start_run("push"), f"{NAME}-of-others", {"production.json": "poison"})
    hub.before.append(lambda asked: asked.query.pop("name", None) and None)
    assert newest() == {"production.json": b"live"}


def test_a_tag_that_is_named_like_the_branch_is_not_the_branch(hub, newest):
    upload(hub, "live")
    upload(hub, "poison", event="push", tag=True)
    assert newest() == {"production.json": b"live"}


def test_what_an_older_commit_of_the_branch_uploaded_is_still_of_the_branch(hub, newest):
    upload(hub, "live", event="push")
    hub.start_run("push")
    assert newest() == {"production.json": b"live"}


def test_one_that_expired_is_passed_over(hub, newest):
    upload(hub, "old")
    upload(hub, "new").expired = True
    assert newest() == {"production.json": b"old"}


def test_it_is_found_behind_pages_of_those_of_others(hub, newest):
    upload(hub, "live")
    hub.page = 2
    fork = hub.open_pull(fork="mallory/billing")
    for _ in range(5):
        upload(hub, "poison", event="pull_request", pull=fork)
    assert newest() == {"production.json": b"live"}
