from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from reconciler.cli import commands
from reconciler.cli.commands.ci import COMMANDS as OF_CI
from reconciler.cli.main import SECTIONS, cli

EVERY = [
    *((name,) for _, section in SECTIONS for name, _ in section),
    *(("ci", name) for name, _ in OF_CI),
]
"""The words of every command line that has a help."""

HEAVY = {
    "httpx",
    "pydantic",
    "jinja2",
    "deepdiff",
    "rich",
    "yaml",
    "simplejson",
    "stamina",
    "sqlite3",
    "cel_expr_python",
    "google",
    "asyncio",
    "ssl",
}
PROBE = """
import json, sys
before, found = set(sys.modules), []
from reconciler.__main__ import main
for line in json.loads(sys.argv[1]):
    code = main(line)
    found.append([code, sorted(set(sys.modules) - before)])
    before = set(sys.modules)
print(json.dumps(found), file=sys.stderr)
"""


def imported_by_each(*lines):
    """What each of these command lines, run one after the other in one new process, was the first to import."""
    argv = [sys.executable, "-c", PROBE, json.dumps([list(line) for line in lines])]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    found = json.loads(done.stderr.splitlines()[-1])
    assert [code for code, _ in found] == [0] * len(lines)
    return [set(modules) for _, modules in found]


def imported(*args):
    (found,) = imported_by_each(args)
    return found


def of(modules, package):
    return {name for name in modules if name.partition(".")[0] == package}


def test_help_imports_click_and_nothing_else_of_ours_than_the_list_of_commands():
    modules = imported("--help")
    assert of(modules, "reconciler") == {
        "reconciler",
        "reconciler.__main__",
        "reconciler.cli",
        "reconciler.cli.main",
    }
    assert {name.partition(".")[0] for name in modules} & HEAVY == set()


def test_version_imports_nothing_heavy_either():
    modules = imported("version")
    assert of(modules, "reconciler") == {
        "reconciler",
        "reconciler.__main__",
        "reconciler.cli",
        "reconciler.cli.commands",
        "reconciler.cli.commands.version",
        "reconciler.cli.common",
        "reconciler.cli.main",
        "reconciler.version",
    }
    assert {name.partition(".")[0] for name in modules} & (HEAVY | {"dataclasses"}) == set()


def test_the_help_of_no_command_imports_a_library_but_click():
    found = imported_by_each(*([*line, "--help"] for line in EVERY))
    heavy = {
        " ".join(line): {name.partition(".")[0] for name in new} & HEAVY for line, new in zip(EVERY, found, strict=True)
    }
    assert {line: libraries for line, libraries in heavy.items() if libraries} == {}


def test_the_live_bar_stays_out_of_a_run_that_is_piped(project):
    assert "reconciler.cli.livebar" not in imported("apply", "--auto-approve")


def test_the_help_lists_every_command_in_sections_and_where_to_start(run):
    shown = run("--help").out
    for title, section in SECTIONS:
        assert f"{title}:" in shown
        assert all(f"  {name} " in shown for name, _ in section)
    assert "Start here" in shown


def test_the_list_of_ci_says_of_each_command_what_its_own_help_begins_with():
    context = cli.make_context("reconciler", ["version"])
    group = cli.get_command(context, "ci")
    assert isinstance(group, click.Group)
    helps = {name: group.get_command(context, name).help for name in group.list_commands(context)}
    assert {name: text.partition("\n")[0] for name, text in helps.items()} == dict(OF_CI)


def test_the_list_has_every_command_that_there_is():
    folder = Path(commands.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    assert {name for _, section in SECTIONS for name, _ in section} == files - {"__init__"}


@pytest.mark.parametrize("line", [line for line in EVERY if line != ("version",)], ids=" ".join)
def test_every_command_has_a_help_with_examples(run, line):
    shown = run(*line, "--help")
    assert shown.code == 0
    _, _, examples = shown.out.partition("Install it:" if line == ("completion",) else "Examples:")
    assert f"reconciler {' '.join(line)}" in examples


def test_version_is_that_of_the_distribution(run):
    from importlib.metadata import version

    assert run("version").out == f"reconciler {version('openmeter-reconciler')}\n"
    assert "pydantic" in run("version", "-v").out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(run, shell):
    shown = run("completion", shell)
    assert shown.code == 0
    assert "_RECONCILER_COMPLETE" in shown.out


def test_the_completion_script_gets_commands_and_environments(project, capsys, monkeypatch):
    from reconciler.__main__ import main

    monkeypatch.setenv("_RECONCILER_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "reconciler pl")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert main([]) == 0
    assert "plain,plan" in capsys.readouterr().out
    monkeypatch.setenv("COMP_WORDS", "reconciler plan -e st")
    monkeypatch.setenv("COMP_CWORD", "3")
    assert main([]) == 0
    assert capsys.readouterr().out.split() == ["plain,staging"]


def test_what_has_no_rules_never_loads_cel(project):
    modules = set().union(*imported_by_each(["plan"], ["validate"]))
    assert of(modules, "cel_expr_python") | of(modules, "google") == set()
