"""What action.yml says of itself: its README, the outputs that its steps give, and what it installs."""

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement

from reconciler.version import ACTION

from .runner import ACTION as FOLDER
from .runner import ROOT

pytestmark = pytest.mark.source

DOCUMENT = yaml.safe_load((FOLDER / "action.yml").read_text(encoding="utf-8"))
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def rows(head):
    """The rows of the table with this first column, as lists of cells."""
    found = re.search(rf"^\| {head} .*\n\|---.*\n((?:\|.*\n)+)", README, re.MULTILINE)
    assert found, head
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in found[1].splitlines()]


def sentence(text):
    return " ".join(text.split())


def test_the_readme_lists_every_input_with_its_default_and_its_meaning():
    told = {name.strip("` "): (default, meaning.strip("| ")) for name, default, meaning in rows("input")}
    said = {}
    for name, about in DOCUMENT["inputs"].items():
        default = "required" if about.get("required") else f"`{about['default']}`" if about["default"] else ""
        said[name] = (default, sentence(about["description"]))
    assert told == said


def test_the_readme_lists_every_output_with_its_meaning():
    told = {name.strip("` "): meaning.strip("| ") for name, meaning in rows("output")}
    assert told == {name: sentence(about["description"]) for name, about in DOCUMENT["outputs"].items()}


def test_every_output_is_that_of_a_step_that_exists():
    steps = {step["id"] for step in DOCUMENT["runs"]["steps"] if "id" in step}
    for name, about in DOCUMENT["outputs"].items():
        found = re.fullmatch(r"\$\{\{ steps\.(\w+)\.outputs\.([\w-]+) \}\}", about["value"])
        assert found, name
        assert found[1] in steps
        assert found[2] == name


def test_every_input_is_read_by_the_steps_or_by_action_yml_itself():
    read = (FOLDER / "steps" / "inputs.py").read_text(encoding="utf-8") + str(DOCUMENT["runs"])
    assert [name for name in DOCUMENT["inputs"] if f'"{name}"' not in read and f"inputs.{name} " not in read] == []


def test_the_readmes_name_the_action_as_init_writes_it():
    assert f"uses: {ACTION}\n" in README


def test_what_is_installed_is_locked_by_hash_and_is_all_that_the_project_needs():
    lock = (FOLDER / "requirements.txt").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", lock, re.MULTILINE))
    assert len(re.findall(r"^[a-z0-9-]+==", lock, re.MULTILINE)) == len(locked)
    for block in re.split(r"^(?=[a-z0-9-]+==)", lock, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in block, block
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for needed in [*project["project"]["dependencies"], *project["build-system"]["requires"]]:
        requirement = Requirement(needed)
        assert requirement.name.lower() in locked, f"{needed}: the lock has to be made anew, see its first lines"
        assert requirement.specifier.contains(locked[requirement.name.lower()], prereleases=True), needed
