"""``render --against``: what differs between two environments, and from what git had."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from .conftest import PROJECT

PATCH = "apiVersion: openmeter.io/v1\nkind: Meter\nkey: tokens\npatch: {name: Staged}\n"


def git(folder, *arguments):
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(("git", "-C", str(folder), *identity, *arguments), check=True, capture_output=True)


@pytest.fixture
def committed(project):
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    (project / "reconciler.yaml").write_text(PROJECT.replace("STAGING_TOKEN }", "STAGING_TOKEN }, overlays: [over]"))
    (project / "over").mkdir()
    (project / "over" / "a.yaml").write_text(PATCH)
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "first")
    return project


def test_two_environments_differ_in_what_overlays_say(committed, run):
    ended = run("render", "-e", "staging", "--against", "sandbox")
    assert ended.code == 0
    assert ended.out.splitlines()[:2] == ["--- sandbox:Meter/tokens", "+++ staging:Meter/tokens"]
    assert "\n-  name: Tokens\n+  name: Staged\n" in ended.out
    assert run("render", "-e", "sandbox", "--against", "staging", "--exit-code").code == 2


def test_an_edit_is_shown_against_the_commit_before_it(committed, run):
    (committed / "catalog" / "features.yaml").unlink()
    (committed / "catalog" / "meters.yaml").write_text(
        (committed / "catalog" / "meters.yaml").read_text().replace("eventType: prompt", "eventType: chat")
    )
    ended = run("render", "--against", "HEAD")
    assert "--- HEAD:Meter/tokens\n+++ sandbox:Meter/tokens\n" in ended.out
    assert "-  eventType: prompt\n+  eventType: chat\n" in ended.out
    assert "--- HEAD:Feature/tokens\n+++ /dev/null\n" in ended.out


def test_nothing_changed_says_so_beside_the_data(committed, run):
    ended = run("render", "--against", "HEAD", "--exit-code")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "sandbox declares the same as HEAD.\n"


def test_putting_values_into_shared_places_is_no_difference(committed, run):
    base = "apiVersion: openmeter.io/v1\nkind: Meter\nkey: base\nabstract: true\nspec: {valueProperty: $.tokens, "
    (committed / "catalog" / "meters.yaml").write_text(
        f"{base}aggregation: SUM}}\n---\napiVersion: openmeter.io/v1\nkind: Meter\nkey: tokens\nextends: base\n"
        "spec: {eventType: prompt, name: Tokens}\n"
    )
    assert run("render", "--against", "HEAD").out == ""


def test_a_name_that_is_both_is_the_environment_and_how_to_name_the_other_is_said(committed, run):
    git(committed, "branch", "staging")
    ended = run("render", "--against", "staging")
    assert ended.out.startswith("--- staging:Meter/tokens\n")
    assert "refs/heads/staging" in ended.err
    assert run("render", "--against", "refs/heads/staging").out == ""


def test_what_is_neither_is_refused(committed, run):
    ended = run("render", "--against", "stagin")
    assert ended.code == 64
    assert "neither an environment nor a git revision; did you mean `staging`?" in ended.err


def test_a_difference_goes_to_a_file_without_colour(committed, run, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    ended = run("render", "-e", "staging", "--against", "sandbox", "-o", "a.diff")
    assert ended.out == ""
    assert (committed / "a.diff").read_text().startswith("--- sandbox:Meter/tokens\n")


def test_mistakes_of_then_are_told_with_their_commit(committed, run):
    meters = committed / "catalog" / "meters.yaml"
    fine = meters.read_text()
    meters.write_text(fine.replace("aggregation: SUM", "aggregation: SUMM"))
    git(committed, "commit", "-qam", "second")
    meters.write_text(fine)
    ended = run("render", "--against", "HEAD")
    assert ended.code == 1
    assert ":catalog/meters.yaml:7:16: error[schema.enum]" in ended.err


@pytest.mark.parametrize("wrong", [("--exit-code",), ("--bundle", "--against", "HEAD")])
def test_options_that_do_not_go_together_are_refused(committed, run, wrong):
    assert run("render", *wrong).code == 64


def test_several_environments_are_compared_one_after_the_other(committed, run):
    ended = run("render", "-e", "s*", "--against", "sandbox", "--exit-code")
    assert ended.code == 2
    assert "# sandbox\n" in ended.out
    assert "# staging\n--- sandbox:Meter/tokens\n" in ended.out
