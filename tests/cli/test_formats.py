"""Formats for other tools, from the command line: what goes to stdout, and where files are named from."""

from __future__ import annotations

import json
import subprocess
from xml.etree import ElementTree

import pytest
import stamina

from reconciler.cli.main import cli

from .conftest import METER
from .test_guards import FEATURE, apply, gone, meter, pro

MACHINE = ("sarif", "github", "junit")
WRONG = METER.replace("aggregation: SUM", "aggregation: SUMM")


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch):
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    with stamina.set_testing(True, attempts=1):
        yield


def suites(text):
    root = ElementTree.fromstring(text)
    return {suite.get("name"): [case.get("name") for case in suite] for suite in root}


def failed(text):
    return {
        case.get("name") for case in ElementTree.fromstring(text).iter("testcase") if case.find("failure") is not None
    }


def uris(text):
    return {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for run in json.loads(text)["runs"]
        for result in run["results"]
    }


# validate


def test_validate_tells_problems_in_every_format_and_ends_with_1(run, project):
    (project / "catalog" / "meters.yaml").write_text(WRONG)
    ended = {form: run("validate", "--format", form) for form in MACHINE}
    assert {one.code for one in ended.values()} == {1}
    assert {one.err for one in ended.values()} == {""}
    assert ended["github"].out.startswith("::error file=catalog/meters.yaml,line=7,endLine=7,col=16,")
    assert uris(ended["sarif"].out) == {"catalog/meters.yaml"}
    assert failed(ended["junit"].out) == {"Meter/tokens: schema.enum"}


def test_validate_without_problems_is_a_pass_in_every_format(run, project):
    ended = {form: run("validate", "--format", form) for form in MACHINE}
    assert {one.code for one in ended.values()} == {0}
    assert ended["github"].out == ""
    assert uris(ended["sarif"].out) == set()
    assert suites(ended["junit"].out) == {"manifests": ["manifests"]}
    assert failed(ended["junit"].out) == set()


def test_validate_of_a_broken_project_file_tells_it_in_the_format_too(run, project):
    (project / "reconciler.yaml").write_text("apiVersion: reconciler/v1\nkind: Project\nname: acme\nmanifest: [x]\n")
    ended = run("validate", "--format", "github")
    assert (ended.code, ended.out.count("::error file=reconciler.yaml,line=4,")) == (1, 1)
    assert json.loads(run("validate", "--format", "json").out)["errors"] == 1
    assert failed(run("validate", "--format", "junit").out) == {"reconciler.yaml: schema.unknown_field"}


def test_validate_knows_no_terraform(run, project):
    ended = run("validate", "--format", "terraform-json")
    assert ended.code == 64
    assert "there are text, json, sarif, github and junit" in " ".join(ended.err.split())


# Where files are named from


def test_files_are_named_from_the_top_of_the_git_repository(run, project, monkeypatch):
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    inner = project / "services" / "billing"
    inner.mkdir(parents=True)
    for name in ("reconciler.yaml", "catalog"):
        (project / name).rename(inner / name)
    (inner / "catalog" / "meters.yaml").write_text(WRONG)
    monkeypatch.chdir(inner / "catalog")
    assert "file=services/billing/catalog/meters.yaml," in run("validate", "--format", "github").out
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project / "services"))
    assert "file=billing/catalog/meters.yaml," in run("validate", "--format", "github").out
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project / "elsewhere"))
    assert "file=services/billing/catalog/meters.yaml," in run("validate", "--format", "github").out


def test_show_names_files_from_the_repository_of_the_project_it_stands_in(run, live, monkeypatch):
    live.declare(meter(), FEATURE, pro("20"))
    apply(run)
    live.declare(meter(), FEATURE, pro("21"))
    assert run("plan", "-o", "pr.plan").code == 0
    monkeypatch.setenv("GITHUB_WORKSPACE", str(live.root.parent))
    out = run("show", "--plan", "pr.plan", "--format", "github").out
    assert f"::warning file={live.root.name}/catalog/all.yaml," in out


# plan and show


def test_an_open_guard_is_told_in_every_format_and_plan_still_ends_with_0(run, live):
    live.declare(meter(), FEATURE, pro("20"))
    apply(run)
    live.declare(meter(), FEATURE, pro("21"))
    ended = {form: run("plan", "--format", form) for form in (*MACHINE, "terraform-json")}
    assert {one.code for one in ended.values()} == {0}
    assert "title=guard.price-raising%3A Plan/pro::" in ended["github"].out
    assert "20 -> 21 USD (+5.0 %25)" in ended["github"].out
    assert uris(ended["sarif"].out) == {"catalog/all.yaml"}
    assert suites(ended["junit"].out) == {"live": ["plan", "Plan/pro"]}
    assert failed(ended["junit"].out) == {"Plan/pro"}
    (change,) = json.loads(ended["terraform-json"].out)["resource_changes"]
    assert change["change"]["actions"] == ["update"]
    prices = [
        change["change"][side]["phases"][0]["rateCards"][0]["price"]["amount"] for side in ("before", "after")
    ]  # fmt: skip
    assert prices == ["20", "21"]


def test_show_prints_a_saved_plan_as_plan_printed_it(run, live):
    live.declare(meter(), FEATURE, pro("20"))
    for form in (*MACHINE, "terraform-json"):
        printed = run("plan", "--format", form, "-o", "pr.plan").out
        assert run("show", "--plan", "pr.plan", "--format", form).out == printed


