from __future__ import annotations

import json
import subprocess
import sys

import pytest

from reconciler.cli.main import SECTIONS, Commands, cli

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
before = set(sys.modules)
from reconciler.__main__ import main
main(sys.argv[1:])
print(json.dumps(sorted(set(sys.modules) - before)), file=sys.stderr)
"""


def imported(*args):
    done = subprocess.run([sys.executable, "-c", PROBE, *args], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


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


@pytest.mark.parametrize("command", [name for _, commands in SECTIONS for name, _ in commands])
def test_the_help_of_a_command_imports_no_library_but_click(command):
    assert {name.partition(".")[0] for name in imported(command, "--help")} & HEAVY == set()


def test_the_live_bar_stays_out_of_a_run_that_is_piped(project):
    assert "reconciler.cli.livebar" not in imported("apply", "--auto-approve")


def test_the_help_lists_every_command_in_sections_and_where_to_start(run):
    shown = run("--help").out
    for title, commands in SECTIONS:
        assert f"{title}:" in shown
        assert all(f"  {name} " in shown for name, _ in commands)
    assert "Start here" in shown


def test_the_one_line_help_in_the_list_is_that_of_the_command():
    context = cli.make_context("reconciler", ["version"])
    assert isinstance(cli, Commands)
    for _, commands in SECTIONS:
        for name, text in commands:
            command = cli.get_command(context, name)
            assert command is not None
            first = (command.help or "").split(".")[0]
            assert text.split(".")[0].split(":")[0].split(";")[0].split(" ")[0]
            assert first


@pytest.mark.parametrize("command", [name for _, commands in SECTIONS for name, _ in commands if name != "version"])
def test_every_command_has_a_help_with_examples(run, command):
    shown = run(command, "--help")
    assert shown.code == 0
    assert "Examples:" in shown.out or "Install it:" in shown.out
    assert "reconciler" in shown.out


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
    assert of(imported("plan"), "cel_expr_python") == set()
    assert of(imported("validate"), "google") == set()
