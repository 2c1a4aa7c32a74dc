"""Who was in which team before a push, whatever the push made of the project file."""

from __future__ import annotations

import subprocess

import pytest

from reconciler.ci import before
from reconciler.project import load_project

PROJECT = "apiVersion: reconciler/v1\nkind: Project\nname: acme\nteams: { acme/pricing: [alice] }\n"
ENVIRONMENT = "apiVersion: reconciler/v1\nkind: Environment\nname: eu\nendpoint: https://eu.example\n"


@pytest.fixture
def git(tmp_path):
    def call(*words):
        line = ["git", "-C", tmp_path, "-c", "user.name=x", "-c", "user.email=x@example.com", *words]
        return subprocess.run(line, check=True, capture_output=True, text=True).stdout.strip()

    call("init", "-q")
    return call


@pytest.fixture
def commit(git, tmp_path):
    def made(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_yaml", ".yaml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        git("add", "-A")
        git("commit", "-qm", "x", "--allow-empty")
        return git("rev-parse", "HEAD")

    return made


def teams(tmp_path, commit):
    return before.teams(load_project(tmp_path), commit)


def test_the_teams_are_those_of_the_commit_with_its_environments_beside_it(commit, tmp_path):
    known = commit(reconciler_yaml=PROJECT, environments__eu_yaml=ENVIRONMENT)
    commit(reconciler_yaml=PROJECT.replace("alice", "bob"))
    assert teams(tmp_path, known) == {"acme/pricing": ("alice",)}
    assert teams(tmp_path, None) == {"acme/pricing": ("bob",)}


@pytest.mark.parametrize("text", ["teams: [", PROJECT.replace("name: acme", "nome: acme"), PROJECT + "x: y\n"])
def test_a_project_file_that_was_wrong_had_nobody_in_any_team(commit, tmp_path, text):
    known = commit(reconciler_yaml=text)
    commit(reconciler_yaml=PROJECT)
    assert teams(tmp_path, known) == {}


def test_a_wrong_environment_beside_it_makes_it_wrong(commit, tmp_path):
    known = commit(reconciler_yaml=PROJECT, environments__eu_yaml="kind: [")
    commit(environments__eu_yaml=ENVIRONMENT)
    assert teams(tmp_path, known) == {}


def test_before_there_was_a_project_file_nobody_was_in_any_team(commit, tmp_path):
    known = commit(note_txt="x")
    commit(reconciler_yaml=PROJECT)
    assert teams(tmp_path, known) == {}


def test_a_link_in_the_place_of_the_project_file_is_not_followed(commit, tmp_path):
    (tmp_path / "other.yaml").write_text(PROJECT)
    (tmp_path / "reconciler.yaml").symlink_to("other.yaml")
    known = commit()
    (tmp_path / "reconciler.yaml").unlink()
    commit(reconciler_yaml=PROJECT)
    assert teams(tmp_path, known) == {}


def test_a_commit_that_the_checkout_does_not_have_tells_nothing(commit, tmp_path):
    commit(reconciler_yaml=PROJECT)
    assert teams(tmp_path, "f" * 40) is None
