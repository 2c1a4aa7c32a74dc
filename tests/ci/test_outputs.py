"""What later steps of a job are given, and that no text of a manifest can give them anything else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.ci import outputs
from reconciler.ci.given import File, gather
from reconciler.ci.sections import Told
from reconciler.ci.summary import LIMIT, summary
from reconciler.errors import PlanFileError, UsageError
from reconciler.model import Action, ChangeClass
from reconciler.planning import planfile

from . import plans

RAISE = plans.plan(plans.raised(), plans.renamed(), team="acme/pricing")


def parsed(text):
    """What a runner makes of the file: names, and what stands between the delimiters."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, _, delimiter = line.partition("<<")
        value = []
        for inner in lines:
            if inner == delimiter:
                break
            value.append(inner)
        found[name] = "\n".join(value)
    return found


def test_every_output_of_one_environment():
    found = outputs.of(plans.made(RAISE), {"production": "plans/production.plan"})
    assert found == {
        "changes": "2",
        "to-create": "0",
        "to-update": "1",
        "to-archive": "0",
        "new-versions": "1",
        "max-class": "price-raising",
        "guards-open": "1",
        "plan-path": "plans/production.plan",
        "plan-digest": planfile.change_digest(RAISE),
        "failure-reason": "",
    }
    assert tuple(found) == outputs.NAMES


@pytest.mark.parametrize(("code", "left"), [(0, "0"), (3, "1"), (4, "1")])
def test_what_was_applied_has_no_open_guard_though_the_approved_plan_had(code, left):
    made = plans.made(RAISE, reports=[plans.report("production", "done", code=code)])
    assert outputs.of(made, {})["guards-open"] == left


def test_of_several_environments_counts_are_sums_and_digests_stand_by_their_names():
    staging = plans.plan(plans.renamed(), environment="staging")
    found = outputs.of(plans.made(RAISE, staging), {"production": "p.plan", "staging": "s.plan"})
    assert found["changes"] == "3"
    assert found["max-class"] == "price-raising"
    assert found["plan-path"] == "production=p.plan\nstaging=s.plan"
    assert found["plan-digest"].splitlines()[1] == f"staging={planfile.change_digest(staging)}"


def test_what_goes_is_counted_whether_it_is_archived_deleted_or_replaced():
    gone = [
        replace(plans.renamed(f"p{at}"), action=action, classes=(ChangeClass.DESTRUCTIVE,))
        for at, action in enumerate([Action.ARCHIVE, Action.DELETE, Action.REPLACE, Action.RELEASE, Action.ADOPT])
    ]
    found = outputs.of(plans.made(plans.plan(*gone)), {})
    assert (found["changes"], found["to-archive"], found["to-update"]) == ("5", "3", "0")
    assert found["max-class"] == "destructive"


def test_without_a_change_and_without_a_plan_every_output_is_there():
    found = outputs.of(plans.made(plans.plan()), {})
    assert (found["changes"], found["max-class"], found["guards-open"]) == ("0", "", "0")
    failed = outputs.of(plans.made(summaries=[plans.summary("production", 3, reason="plan-changed")]), {})
    assert failed["failure-reason"] == "plan-changed"
    assert tuple(failed) == outputs.NAMES


def test_a_value_with_lines_that_look_like_outputs_stays_one_value():
    evil = "x\nadmin=true\ntoken<<EOF\nstolen\nEOF"
    text = outputs.dumps({"plan-path": evil, "changes": "1"}, "reconciler_0123")
    assert parsed(text) == {"plan-path": evil, "changes": "1"}


def test_a_delimiter_that_a_value_contains_is_refused():
    with pytest.raises(ValueError, match="delimiter"):
        outputs.dumps({"plan-path": "a\nreconciler_1\nadmin=1"}, "reconciler_1")


def told(state="planned"):
    return Told(state, "f" * 40, 9, 1, "https://github.com/acme/billing/actions/runs/9", planning=state == "planned")


def test_the_page_of_the_job_has_plans_and_what_failed():
    text = summary(plans.made(RAISE, summaries=[plans.summary("staging", 1, error="catalog/x.yaml:1: no")]), told())
    assert "| `tokens`, per 1M | 2.00 |" in text
    assert "> catalog/x.yaml:1: no" in text
    assert "; `staging` failed" in text


def test_the_page_of_the_job_has_what_was_applied():
    text = summary(plans.made(RAISE, reports=[plans.report("production", "verified")]), told("applied"))
    assert "[applied](" in text
    assert ": 1 done." in text
    assert "+25.0" in text


def test_the_page_of_a_job_stays_within_what_a_step_may_write():
    many = [
        plans.plan(*(plans.renamed(f"p{at}", 900) for at in range(60)), environment=f"eu-{number}")
        for number in range(8)
    ]
    text = summary(plans.made(*many), told())
    assert len(text.encode()) < 1024 * 1024
    assert len(text) < LIMIT * 1.1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"plans": [File("a", "{}")]}, "a: this is not a plan file"),
        ({"plans": []} | {"reports": [File("r", "[]")]}, "r is no report"),
        ({"plans": [], "reports": [File("r", '{"environment": "x", "steps": [], "exit_code": "no"}')]}, "no report"),
        ({"plans": [], "summaries": [File("s", "{}")]}, "s is no summary"),
    ],
)
def test_a_file_that_is_not_what_it_is_given_as_is_told(given, said):
    with pytest.raises(PlanFileError, match=said):
        gather(**given)


def test_two_plans_of_one_environment_are_one_too_many():
    with pytest.raises(UsageError, match="second plan of production"):
        plans.made(RAISE, RAISE)


@pytest.mark.parametrize("name", ["prod -->\n#### forged", "a\n::set-output name=x::y", "a b", "", "../up", "<img>"])
def test_a_file_about_something_that_is_no_environments_name_is_refused(name):
    """The name stands in hidden lines of the comment, which it must not end."""
    plan = plans.file(plans.plan(plans.raised(), environment=name))
    for files in ({"plans": [plan]}, {"plans": [], "reports": [plans.report(name, "done")]}):
        with pytest.raises(PlanFileError, match="no name of an environment"):
            gather(**files)
    if name:
        with pytest.raises(PlanFileError, match="no name of an environment"):
            gather([], summaries=[plans.summary(name)])
