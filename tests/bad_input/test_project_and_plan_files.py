"""Damaged project files and saved plans: usable, or refused with a place or a reason. Never anything else."""

import itertools
import json
import random
import shutil
from pathlib import Path

import pytest

from reconciler.errors import ForeignPlanError, PlanFileError, ProjectError
from reconciler.planning import planfile
from reconciler.project import load_project

from . import damage

EXAMPLES = Path(__file__).parents[2] / "examples"
PROJECTS = sorted(path.read_text("utf-8") for path in EXAMPLES.glob("*/reconciler.yaml"))
EXTREMES = dict(damage.extremes(PROJECTS[0] + "spec:\n"))


def problems_of(folder, data):
    """What is wrong with a project file and its environments; nothing where they make sense."""
    (folder / "reconciler.yaml").write_bytes(data)
    try:
        project = load_project(folder)
        for name in project.environments:
            project.environment(name)
    except ProjectError as error:
        for problem in error.problems:
            assert problem.location is not None, (problem, data[:2000])
            assert problem.location.line > 0, problem
            assert problem.rule, problem
        return error.problems
    return ()


@pytest.mark.parametrize("batch", range(5))
def test_a_damaged_project_file_is_a_project_or_told_with_its_place(tmp_path, batch):
    broken = sum(bool(problems_of(tmp_path, data)) for data in itertools.islice(damage.texts(PROJECTS, batch), 100))
    assert broken > 50


@pytest.mark.parametrize("name", EXTREMES)
def test_a_project_file_that_is_big_deep_or_circular_is_told_with_its_place(tmp_path, name):
    problems_of(tmp_path, EXTREMES[name])


def test_the_command_refuses_a_damaged_project_file_with_its_place(tmp_path, run):
    for name in ("catalog", "overlays/staging", "overlays/production", "overlays/live"):
        (tmp_path / name).mkdir(parents=True)
    for data in itertools.islice(damage.texts(PROJECTS, 77), 40):
        (tmp_path / "reconciler.yaml").write_bytes(data)
        ended = run("validate")
        assert ended.code in (0, 1, 64), (ended.err, data)
        assert "unexpectedly" not in ended.err, (ended.err, data)
        said = ended.out + ended.err
        assert ended.code != 1 or "reconciler.yaml:" in said or "no file or folder" in said, (said, data)


@pytest.fixture
def saved(tmp_path, run):
    """A plan of an example, as the command wrote it."""
    shutil.copytree(EXAMPLES / "api-platform", tmp_path, dirs_exist_ok=True)
    ended = run("plan", "-e", "sandbox", "-o", tmp_path / "plan.json")
    assert (tmp_path / "plan.json").exists(), ended.err
    return (tmp_path / "plan.json").read_text("utf-8")


def loaded(text):
    """Whether a text is taken for a plan."""
    try:
        planfile.loads(text)
    except (PlanFileError, ForeignPlanError):
        return False
    return True


def test_a_plan_that_was_damaged_is_refused(saved):
    tree = json.loads(saved)
    for damaged in itertools.islice(damage.trees(tree, 1), 400):
        assert damaged == tree or not loaded(json.dumps(damaged)), damaged


def test_a_plan_whose_digests_were_made_anew_is_a_plan_or_refused(saved):
    taken = [loaded(resealed(damaged)) for damaged in itertools.islice(damage.trees(json.loads(saved), 2), 400)]
    assert taken.count(False) > 200


def resealed(tree):
    """The text with the digest that somebody who edits it on purpose would write."""
    if isinstance(tree, dict):
        body = {name: value for name, value in tree.items() if name != "digest"}
        tree = {**body, "digest": planfile.sha256(body)}
    return json.dumps(tree)


def test_a_cut_or_foreign_text_is_no_plan(saved):
    chance = random.Random(3)
    for text in ("", " ", "null", "1", "[]", "{}", '"x"', "\x00", "[" * 100_000, "{" * 100_000, '{"a":' * 5_000,
                 "NaN", "1" * 100_000, "<html>", "\ufeff{}", '{"format_version": 1e999}', '{"format_version": "9.0"}',
                 *(saved[: chance.randrange(len(saved) - 1)] for _ in range(60))):  # fmt: skip
        assert not loaded(text), text[:80]


def test_the_command_refuses_a_damaged_plan_file(saved, tmp_path, run):
    file = tmp_path / "damaged.json"
    for damaged in itertools.islice(damage.trees(json.loads(saved), 4), 20):
        for text in (json.dumps(damaged), resealed(damaged)[:-5]):
            file.write_text(text, "utf-8")
            for command in (("show", "--plan", file), ("apply", "--plan", file)):
                ended = run(*command)
                assert ended.code in (0, 1, 3), ended.err
                assert "unexpectedly" not in ended.err, ended.err
    file.write_bytes(b"\xff\xfe\x00")
    assert run("show", "--plan", file).code == 1
