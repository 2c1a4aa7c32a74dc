"""Commands over several environments: sections, summary, shares, exit codes, files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import stamina

from reconciler.cli.console import console
from reconciler.errors import RefusedError

from .conftest import FEATURE, METER

FLEET = """\
apiVersion: reconciler/v1
kind: Project
name: acme
manifests: [catalog]
variables: { unit: { type: string, default: tokens } }
environments:
  eu_b: { endpoint: "sandbox:eu_b" }
  eu_a: { endpoint: "sandbox:eu_a" }
  us: { endpoint: "sandbox:us" }
"""
ALL = "[eu]*"


@pytest.fixture(autouse=True)
def _impatient():
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.fixture
def fleet(tmp_path):
    """Three embedded environments; further lines are added to the project file."""
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    (catalog / "meters.yaml").write_text(METER)
    (tmp_path / "reconciler.yaml").write_text(FLEET)

    def more(text):
        (tmp_path / "reconciler.yaml").write_text(FLEET + text)

    return more


def summary(text):
    """The table at the end as name → exit code."""
    lines = text.rstrip("\n").split("\n")
    head = max(number for number, line in enumerate(lines) if line.startswith("ENVIRONMENT"))
    return {line.split()[0]: line.split()[1] for line in lines[head + 1 : -1]}


def results(run, *args):
    ended = run(*args, "--format", "json")
    document = json.loads(ended.out)
    assert document["exit_code"] == ended.code
    return ended.code, {one["environment"]: one for one in document["environments"]}


def test_plans_follow_one_another_in_the_order_of_names_and_a_table_ends_them(run, fleet):
    run("apply", "-e", "us", "--auto-approve")
    ended = run("plan", "-e", ALL)
    assert ended.code == 0
    assert ended.out.index("eu_a  sandbox:eu_a") < ended.out.index("eu_b  sandbox:eu_b") < ended.out.index("us  sand")
    assert summary(ended.out) == {"eu_a": "0", "eu_b": "0", "us": "0"}
    assert ended.out.endswith("3 environments: 3 done. Exit code 0.\n")
    assert "eu_a         0     Plan: 1 to create.\n" in ended.out
    assert "us           0     No changes. OpenMeter matches the manifests.\n" in ended.out
    assert run("plan", "-e", "us", "--detailed-exitcode").code == 0
    assert run("plan", "-e", ALL, "--detailed-exitcode").code == 2


def test_several_environments_are_named_with_commas_each_once(run, fleet):
    assert list(summary(run("plan", "-e", "us,eu_a").out)) == ["eu_a", "us"]
    assert list(summary(run("plan", "-e", "us, u*").out)) == ["us"]


def test_a_name_among_several_that_is_no_environment_is_not_left_out(run, fleet):
    ended = run("plan", "-e", "us,eu_c")
    assert ended.code == 64
    assert "no environment matches `eu_c`" in ended.err
    assert ended.out == ""


def test_json_is_one_document_with_the_plan_of_each(run, fleet):
    alone = json.loads(run("plan", "-e", "eu_a", "--format", "json").out)
    code, found = results(run, "plan", "-e", ALL)
    assert code == 0
    assert list(found) == ["eu_a", "eu_b", "us"]
    assert found["eu_a"]["result"]["change_digest"] == alone["change_digest"]
    assert [one["result"]["environment"] for one in found.values()] == list(found)
    one = json.loads(run("plan", "-e", "u*", "--format", "json").out)
    assert [item["environment"] for item in one["environments"]] == ["us"]


def test_markdown_is_one_text_with_a_row_and_a_section_of_each_also_of_what_failed(run, fleet):
    fleet('  eu_0: { endpoint: "http://127.0.0.1:1" }\n')
    assert run("apply", "-e", "us", "--auto-approve").code == 0
    ended = run("plan", "-e", ALL, "--format", "markdown")
    assert ended.code == 1
    lines = ended.out.split("\n")
    assert lines[0] == "### Billing catalogue: `eu_0` failed; elsewhere 1 created, nothing removed"
    rows = [line.split(" | ") for line in lines if line.startswith("| ")][2:6]
    assert [row[0].strip("| *`") for row in rows] == ["eu_0", "eu_a", "eu_b", "us"]
    assert "no connection" in rows[0][3]
    assert [row[3] for row in rows[1:]] == ["ready |", "ready |", "no changes |"]
    assert [line for line in lines if line.startswith("#### ")] == [
        f"#### `{name}`" for name in ("eu_0", "eu_a", "eu_b", "us")
    ]
    assert "Details: the same as of `eu_a`, line for line." in ended.out[ended.out.index("#### `eu_b`") :]
    assert "ENVIRONMENT" not in ended.out
    assert "no connection" in ended.err


def test_drift_as_markdown_is_one_text_too(run, fleet):
    fleet('  eu_0: { endpoint: "http://127.0.0.1:1" }\n')
    assert run("apply", "-e", "us", "--auto-approve").code == 0
    ended = run("drift", "-e", "eu_0,eu_a,us", "--format", "markdown")
    assert ended.code == 1
    assert ended.out.startswith("### Drift: 1 object of `eu_a` is not as declared; `eu_0` could not be compared\n")
    assert "| `us` | as declared |  |" in ended.out
    assert "| `Meter/tokens` (`catalog/meters.yaml:" in ended.out
    assert "ENVIRONMENT" not in ended.out
    one = run("drift", "-e", "eu_a", "--format", "markdown")
    assert (one.code, one.err) == (2, "")
    assert one.out.startswith("### Drift: 1 object of `eu_a` is not as declared\n")
    refused = run("drift", "-e", "eu_a", "--heal", "--auto-approve", "--format", "markdown")
    assert (refused.code, refused.out) == (64, "")


def test_what_fails_in_one_environment_stops_no_other(run, fleet):
    fleet('  eu_0: { endpoint: "http://127.0.0.1:1" }\n  eu_1: { endpoint: "sandbox:x", vars: { unit: "a b" } }\n')
    Path("catalog/meters.yaml").write_text(METER.replace("eventType: prompt", 'eventType: "{{ vars.unit }}"'))
    ended = run("apply", "-e", ALL, "--auto-approve")
    assert ended.code == 1
    assert summary(ended.out) == {"eu_0": "1", "eu_1": "0", "eu_a": "0", "eu_b": "0", "us": "0"}
    assert ended.err.index("eu_0:") < ended.err.index("no connection")
    assert "5 environments: 4 done, 1 failed or refused. Exit code 1." in ended.out
    for name in ("eu_a", "us"):
        assert "No changes." in run("plan", "-e", name).out


def test_a_failure_can_end_the_run(run, fleet):
    fleet('  eu_0: { endpoint: "http://127.0.0.1:1" }\n')
    ended = run("apply", "-e", ALL, "--auto-approve", "--fail-fast")
    assert ended.code == 1
    assert summary(ended.out) == {"eu_0": "1", "eu_a": "-", "eu_b": "-", "us": "-"}
    assert "1 failed or refused, 3 not started" in ended.out
    assert "Plan: 1 to create." in run("plan", "-e", "eu_a").out


def test_a_mistake_in_a_manifest_is_told_for_each_environment(run, fleet):
    Path("catalog/meters.yaml").write_text(METER.replace("eventType", "eventtype"))
    code, found = results(run, "apply", "-e", ALL, "--auto-approve")
    assert code == 1
    assert all(one["exit_code"] == 1 and one["result"] is None for one in found.values())
    assert all("catalog/meters.yaml:6:3: " in one["error"] for one in found.values())


def test_shares_of_a_fleet_are_disjoint_and_together_all_of_it(run, fleet):
    shares = [list(results(run, "apply", "-e", ALL, "--auto-approve", "--shard", f"{i}/2")[1]) for i in (1, 2)]
    assert shares == [["eu_a", "us"], ["eu_b"]]
    assert run("plan", "-e", ALL, "--detailed-exitcode").code == 0


def test_a_share_without_an_environment_has_nothing_to_do(run, fleet):
    ended = run("apply", "-e", ALL, "--auto-approve", "--shard", "4/4")
    assert (ended.code, ended.out) == (0, "\n0 environments: nothing to do. Exit code 0.\n")
    assert run("validate", "-e", ALL, "--shard", "4/4").code == 0
    assert run("drift", "-e", ALL, "--shard", "4/4").code == 0
    assert results(run, "plan", "-e", ALL, "--shard", "4/4") == (0, {})


def test_an_indexed_job_counts_from_0_and_its_share_from_1(run, fleet, monkeypatch):
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "1")
    assert list(results(run, "plan", "-e", ALL, "--shard", "auto/3")[1]) == ["eu_b"]
    monkeypatch.delenv("JOB_COMPLETION_INDEX")
    assert run("plan", "-e", ALL, "--shard", "auto/3").code == 64


def test_plans_are_saved_and_applied_per_environment(run, fleet):
    Path("plans").mkdir()
    assert run("plan", "-e", ALL, "-o", "plans/{env}.plan").code == 0
    assert sorted(path.name for path in Path("plans").iterdir()) == ["eu_a.plan", "eu_b.plan", "us.plan"]
    ended = run("apply", "-e", "eu*", "--plan", "plans/{env}.plan", "--report", "{env}.json")
    assert ended.code == 0, ended.err
    digests = [json.loads(Path(f"plans/{name}.plan").read_text())["digest"] for name in ("eu_a", "eu_b")]
    assert [json.loads(Path(f"{name}.json").read_text())["plan_digest"] for name in ("eu_a", "eu_b")] == digests
    assert "No changes." in run("plan", "-e", "eu_a").out
    assert "Plan: 1 to create." in run("plan", "-e", "us").out
    Path("plans/us.plan").write_text(Path("plans/eu_a.plan").read_text())
    refused = run("apply", "-e", "u*", "--plan", "plans/{env}.plan")
    assert refused.code == 3
    assert "the plan was made for eu_a, not for us" in refused.err


@pytest.mark.parametrize(
    "args",
    [
        ("plan", "-o", "x.plan"),
        ("apply", "--auto-approve", "--report", "x.json"),
        ("apply", "--plan", "x.plan"),
        ("plan", "--endpoint", "http://127.0.0.1:1"),
        ("plan", "--shard", "3/2"),
        ("destroy", "--auto-approve", "--confirm", "us"),
        ("export", "-o", "x"),
        ("apply",),
    ],
)
def test_what_would_overwrite_itself_or_makes_no_sense_is_a_matter_of_usage(run, fleet, args):
    assert run(args[0], "-e", ALL, *args[1:]).code == 64
    assert not Path("x.plan").exists()


def test_a_share_of_one_environment_is_a_matter_of_usage(run, fleet):
    assert run("plan", "-e", "us", "--shard", "1/2").code == 64
    assert run("plan", "--shard", "1/2").code == 64


def test_one_run_writes_to_no_namespace_twice(run, fleet):
    fleet('  eu_c: { endpoint: "sandbox:eu_a", vars: { unit: other } }\n')
    Path("catalog/meters.yaml").write_text(METER.replace("eventType: prompt", 'eventType: "{{ vars.unit }}"'))
    ended = run("apply", "-e", "eu_*", "--auto-approve")
    assert summary(ended.out) == {"eu_a": "0", "eu_b": "0", "eu_c": "3"}
    assert "eu_c is the same namespace as eu_a" in ended.err
    assert ended.code == 3
    assert "No changes." in run("plan", "-e", "eu_a").out


def test_every_environment_is_asked_for_on_its_own(run, fleet, monkeypatch):
    from reconciler.cli import applying
    from reconciler.cli.commands import apply

    asked = []

    def ask(screen, question, expected):
        asked.append(question.split()[3])
        if asked[-1] == "eu_b":
            raise RefusedError("not approved")

    monkeypatch.setattr(applying, "ask", ask)
    monkeypatch.setattr(apply, "console", lambda ctx: replace(console(ctx), interactive=True))
    ended = run("apply", "-e", ALL)
    assert asked == ["eu_a", "eu_b", "us"]
    assert summary(ended.out) == {"eu_a": "0", "eu_b": "3", "us": "0"}
    assert ended.code == 3
    assert "Plan: 1 to create." in run("plan", "-e", "eu_b").out


def test_an_interrupt_starts_no_further_environment(run, fleet, monkeypatch):
    from reconciler import workflow

    made = workflow.make_plan

    def interrupted(context, asked):
        if context.environment.name == "eu_b":
            raise KeyboardInterrupt
        return made(context, asked)

    monkeypatch.setattr(workflow, "make_plan", interrupted)
    ended = run("apply", "-e", ALL, "--auto-approve")
    assert ended.code == 130
    assert summary(ended.out) == {"eu_a": "0", "eu_b": "130", "us": "-"}


def test_a_fault_of_this_tool_in_one_environment_leaves_the_others_and_the_summary(run, fleet, monkeypatch):
    from reconciler import workflow

    made = workflow.make_plan

    def broken(context, asked):
        if context.environment.name == "eu_b":
            raise RuntimeError("boom")
        return made(context, asked)

    monkeypatch.setattr(workflow, "make_plan", broken)
    ended = run("plan", "-e", ALL)
    assert ended.code == 1
    assert summary(ended.out) == {"eu_a": "0", "eu_b": "1", "us": "0"}
    assert "reconciler failed unexpectedly (RuntimeError)" in ended.err


def test_get_render_and_drift_read_several_too(run, fleet):
    run("apply", "-e", ALL, "--auto-approve")
    code, found = results(run, "get", "Meter", "-e", ALL)
    assert code == 0
    assert [[row["key"] for row in one["result"]] for one in found.values()] == [["tokens"]] * 3
    assert run("get", "Meter/nope", "-e", ALL).code == 1
    listed = run("get", "Meter", "-e", "eu*").out
    assert listed.index("eu_a\n") < listed.index("eu_b\n")
    assert "ENVIRONMENT" not in listed
    shown = run("render", "-e", "eu*").out
    assert shown.count("kind: Meter") == 2
    assert shown.startswith("# eu_a\n")
    assert run("render", "-e", "eu*", "-o", "{env}.yaml").out == "eu_a.yaml\n\neu_b.yaml\n"
    assert Path("eu_a.yaml").read_text() == run("render", "-e", "eu_a").out
    Path("catalog/features.yaml").write_text(FEATURE)
    assert run("drift", "-e", ALL).code == 2
    code, found = results(run, "drift", "-e", ALL)
    assert code == 2
    assert [one["exit_code"] for one in found.values()] == [2, 2, 2]
    assert all(one["result"] for one in found.values())


def test_the_summaries_of_all_jobs_are_one_table_with_the_most_serious_code(run, fleet):
    fleet('  eu_0: { endpoint: "http://127.0.0.1:1" }\n')
    for index in (1, 2, 3):
        run("apply", "-e", ALL, "--auto-approve", "--shard", f"{index}/3", "--summary", f"s{index}.json")
    shown = run("show", "s2.json", "s1.json", "s3.json")
    assert shown.code == 1
    assert summary(shown.out) == {"eu_0": "1", "eu_a": "0", "eu_b": "0", "us": "0"}
    assert shown.out.endswith("4 environments: 3 done, 1 failed or refused. Exit code 1.\n")
    document = json.loads(run("show", "s1.json", "s2.json", "s3.json", "--format", "json").out)
    assert [one["environment"] for one in document["environments"]] == ["eu_0", "eu_a", "eu_b", "us"]
    assert document["environments"][1]["said"] == "Apply complete: 1 created."


def test_a_job_that_left_no_summary_is_no_success(run, fleet):
    for index in (1, 3):
        run("plan", "-e", ALL, "--shard", f"{index}/3", "--summary", f"s{index}.json")
    shown = run("show", "s1.json", "s3.json")
    assert shown.code == 1
    assert "no summary of the share 2/3" in shown.err
    run("plan", "-e", ALL, "--shard", "2/3", "--summary", "s2.json")
    assert run("show", "s1.json", "s2.json", "s3.json").code == 0


@pytest.mark.parametrize("text", ["", "[]", "{}", "1", '{"format_version": "2.0", "environments": []}', "{"])
def test_a_file_that_is_no_summary_is_told(run, fleet, text):
    Path("s.json").write_text(text)
    ended = run("show", "s.json")
    assert ended.code == 1
    assert "s.json is no summary" in ended.err


def test_the_folder_of_a_summary_is_there_before_anything_is_done(run, fleet):
    assert run("apply", "-e", ALL, "--auto-approve", "--summary", "nowhere/s.json").code == 64
    assert run("show").code == 64
    assert run("show", "s.json", "--plan", "x.plan").code == 64
    assert run("plan", "-e", ALL, "--detailed-exitcode").code == 2
