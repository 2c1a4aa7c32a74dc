"""The steps of the action, one by one: what is read, what is trusted, what is installed, what a child gets."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from .runner import ACTION

pytestmark = pytest.mark.source

DEFAULTS = {
    name: about.get("default", "")
    for name, about in yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))["inputs"].items()
}
NAMES = ("inputs", "installing", "tool", "trusted", "running", "telling")


@pytest.fixture
def steps(tmp_path, monkeypatch):
    """The modules, in a job that has a workspace and a temporary folder."""
    monkeypatch.syspath_prepend(ACTION / "steps")
    for name in NAMES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in ("work", "temp"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "work"))
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path / "temp"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    monkeypatch.setenv("GITHUB_SHA", "5" * 40)
    for name in ("GITHUB_BASE_REF", "GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH"):
        monkeypatch.delenv(name, raising=False)

    def read(**given):
        asked = (
            DEFAULTS | {"github-token": "ghs_secret"} | {name.replace("_", "-"): text for name, text in given.items()}
        )
        monkeypatch.setenv("INPUTS", json.dumps(asked))
        return made.inputs.read()

    made = SimpleNamespace(read=read, **{name: importlib.import_module(name) for name in NAMES})
    yield made
    for name in NAMES:
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"command": "destroy"}, "`command` is `destroy`"),
        ({"command": "apply"}, "one environment"),
        ({"command": "apply", "environment": "eu-*"}, "one environment"),
        ({"command": "promote", "environment": "a,b"}, "one environment"),
        ({"command": "plan", "environment": " "}, "`environment` is empty"),
        ({"command": "apply", "environment": "a", "approved": "yes"}, "`approved` is `yes`; it takes true or false"),
        ({"command": "plan", "approved": "true"}, "`approved` is for apply"),
        ({"command": "drift", "allow": "destructive:*/*"}, "`allow` is for plan, apply, promote"),
        ({"command": "apply", "environment": "a", "snapshot": "artifact"}, "`snapshot` is for plan"),
        ({"command": "apply", "environment": "a", "approved": "true", "plan": "a.plan"}, "give one"),
        ({"command": "plan", "arguments": "--var 'x=1"}, "cannot be split"),
        ({"command": "plan", "working_directory": "nowhere"}, "no folder of the checkout"),
    ],
)
def test_an_input_that_makes_no_sense_is_refused_before_anything_runs(steps, given, told):
    with pytest.raises(steps.inputs.InputError, match="^.*" + told.replace("*", r"\*")):
        steps.read(**given)


def test_a_wrong_input_ends_the_step_with_one_line_that_cannot_be_two(steps, tmp_path):
    asked = DEFAULTS | {"command": "plan\n::add-mask::x", "github-token": ""}
    environment = {"INPUTS": json.dumps(asked), "GITHUB_WORKSPACE": str(tmp_path), "PATH": "/usr/bin:/bin"}
    line = [sys.executable, "-I", ACTION / "steps", "run"]
    told = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 64
    assert told.stdout.startswith("::error title=reconciler::`command` is `plan%0A::add-mask::x`")
    assert told.stdout.count("\n") == 1


def test_arguments_are_split_as_a_shell_does_and_guards_by_line(steps):
    given = steps.read(command="plan", arguments="--rehearse --var 'fee=4 0'", allow="a:B/c\n\n d:E/f \n")
    assert given.arguments == ("--rehearse", "--var", "fee=4 0")
    assert given.allow == ("a:B/c", "d:E/f")


# -- what is trusted -------------------------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A pull request that rewrites the project file, checked out; ``origin/main`` is what it goes to."""
    work = tmp_path / "work"

    def git(*words):
        return subprocess.run(["git", "-C", work, *words], check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q", "-b", "main")
    git("config", "user.name", "Dave")
    git("config", "user.email", "dave@lodestar.example")

    def commit(**files):
        for name, text in files.items():
            path = work / name.replace("__", "/").replace("_yaml", ".yaml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        git("add", "-A")
        git("commit", "-qm", "x")

    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    return SimpleNamespace(git=git, commit=commit, work=work)


def test_the_project_file_and_its_environments_are_those_of_the_base_branch(steps, repository, tmp_path):
    repository.commit(reconciler_yaml="ours", environments__eu_yaml="eu", catalog__plans_yaml="plans")
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repository.commit(reconciler_yaml="theirs", environments__eu_yaml="theirs", environments__evil_yaml="evil")
    found = steps.trusted.project(steps.read(command="plan"), tmp_path / "trusted")
    assert found == tmp_path / "trusted" / "reconciler.yaml"
    there = {str(path.relative_to(tmp_path / "trusted")): path.read_text() for path in found.parent.rglob("*.yaml")}
    assert there == {"reconciler.yaml": "ours", "environments/eu.yaml": "eu"}


def test_a_project_in_a_folder_is_found_there_and_above_as_reconciler_does(steps, repository, tmp_path):
    repository.commit(billing__reconciler_yaml="ours", billing__catalog__a_yaml="a", billing__environments__eu_yaml="e")
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    given = steps.read(command="plan", working_directory="billing/catalog")
    found = steps.trusted.project(given, tmp_path / "trusted")
    assert found == tmp_path / "trusted" / "billing" / "reconciler.yaml"
    assert (found.parent / "environments" / "eu.yaml").read_text() == "e"
    given = steps.read(command="plan", project="billing/reconciler.yaml")
    assert steps.trusted.project(given, tmp_path / "again") == tmp_path / "again" / "billing" / "reconciler.yaml"


def test_what_the_base_branch_does_not_have_is_never_taken_from_the_pull_request(steps, repository, tmp_path):
    repository.commit(catalog__a_yaml="a")
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repository.commit(reconciler_yaml="theirs")
    with pytest.raises(steps.inputs.InputError, match=r"has no project file reconciler\.yaml; merge one first"):
        steps.trusted.project(steps.read(command="plan"), tmp_path / "trusted")


def test_a_checkout_without_the_base_branch_says_what_to_fetch(steps, repository, tmp_path):
    repository.commit(reconciler_yaml="theirs")
    with pytest.raises(steps.inputs.InputError, match="fetch-depth: 0"):
        steps.trusted.project(steps.read(command="plan"), tmp_path / "trusted")


def test_a_link_in_the_base_branch_is_not_followed(steps, repository, tmp_path):
    repository.commit(reconciler_yaml="ours", environments__eu_yaml="eu")
    (repository.work / "environments" / "link.yaml").symlink_to("/etc/passwd")
    repository.commit()
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    found = steps.trusted.project(steps.read(command="plan"), tmp_path / "trusted")
    assert [path.name for path in (found.parent / "environments").iterdir()] == ["eu.yaml"]


def test_a_revision_cannot_be_an_option_of_git(steps, repository, tmp_path):
    repository.commit(reconciler_yaml="ours")
    with pytest.raises(steps.inputs.InputError, match="has no `--upload-pack=x`"):
        steps.trusted.project(steps.read(command="plan", trusted_ref="--upload-pack=x"), tmp_path / "trusted")


def test_nothing_but_a_pull_request_is_judged_by_another_project_file(steps, repository, tmp_path, monkeypatch):
    repository.commit(reconciler_yaml="ours")
    monkeypatch.setenv("GITHUB_BASE_REF", "")
    assert steps.trusted.project(steps.read(command="plan"), tmp_path / "trusted") is None


@pytest.fixture
def pushed(repository, monkeypatch, tmp_path):
    """The event of a push to main, whose commit before it is given."""
    monkeypatch.setenv("GITHUB_BASE_REF", "")
    monkeypatch.setenv("GITHUB_EVENT_NAME", "push")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    return lambda before: (tmp_path / "event.json").write_text(json.dumps({"before": before}))


def applying(steps, **given):
    return steps.read(command="apply", environment="eu", **{"approved": "true"} | given)


def test_what_was_approved_is_applied_by_the_rules_from_before_the_push(steps, repository, pushed, tmp_path):
    repository.commit(reconciler_yaml="before")
    pushed(repository.git("rev-parse", "HEAD"))
    repository.commit(reconciler_yaml="merged")
    found = steps.trusted.project(applying(steps), tmp_path / "trusted")
    assert found.read_text() == "before"


def test_a_named_revision_goes_before_the_commit_before_the_push(steps, repository, pushed, tmp_path):
    repository.commit(reconciler_yaml="older")
    older = repository.git("rev-parse", "HEAD")
    repository.commit(reconciler_yaml="before")
    pushed(repository.git("rev-parse", "HEAD"))
    repository.commit(reconciler_yaml="merged")
    found = steps.trusted.project(applying(steps, trusted_ref=older), tmp_path / "trusted")
    assert found.read_text() == "older"
    found = steps.trusted.project(applying(steps, trusted_ref=older, approved="false"), tmp_path / "again")
    assert found.read_text() == "older"


def test_a_branch_that_was_rewritten_has_no_rules_from_before(steps, repository, pushed, tmp_path):
    repository.commit(reconciler_yaml="first")
    repository.commit(reconciler_yaml="gone")
    pushed(repository.git("rev-parse", "HEAD"))
    repository.git("reset", "-q", "--hard", "HEAD~")
    repository.commit(reconciler_yaml="rewritten")
    with pytest.raises(steps.inputs.InputError, match=r"no part of it any more.* by hand"):
        steps.trusted.project(applying(steps), tmp_path / "trusted")


def test_a_push_of_what_the_checkout_does_not_have_says_what_to_fetch(steps, repository, pushed, tmp_path):
    repository.commit(reconciler_yaml="merged")
    pushed("1" * 40)
    with pytest.raises(steps.inputs.InputError, match="fetch-depth: 0"):
        steps.trusted.project(applying(steps), tmp_path / "trusted")


@pytest.mark.parametrize(
    ("before", "name", "approved"),
    [
        pytest.param("0" * 40, "push", "true", id="a new branch"),
        pytest.param(None, "push", "true", id="an event that does not say"),
        pytest.param("HEAD~", "workflow_dispatch", "true", id="a run that was started by hand"),
        pytest.param("HEAD~", "push", "false", id="an apply of what nobody has to approve"),
    ],
)
def test_the_checkout_is_trusted_where_nothing_was_pushed_that_was_approved(
    steps, repository, pushed, tmp_path, monkeypatch, before, name, approved
):
    for text in ("before", "merged"):
        repository.commit(reconciler_yaml=text)
    pushed(before)
    monkeypatch.setenv("GITHUB_EVENT_NAME", name)
    assert steps.trusted.project(applying(steps, approved=approved), tmp_path / "trusted") is None


# -- what is installed -----------------------------------------------------------------------------------------------


@pytest.fixture
def installed(steps, monkeypatch):
    """What the install step runs, and with which variables."""
    ran = []

    def run(line, *, check, env):
        assert check
        if "venv" in line:
            Path(line[-1]).mkdir(parents=True, exist_ok=True)
        ran.append(SimpleNamespace(line=[str(word) for word in line], env=env))

    monkeypatch.setattr(steps.installing.subprocess, "run", run)
    return ran


def test_the_source_of_the_actions_own_commit_is_installed_over_libraries_locked_by_hash(steps, installed, monkeypatch):
    monkeypatch.setenv("OPENMETER_TOKEN", "s3cret")
    assert steps.installing.install(steps.read(command="plan")) == 0
    venv, locked, own = (one.line for one in installed)
    assert venv[1:4] == ["-I", "-m", "venv"]
    assert "--require-hashes" in locked
    assert locked[-2:] == ["--requirement", str(ACTION / "requirements.txt")]
    assert own[-1] == str(ACTION.parents[2])
    assert {"--no-deps", "--no-build-isolation"} <= set(own)
    assert not [one for one in installed if "s3cret" in str(one.env) or "ghs_secret" in str(one.env)]


def test_a_released_version_comes_from_the_registry_and_brings_the_locked_libraries_where_they_are_its_own(
    steps, installed
):
    own = steps.installing.own_version()
    steps.installing.install(steps.read(command="plan", version=own))
    assert installed[-1].line[-1] == f"openmeter-reconciler=={own}"
    assert "--require-hashes" in installed[1].line
    steps.installing.install(steps.read(command="plan", version="9.9.9"))
    assert installed[-1].line[-1] == "openmeter-reconciler==9.9.9"
    assert "--no-deps" not in installed[-1].line


def test_a_version_is_nothing_but_a_version(steps, installed):
    with pytest.raises(steps.inputs.InputError, match="one version"):
        steps.installing.install(steps.read(command="plan", version="1.0 --index-url=http://evil.example"))
    assert installed == []


def test_a_second_use_in_a_job_installs_nothing_and_a_failed_install_is_no_install(steps, installed, monkeypatch):
    def fail(line, *, check, env):
        raise subprocess.CalledProcessError(1, line)

    with monkeypatch.context() as broken:
        broken.setattr(steps.installing.subprocess, "run", fail)
        assert steps.installing.install(steps.read(command="plan")) == 1
    assert steps.installing.install(steps.read(command="plan")) == 0
    assert len(installed) == 3
    assert steps.installing.install(steps.read(command="plan")) == 0
    assert len(installed) == 3


# -- what a child gets -----------------------------------------------------------------------------------------------


@pytest.fixture
def child(steps, monkeypatch, tmp_path):
    """A reconciler that writes down what it was given and prints what a server might say."""
    home = tmp_path / "temp" / "reconciler" / "venv" / "source"
    (home / "bin").mkdir(parents=True)
    script = '#!/bin/sh\necho \'::set-env name=PATH::/evil\'\nenv > "$(dirname "$0")/environment"\nexit 3\n'
    (home / "bin" / "python").write_text(script)
    (home / "bin" / "python").chmod(0o755)
    monkeypatch.setenv("OPENMETER_TOKEN", "s3cret")
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_jobs_own")

    def environment():
        return dict(
            line.split("=", 1) for line in (home / "bin" / "environment").read_text().splitlines() if "=" in line
        )

    return environment


def test_githubs_token_reaches_the_commands_that_speak_to_github_and_no_other(steps, child, capfd):
    tool = steps.tool.Tool(steps.read(command="plan"))
    assert tool.command("plan") == 3
    assert child()["OPENMETER_TOKEN"] == "s3cret"
    assert not [value for value in child().values() if "ghs_" in value]
    assert tool.ci("summary") == 3
    assert child()["GITHUB_TOKEN"] == "ghs_secret"
    assert "INPUTS" not in child()


def test_what_only_looks_is_run_by_a_client_that_can_only_read(steps, child, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "/dev/null")
    for command, reads in (("plan", "1"), ("drift", "1"), ("snapshot", "1"), ("validate", "1"), ("apply", None)):
        monkeypatch.delenv("RECONCILER_READ_ONLY", raising=False)
        assert steps.running.run(steps.read(command=command, environment="eu", comment="false")) == 0
        assert child().get("RECONCILER_READ_ONLY") == reads


def test_what_a_command_prints_is_never_taken_for_a_command_of_the_workflow(steps, child, capfd):
    steps.tool.Tool(steps.read(command="plan")).command("plan")
    first, *middle, last = capfd.readouterr().out.splitlines()
    word = first.removeprefix("::stop-commands::")
    assert len(word) == 32
    assert last == f"::{word}::"
    assert "::set-env name=PATH::/evil" in middle
    steps.tool.Tool(steps.read(command="plan")).command("plan")
    assert word not in capfd.readouterr().out


def test_what_cannot_be_told_is_a_warning(steps, child, capfd):
    steps.tool.Tool(steps.read(command="plan")).tell("comment", "--state", "planned")
    assert "::warning title=reconciler::`reconciler ci comment` ended with 3" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("command", "code", "state"),
    [
        ("plan", "0", "planned"),
        ("plan", "1", "planned"),
        ("plan", "", None),
        ("apply", "0", "applied"),
        ("apply", "4", "failed"),
        ("apply", "", "failed"),
        ("promote", "0", None),
    ],
)
def test_an_apply_that_was_cut_off_has_failed_and_a_plan_that_was_has_nothing_to_say(
    steps, monkeypatch, command, code, state
):
    told = []
    monkeypatch.setattr(steps.telling.Tool, "tell", lambda _, *words: told.append([str(word) for word in words]))
    for name, value in (("EXIT_CODE", code), ("LINK", ""), ("FOLDER", "/nowhere")):
        monkeypatch.setenv(name, value)
    assert steps.telling.tell(steps.read(command=command, environment="eu")) == 0
    assert [words for words in told if words[0] == "comment"] == (
        [["comment", "--state", state, "-e", "eu"]] if state else []
    )


@pytest.mark.parametrize(("code", "reason"), [("-9", True), ("137", True), ("130", True), ("4", False), ("0", False)])
def test_a_command_that_was_killed_has_a_reason_although_it_could_not_say_it(
    steps, monkeypatch, tmp_path, code, reason
):
    monkeypatch.setattr(steps.telling.Tool, "tell", lambda *_: None)
    for name, value in (("EXIT_CODE", code), ("LINK", ""), ("FOLDER", "/nowhere")):
        monkeypatch.setenv(name, value)
    (tmp_path / "output").touch()
    steps.telling.tell(steps.read(command="apply", environment="eu"))
    assert (tmp_path / "output").read_text(encoding="utf-8") == ("failure-reason=interrupted\n" if reason else "")


def test_a_validate_that_failed_has_its_reason(steps, monkeypatch, tmp_path):
    monkeypatch.setattr(steps.telling.Tool, "tell", lambda *_: None)
    for name, value in (("EXIT_CODE", "1"), ("LINK", ""), ("FOLDER", str(tmp_path))):
        monkeypatch.setenv(name, value)
    (tmp_path / "summary.json").write_text('{"reason": "manifests-invalid", "environments": []}')
    steps.telling.tell(steps.read(command="validate"))
    assert (tmp_path / "output").read_text(encoding="utf-8") == "failure-reason=manifests-invalid\n"


def test_a_name_of_an_upload_holds_nothing_that_github_refuses(steps):
    assert (
        steps.running.artifact_name(steps.read(command="plan", environment="eu*,us"))
        == f"reconciler-plans-eu-us-{'5' * 40}"
    )
    assert steps.running.artifact_name(steps.read(command="plan")) == f"reconciler-plans-all-{'5' * 40}"
    assert steps.running.artifact_name(steps.read(command="apply", environment="eu")) == "reconciler-apply-eu"
