"""``--summary``: what became of each environment and why, after every run, whatever became of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import simplejson
import stamina
from jsonschema import Draft202012Validator

from reconciler import workflow
from reconciler.model import Report, StepResult
from reconciler.render import fleet
from reconciler.render.summary_schema import summary as schema

from .conftest import FEATURE, METER


@pytest.fixture
def told(run):
    """Run a command with ``--summary`` and give its exit code and what the file says; it is valid by its schema."""

    def call(*args):
        Path("s.json").unlink(missing_ok=True)
        ended = run(*args, "--summary", "s.json")
        document = json.loads(Path("s.json").read_text())
        assert list(Draft202012Validator(schema()).iter_errors(document)) == []
        assert document["exit_code"] == ended.code
        return ended.code, document

    return call


def one(document):
    (found,) = document["environments"]
    assert found["exit_code"] == document["exit_code"]
    assert found["reason"] == document["reason"]
    return found["environment"], found["said"], found["reason"]


def test_one_environment_has_its_summary_where_all_goes_well(told, project):
    assert one(told("plan")[1]) == ("sandbox", "Plan: 2 to create.", None)
    assert one(told("apply", "-e", "sandbox", "--auto-approve")[1]) == ("sandbox", "Apply complete: 2 created.", None)
    assert one(told("apply", "--auto-approve")[1])[1] == "No changes. OpenMeter matches the manifests."
    assert one(told("drift")[1]) == ("sandbox", "As declared.", None)
    assert one(told("validate", "-e", "sandbox")[1]) == ("sandbox", "0 errors, 0 warnings.", None)
    assert one(told("validate")[1]) == (None, "0 errors, 0 warnings.", None)


def test_what_is_pending_is_no_failure(told, project):
    code, found = told("plan", "--detailed-exitcode")
    assert (code, one(found)[2]) == (2, None)


@pytest.mark.parametrize("command", [("plan",), ("apply", "--auto-approve"), ("drift",), ("validate",)])
@pytest.mark.parametrize("name", ["staging", None, "s*"])
def test_a_project_file_that_is_broken_has_a_summary_of_what_was_asked_for(told, project, command, name):
    Path("reconciler.yaml").write_text("apiVersion: reconciler/v1\nkind: Project\nnmae: acme\n")
    code, found = told(*command, *(("-e", name) if name else ()))
    assert code == 1
    assert one(found)[::2] == (name if name == "staging" else None, "project-invalid")
    assert "nmae" in found["environments"][0]["error"]


def test_manifests_that_are_broken_are_told_with_the_name_that_the_project_gives_the_environment(told, project):
    Path("catalog/meters.yaml").write_text(METER.replace("SUM", "SUMM"))
    assert one(told("plan")[1])[::2] == ("sandbox", "manifests-invalid")
    assert one(told("drift")[1])[::2] == ("sandbox", "manifests-invalid")
    code, found = told("validate", "-e", "s*")
    assert code == 1
    assert [(item["environment"], item["reason"]) for item in found["environments"]] == [
        ("sandbox", "manifests-invalid"),
        ("staging", "manifests-invalid"),
    ]
    assert "catalog/meters.yaml:7:16" in found["environments"][0]["error"]


def test_a_command_line_that_makes_no_sense_has_a_summary(told, project):
    assert one(told("plan", "-e", "staging", "--var", "x")[1])[::2] == ("staging", "usage")
    assert one(told("apply", "-e", "staging")[1])[::2] == ("staging", "usage")
    assert one(told("plan", "-e", "nowhere")[1])[::2] == ("nowhere", "usage")
    assert told("plan", "-e", "x*")[1]["reason"] == "usage"


def test_a_secret_that_is_not_set_and_a_server_that_is_not_there_are_told_apart(told, project, monkeypatch):
    monkeypatch.delenv("STAGING_TOKEN", raising=False)
    assert one(told("plan", "-e", "staging")[1])[::2] == ("staging", "secret-missing")
    monkeypatch.setenv("STAGING_TOKEN", "abc")
    with stamina.set_testing(True, attempts=1):
        assert one(told("plan", "-e", "staging")[1])[::2] == ("staging", "unreachable")


def test_an_open_guard_is_told_with_its_reason(told, live):
    live.declare(("Meter", "tokens", {"eventType": "x", "aggregation": "COUNT"}))
    assert told("apply", "--auto-approve")[0] == 0
    live.declare(("Meter", "tokens", None, {"state": "absent"}))
    code, found = told("apply", "--auto-approve")
    assert code == 3
    assert one(found)[::2] == ("live", "guards-open")
    assert "Meter/tokens" in found["environments"][0]["error"]


@pytest.mark.parametrize(
    ("states", "code", "reason"),
    [
        (("done", "failed"), 4, "partly-applied"),
        (("failed", "skipped"), 1, "writes-refused"),
        (("done", "not-sent"), 4, "partly-applied"),
    ],
)
def test_a_run_that_failed_says_how_far_it_came(told, project, monkeypatch, states, code, reason):
    def ran(context, made, **_):
        return workflow.Outcome(
            Report(made, tuple(StepResult(step, state) for step, state in zip(made.steps, states, strict=True)))
        )

    monkeypatch.setattr(workflow, "run_apply", ran)
    ended, found = told("apply", "--auto-approve", "--report", "r.json")
    assert (ended, one(found)[::2]) == (code, ("sandbox", reason))


def test_a_fault_of_this_tool_is_unexpected_and_an_interruption_is_one(told, project, monkeypatch):
    def raising(error):
        def raises(*args, **kwargs):
            raise error

        monkeypatch.setattr(workflow, "make_plan", raises)

    raising(ZeroDivisionError("secret detail"))
    code, found = told("plan")
    assert (code, one(found)) == (1, ("sandbox", "ZeroDivisionError", "unexpected"))
    assert "secret detail" not in Path("s.json").read_text()
    raising(KeyboardInterrupt())
    code, found = told("plan")
    assert (code, one(found)) == (130, ("sandbox", "interrupted", "interrupted"))


def test_several_environments_have_a_reason_each_and_the_whole_that_of_the_most_serious(told, project):
    text = Path("reconciler.yaml").read_text()
    Path("reconciler.yaml").write_text(text + '  other: { endpoint: "sandbox:other", prune: true }\n')
    code, found = told("plan", "-e", "*")
    assert code == 1
    assert {item["environment"]: item["reason"] for item in found["environments"]} == {
        "other": None,
        "sandbox": None,
        "staging": "secret-missing",
    }
    assert found["reason"] == "secret-missing"


def test_promote_has_its_summary_under_the_name_of_the_target(told, pair):
    pair.declare(("Meter", "tokens", {"eventType": "x", "aggregation": "COUNT"}))
    code, found = told("promote", "--to", "production", "--auto-approve")
    assert code == 3
    assert one(found)[::2] == ("production", "not-proven")
    assert told("apply", "-e", "staging", "--auto-approve")[0] == 0
    code, found = told("promote", "--to", "production", "--auto-approve")
    assert (code, one(found)) == (0, ("production", "Apply complete: 1 created.", None))
    code, found = told("promote", "--to", "production", "--check")
    assert one(found) == ("production", "production has it already.", None)


def test_healing_has_its_summary(told, project):
    assert told("apply", "--auto-approve")[0] == 0
    Path("catalog/features.yaml").write_text(FEATURE + "---\n" + FEATURE.replace("key: tokens", "key: more"))
    code, found = told("drift", "--heal", "--auto-approve")
    assert (code, one(found)[::2]) == (0, ("sandbox", None))


def test_a_summary_without_reasons_is_still_read():
    found = fleet.loads(
        simplejson.dumps(
            {
                "format_version": "1.0",
                "shard": "1/2",
                "environments": [{"environment": "a", "exit_code": 3, "said": "no", "error": "no", "result": None}],
                "exit_code": 3,
            }
        )
    )
    assert found == fleet.Summary((fleet.Turn("a", 3, "no", "no"),), 3, (1, 2))


def test_what_is_written_is_read_back_and_shown(run, told, project):
    told("plan", "-e", "staging")
    read = fleet.loads(Path("s.json").read_text())
    assert read.turns[0].reason == "secret-missing"
    shown = run("show", "s.json")
    assert shown.code == 1
    assert "staging" in shown.out
    Path("reconciler.yaml").write_text("{}")
    told("plan")
    assert run("show", "s.json").out.splitlines()[1].startswith("-  ")


def test_the_reasons_are_listed(run):
    listed = run("explain", "--reasons")
    assert listed.code == 0
    assert re.search("^  3  guards-open +a consent is missing", listed.out, re.MULTILINE)
    assert {item["slug"] for item in json.loads(run("explain", "--reasons", "--format", "json").out)} >= {
        "stale",
        "usage",
    }
    assert run("explain", "Plan", "--reasons").code == 64
