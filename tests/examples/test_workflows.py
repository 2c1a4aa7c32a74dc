"""The workflows of the examples: what they run exists, and the pin of an action is a commit."""

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from reconciler.cli.main import cli

EXAMPLES = Path(__file__).parents[2] / "examples"
WORKFLOWS = sorted(EXAMPLES.glob("*/.github/workflows/*.yml"))


def steps(path):
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.parents[2].name)
def test_what_a_workflow_runs_exists_with_its_options(path):
    lines = [step["run"] for step in steps(path) if step.get("run", "").startswith("reconciler ")]
    assert lines
    for line in lines:
        _, name, *arguments = shlex.split(line.replace("${{", "").replace("}}", ""))
        command = cli.get_command(click.Context(cli), name)
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in arguments if word.startswith("-")} <= known, line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.parents[2].name)
def test_actions_are_named_by_commits_and_the_history_is_fetched_without_keeping_credentials(path):
    for step in steps(path):
        if "uses" in step:
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"])
        if step.get("uses", "").startswith("actions/checkout"):
            assert (step["with"]["persist-credentials"], step["with"]["fetch-depth"]) == (False, 0)
