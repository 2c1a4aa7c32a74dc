"""The action and every workflow, read by those who read workflows for a living: actionlint, zizmor; and their pins."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .runner import ACTION, ROOT

pytestmark = pytest.mark.source

WORKFLOWS = sorted([*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob("examples/*/.github/workflows/*.yml")])
EVERYTHING = [ACTION / "action.yml", *WORKFLOWS]
PINNED = re.compile(r"^ *(?:- )?uses: (?P<action>[\w./-]+)@(?P<commit>[0-9a-f]{40}) # v\d+\.\d+\.\d+$")
each = pytest.mark.parametrize("path", EVERYTHING, ids=lambda path: str(path.relative_to(ROOT)))


def runs(path):
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    jobs = document["jobs"].values() if "jobs" in document else [document["runs"]]
    return [step for job in jobs for step in job["steps"]]


def test_zizmor_finds_nothing_even_where_it_finds_the_most():
    zizmor = Path(sys.executable).with_name("zizmor")
    line = [zizmor, "--offline", "--no-progress", "--persona", "auditor", "--format", "json", *map(str, EVERYTHING)]
    told = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    found = [
        f"{one['ident']}: {one['desc']}: {one['locations'][0]['symbolic']['key']}" for one in json.loads(told.stdout)
    ]
    assert (found, told.returncode) == ([], 0), told.stderr


def test_zizmor_would_find_an_input_in_a_script(tmp_path):
    text = (
        (ACTION / "action.yml")
        .read_text(encoding="utf-8")
        .replace('run: exit "$EXIT_CODE"', "run: exit ${{ inputs.command }}")
    )
    (tmp_path / "action.yml").write_text(text, encoding="utf-8")
    line = [Path(sys.executable).with_name("zizmor"), "--offline", "--format", "json", str(tmp_path / "action.yml")]
    told = subprocess.run(line, capture_output=True, text=True, check=False)
    assert "template-injection" in told.stdout


def test_actionlint_finds_nothing():
    actionlint = shutil.which("actionlint") or shutil.which("actionlint", path=Path.home() / "go" / "bin")
    if actionlint is None:
        pytest.skip("SKIPPED: actionlint is not on this machine, the workflows were not read by it")
    told = subprocess.run([actionlint, *map(str, WORKFLOWS)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (told.stdout, told.returncode) == ("", 0), told.stderr


@each
def test_every_action_is_named_by_a_commit_with_its_version_beside_it_and_one_commit_each(path):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if re.match(r" *(- )?uses:", line)]
    assert lines
    assert not [line for line in lines if not PINNED.match(line)]


def test_no_two_files_name_two_commits_of_one_action():
    found = {}
    for path in EVERYTHING:
        for line in path.read_text(encoding="utf-8").splitlines():
            if pin := PINNED.match(line):
                found.setdefault(pin["action"], set()).add(pin["commit"])
    assert {action: commits for action, commits in found.items() if len(commits) > 1} == {}


@each
def test_no_expression_stands_in_a_script(path):
    assert not [step["run"] for step in runs(path) if "${{" in step.get("run", "").replace("${{ matrix.python }}", "")]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_workflow_grants_nothing_by_itself_and_keeps_no_credentials(path):
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert document["permissions"] == {}
    for job in document["jobs"].values():
        assert job["timeout-minutes"] <= 60
        writes = {name for name, level in job["permissions"].items() if level == "write"}
        assert writes <= {"pull-requests", "issues"}
    for step in runs(path):
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_writes_to_an_environment_is_one_at_a_time_and_never_cut_off(path):
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for job in document["jobs"].values():
        commands = {step["with"]["command"] for step in job["steps"] if "/reconcile@" in step.get("uses", "")}
        if "apply" in commands:
            assert job["concurrency"]["group"] == "billing-" + job["environment"]
            assert job["concurrency"]["cancel-in-progress"] is False
