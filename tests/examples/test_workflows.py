"""The workflows of the examples: what they ask of the action exists, in the action and in the command behind it."""

import re

import click
import pytest
import yaml

from reconciler.cli.main import cli

from .conftest import EXAMPLES

WORKFLOWS = sorted(EXAMPLES.glob("*/.github/workflows/*.yml"))
ACTION = EXAMPLES.parent / ".github" / "actions" / "reconcile" / "action.yml"
each = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: f"{path.parents[2].name}/{path.name}")


def steps(path):
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


@each
def test_a_workflow_gives_the_action_inputs_that_it_has_and_arguments_that_the_command_has(path):
    known = yaml.safe_load(ACTION.read_text(encoding="utf-8"))["inputs"]
    given = [step["with"] for step in steps(path) if "/reconcile@" in step["uses"]]
    assert given
    for one in given:
        assert set(one) <= set(known)
        assert all(isinstance(value, str) for value in one.values()), "GitHub's inputs are text"
        if words := set(re.findall(r"--[a-z-]+", one.get("arguments", ""))):
            chosen = re.search(r"inputs.command == '(\w+)'", one["arguments"])
            command = cli.get_command(click.Context(cli), chosen[1] if chosen else one["command"])
            options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
            assert words <= options


def test_the_workflows_of_the_example_are_those_that_init_writes(tmp_path, monkeypatch):
    from reconciler.__main__ import main

    monkeypatch.chdir(tmp_path)
    assert main(["init", "--github", "--gitlab"]) == 0
    written = {path.name: path.read_text() for path in (tmp_path / ".github" / "workflows").iterdir()}
    shown = {path.name: path.read_text() for path in (EXAMPLES / "gitops" / ".github" / "workflows").iterdir()}
    assert shown == written
    assert (EXAMPLES / "gitops" / ".gitlab-ci.yml").read_text() == (tmp_path / ".gitlab-ci.yml").read_text()