def test_what_is_archived_is_whole_in_terraforms_shape(run, live):
    live.declare(meter(), FEATURE, pro("20"))
    apply(run)
    live.declare(meter(), FEATURE, gone("Plan", "pro"))
    ended = run("plan", "--format", "terraform-json")
    assert ended.err == ""
    (change,) = json.loads(ended.out)["resource_changes"]
    assert (change["change"]["actions"], change["change"]["after"]) == (["delete"], None)
    before = change["change"]["before"]
    assert (before["version"], before["phases"][0]["rateCards"][0]["price"]["amount"]) == (1, "20")


def test_a_price_test_that_fails_is_told_where_it_is_written(run, live):
    scenario = (
        "apiVersion: reconciler/v1\nkind: Scenario\nkey: studio\nspec:\n  plan: pro\n  expect:\n    total: '19'\n"
    )
    live.declare(scenario, meter(), FEATURE, pro("20"))
    out = run("plan", "--format", "github").out
    assert "::warning file=catalog/all.yaml,line=7," in out
    assert "title=guard.price-test%3A Scenario/studio::" in out


@pytest.mark.parametrize("form", MACHINE)
def test_plan_of_broken_manifests_tells_the_problems_in_the_format(run, project, form):
    (project / "catalog" / "meters.yaml").write_text(WRONG)
    ended = run("plan", "--format", form)
    assert ended.code == 1
    assert "catalog/meters.yaml:7:16: error[schema.enum]" in ended.err
    told = {"sarif": uris, "junit": failed, "github": lambda text: text.split(",")[0]}[form](ended.out)
    assert (
        told
        == {
            "sarif": {"catalog/meters.yaml"},
            "junit": {"Meter/tokens: schema.enum"},
            "github": "::error file=catalog/meters.yaml",
        }[form]
    )


def test_a_plan_that_is_shown_and_then_refused_is_told_once(run, live):
    live.declare(meter(), FEATURE)
    apply(run)
    phase = {"key": "main", "name": "Main", "duration": None, "rateCards": []}
    draft = {"key": "pro", "name": "Theirs", "currency": "USD", "billingCadence": "P1M", "phases": [phase]}
    live.send("POST", "plans", draft)
    live.declare(meter(), FEATURE, pro("20"))
    ended = run("plan", "--format", "github")
    assert ended.code == 3
    assert ended.out.count("title=guard.foreign_draft%3A Plan/pro::") == 1
    assert "plan.failed" not in ended.out


# Several environments

FLEET = """\
apiVersion: reconciler/v1
kind: Project
name: acme
manifests: [catalog]
environments:
  eu: { endpoint: "sandbox:eu" }
  us: { endpoint: "sandbox:us" }
  gone: { endpoint: "http://127.0.0.1:9" }
"""


@pytest.fixture
def fleet(project):
    (project / "reconciler.yaml").write_text(FLEET)
    (project / "catalog" / "features.yaml").unlink()
    return project


def test_several_environments_make_one_document_and_the_table_goes_to_stderr(run, fleet):
    junit, sarif = (run("plan", "-e", "eu,us", "--format", form) for form in ("junit", "sarif"))
    assert (junit.code, sarif.code) == (0, 0)
    assert suites(junit.out) == {"eu": ["plan", "Meter/tokens"], "us": ["plan", "Meter/tokens"]}
    ids = [one["automationDetails"]["id"] for one in json.loads(sarif.out)["runs"]]
    assert ids == ["reconciler/plan/eu/", "reconciler/plan/us/"]
    assert "2 environments: 2 done" in junit.err


def test_an_environment_that_fails_is_in_the_document(run, fleet):
    ended = {form: run("plan", "-e", "*", "--format", form) for form in MACHINE}
    assert {one.code for one in ended.values()} == {1}
    assert failed(ended["junit"].out) == {"reconciler.yaml: plan.failed"}
    assert list(suites(ended["junit"].out)) == ["manifests", "eu", "us"]
    assert ended["github"].out.startswith("::error title=plan.failed::gone: GET http://127.0.0.1:9/")
    assert uris(ended["sarif"].out) == {"reconciler.yaml"}


@pytest.mark.parametrize("form", ["terraform-json", "html"])
def test_what_is_of_one_plan_is_refused_for_several_and_the_refusal_says_what_to_do(run, fleet, form):
    ended = run("plan", "-e", "*", "--format", form)
    assert (ended.code, ended.out) == (64, "")
    assert f"reconciler show --plan plans/ENV.plan --format {form}" in " ".join(ended.err.split())


@pytest.mark.parametrize("form", [*MACHINE, "terraform-json"])
def test_summaries_have_no_such_format(run, fleet, form):
    assert run("plan", "-e", "eu,us", "--summary", "s.json").code == 0
    ended = run("show", "s.json", "--format", form)
    assert (ended.code, ended.out) == (64, "")


def test_every_format_of_a_command_is_in_its_help_and_no_other_is_taken(run):
    plan = ("text", "json", "markdown", "html", "terraform-json", "sarif", "github", "junit")
    expected = {"plan": plan, "show": plan, "validate": ("text", "json", "sarif", "github", "junit")}
    for name, forms in expected.items():
        command = cli.get_command(None, name)
        (option,) = [one for one in command.params if one.name == "form"]
        assert option.metavar == "|".join(forms)
        assert run(name, "--format", "xml").code == 64
    for name in ("apply", "diff", "get"):
        assert "are text and json" in " ".join(run(name, "--format", "sarif").err.split())
