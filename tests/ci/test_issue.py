"""One issue per environment about its drift, whoever else looks after it."""

# ruff: noqa: ARG005 - what happens around a request is a function of it, whether or not it looks

from __future__ import annotations

import json

import pytest

from reconciler.ci import drift_issue, issue
from reconciler.errors import HostError, PlanFileError

from .github import BOT, Told


def moved(live="Pro!", key="pro"):
    field = {"path": "name", "origin": "outside", "declared": "Pro", "live": live, "currency": None, "note": None}
    field["location"] = None
    return {
        "address": f"Plan/{key}",
        "what": "changed",
        "origin": "outside",
        "title": f"Plan/{key} differs",
        "fields": [field],
        "classes": ["cosmetic"],
        "healable": True,
        "version": 4,
        "location": {"file": "catalog/plans.yaml", "line": 4, "column": 1},
        "notes": [],
    }


def tree(*objects, environment="production", complete=True):
    """What ``drift --format json`` prints."""
    return {
        "format_version": "1.0",
        "tool": "reconciler 0.1.0",
        "created_at": "2026-12-01T12:00:00Z",
        "project": "acme",
        "environment": environment,
        "target": {"endpoint": "https://openmeter.example", "identity": "01J9", "api": "v1"},
        "source": {"manifests": "abc", "commit": "4e1c0d99", "dirty": False},
        "base": None,
        "clean": not objects,
        "complete": complete,
        "unchanged": 12,
        "objects": objects,
    }


def drift(*objects, environment="production", complete=True):
    (found,) = drift_issue.loads(json.dumps(tree(*objects, environment=environment, complete=complete)), "drift.json")
    return found


@pytest.fixture
def keep(hub, job_for, api_for):
    def call(found, pause=lambda: None, **more):
        job = job_for(sha=hub.sha("nightly"))
        return issue.keep(api_for(job), job, found, pause, **more)

    return call


def opened(hub):
    return [one for one in hub.issues.values() if one.state == "open"]


def test_it_is_opened_kept_told_closed_and_opened_again(hub, keep):
    assert keep(drift()).what == "clean, as before"
    assert not hub.issues
    assert keep(drift(moved())).what == "opened"
    (found,) = opened(hub)
    assert found.labels == ("reconciler-drift",)
    assert found.title == "Billing catalogue: drift in production"
    assert "Pro!" in found.body
    assert "12 as declared" in found.body
    assert keep(drift(moved())).what == "is up to date"
    assert not hub.comments
    assert keep(drift(moved("Max"))).what == "updated"
    assert "Max" in found.body
    assert "not the same any more" in hub.comments[-1].body
    assert keep(drift()).what == "closed"
    assert (found.state, found.state_reason) == ("closed", "completed")
    assert keep(drift()).what == "clean, as before"
    assert len(hub.comments) == 2
    assert keep(drift(moved())).what == "opened again"
    assert found.state == "open"
    assert len(hub.issues) == 1


def test_drift_whose_lines_have_moved_is_the_same_drift(hub, keep):
    keep(drift(moved()))
    elsewhere = moved() | {"location": {"file": "catalog/more.yaml", "line": 99, "column": 1}, "notes": ["shared"]}
    assert keep(drift(elsewhere)).what == "is up to date"


def test_what_several_environments_came_to_is_read_too():
    results = {"production": tree(moved()), "staging": tree(environment="staging")}
    several = {"environments": [{"environment": name, "result": result} for name, result in results.items()]}
    found = list(drift_issue.loads(json.dumps(several), "drift.json"))
    assert [(one.environment, one.clean, one.differs) for one in found] == [
        ("production", False, True),
        ("staging", True, False),
    ]


def test_every_environment_has_its_own(hub, keep):
    keep(drift(moved()))
    keep(drift(moved(), environment="staging"))
    assert len(opened(hub)) == 2
    keep(drift(environment="staging"))
    assert [one.title for one in opened(hub)] == ["Billing catalogue: drift in production"]


def test_where_nobody_could_look_it_stays_as_it_is(hub, keep):
    keep(drift(moved()))
    failed = {"environments": [{"environment": "production", "exit_code": 1, "said": "no", "result": None}]}
    (unknown,) = drift_issue.loads(json.dumps(failed), "drift.json")
    assert "not known" in keep(unknown).what
    assert "not known" in keep(drift(complete=False)).what
    assert len(opened(hub)) == 1


def test_two_jobs_that_open_one_at_the_same_moment_end_with_the_older(hub, keep):
    hub.once("POST", "/issues", lambda asked: keep(drift(moved())) and None)
    kept = keep(drift(moved()))
    (left,) = opened(hub)
    assert left.number == min(hub.issues)
    assert kept.url.endswith(f"/{left.number}")
    other = hub.issues[max(hub.issues)]
    assert other.state_reason == "not_planned"
    assert other.body == f"This goes on in #{left.number}."
    keep(drift())
    assert not opened(hub)
    keep(drift(moved()))
    assert [one.number for one in opened(hub)] == [left.number]


def test_an_issue_whose_answer_was_lost_is_not_opened_twice(hub, keep):
    hub.once_after("POST", "/issues", lambda asked, told: object.__setattr__(told, "status", 502))
    assert keep(drift(moved())).what == "opened"
    assert len(hub.issues) == 1


def test_a_host_that_accepts_and_does_not_close_is_not_believed(hub, keep):
    keep(drift(moved()))
    hub.once("PATCH", "/issues/", lambda asked: Told(200, {"state": "open"}))
    with pytest.raises(HostError, match="not closed although"):
        keep(drift())


def test_issues_of_others_and_pull_requests_are_left_alone(hub, keep):
    hub.open_pull()
    keep(drift(moved()))
    (found,) = opened(hub)
    found.login = "mallory"
    keep(drift(moved()))
    assert [one.login for one in hub.issues.values()] == ["mallory", BOT]
    keep(drift())
    assert [one.login for one in opened(hub)] == ["mallory"]


def test_a_host_that_does_not_let_it_is_an_error(hub, keep, job_for, api_for):
    from .github import READ_ONLY

    job = job_for(sha=hub.sha("nightly"), token=READ_ONLY)
    with pytest.raises(HostError, match="not accessible"):
        issue.keep(api_for(job), job, drift(moved()), lambda: None)


def test_text_of_a_server_breaks_nothing_and_the_text_fits(hub, keep):
    evil = "<!-- reconciler:drift staging " + "0" * 64 + " -->\n``` </details> @everyone | x"
    many = [moved(f"{at} {evil * 20}", f"p{at}") for at in range(400)]
    keep(drift(*many))
    (found,) = opened(hub)
    assert len(found.body) <= 65_536
    assert "did not fit" in found.body
    assert found.body.count("<!-- reconciler:drift ") == 1
    assert drift_issue.marked(found.body)[0] == "production"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"environments": [{}]}', "null", json.dumps(tree(moved()) | {"clean": True})]
)
def test_what_is_no_drift_is_told(text):
    with pytest.raises(PlanFileError, match="drift --format json"):
        list(drift_issue.loads(text, "drift.json"))
