import shutil
import subprocess

import pytest

from reconciler.project import GitFacts, git_facts


def git(folder, *arguments):
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(("git", "-C", str(folder), *identity, *arguments), check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    git(tmp_path, "init", "-q")
    return tmp_path


def test_a_clean_commit_is_known_and_an_edit_makes_it_dirty(repository):
    (repository / "a").write_text("1")
    git(repository, "add", "a")
    git(repository, "commit", "-qm", "first")
    facts = git_facts(repository)
    assert len(facts.commit) == 40
    assert facts.dirty is False
    (repository / "a").write_text("2")
    assert git_facts(repository).dirty is True


def test_a_repository_without_a_commit_has_no_facts(repository):
    assert git_facts(repository) == GitFacts(None, None)


def test_a_folder_outside_a_repository_has_no_facts(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "x").mkdir()
    assert git_facts(tmp_path / "x") == GitFacts(None, None)


def test_without_git_there_are_no_facts(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert git_facts(tmp_path) == GitFacts(None, None)


def test_asking_git_runs_no_program_that_the_repository_names(repository, tmp_path):
    ran = tmp_path / "ran"
    program = tmp_path / "program.sh"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    git(repository, "add", "program.sh")
    git(repository, "commit", "-qm", "first")
    git(repository, "config", "core.fsmonitor", str(program))
    git(repository, "config", "core.hooksPath", str(tmp_path))
    (tmp_path / "post-index-change").symlink_to(program)
    (repository / "new.txt").write_text("new")
    assert git_facts(repository).dirty is True
    assert not ran.exists()
