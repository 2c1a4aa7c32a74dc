from __future__ import annotations

import subprocess
import sys

import pytest

from reconciler import errors
from reconciler.__main__ import main
from reconciler.model import Address, Guard, Location, Problem


@pytest.mark.parametrize(
    "args",
    [
        ("pln",),
        ("plan", "--nope"),
        ("plan", "no/such/folder"),
        ("apply", "--format", "sarif"),
        ("plan", "--format", "xml"),
        ("plan", "--target", "pro"),
        ("plan", "--var", "x"),
        ("plan", "-e", "nowhere"),
        ("plan", "--allow", "everything:Plan/pro"),
        ("plan", "--parallelism", "0"),
        ("apply",),
        ("destroy",),
        ("destroy", "--auto-approve"),
        ("destroy", "--auto-approve", "--confirm", "production"),
        ("apply", "--plan", "x.plan", "--target", "Plan/pro"),
        ("explain", "Metre"),
        ("get", "Metre"),
        ("completion", "tcsh"),
        ("show",),
        ("plan", "-o", "no/such/folder/x.plan"),
        ("apply", "--auto-approve", "--report", "no/such/folder/r.json"),
    ],
)
def test_a_command_line_that_makes_no_sense_ends_with_64(run, project, args):
    ended = run(*args)
    assert ended.code == 64
    assert ended.out == ""
    assert "Error: " in ended.err


@pytest.mark.parametrize(
    "option",
    [
        ("catalog",),
        ("--target", "Meter/tokens"),
        ("--exclude", "Meter/tokens"),
        ("--prune",),
        ("--no-prune",),
        ("--allow", "destructive:Meter/tokens"),
        ("--write-secrets",),
        ("--var", "a=b"),
        ("--var-file", "vars.yaml"),
        ("--project-name", "other"),
    ],
)
def test_a_saved_plan_takes_no_planning_option(run, project, option):
    run("plan", "-o", "x.plan")
    ended = run("apply", "--plan", "x.plan", *option)
    assert ended.code == 64
    assert "takes no planning option" in ended.err


def test_a_command_without_arguments_shows_the_help():
    done = subprocess.run([sys.executable, "-m", "reconciler"], capture_output=True, text=True, check=False)
    assert "Change a catalogue:" in done.stdout + done.stderr


def test_a_typo_gets_the_nearest_command(run):
    assert "did you mean `plan`?" in run("pln").err


@pytest.fixture
def failing(monkeypatch):
    """Make every command that opens a project fail with an error."""

    def fail(error):
        from reconciler import workflow

        def raises(*args, **kwargs):
            raise error

        monkeypatch.setattr(workflow, "open_context", raises)

    return fail


GUARD = Guard("price-raising", Address("Plan", "pro"), "a price rises", True)


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (errors.UsageError("no", tip="give --yes"), 64, "Tip: give --yes"),
        (errors.ManifestError([Problem("r.x", "wrong", Location("a.yaml", 1))]), 1, "a.yaml:1:1: error[r.x]: wrong"),
        (errors.ProjectError([Problem("r.x", "wrong", Location("a.yaml", 1))]), 1, "1 error in 1 file."),
        (errors.PlanFileError("not a plan"), 1, "Error: not a plan"),
        (errors.SecretError("TOKEN is not set"), 1, "Error: TOKEN is not set"),
        (errors.GuardError([GUARD]), 3, "1 guard is open: price-raising:Plan/pro. Nothing was written."),
        (errors.StaleError(["Plan/pro: version 4 -> 5"], "it moved"), 3, "  Plan/pro: version 4 -> 5"),
        (errors.ForeignPlanError("expired"), 3, "Refused: expired. Nothing was written."),
        (errors.TransportError("no answer", sent=True), 1, "Error: no answer"),
        (errors.ApiError("refused", status=400), 1, "Error: refused"),
        (errors.HaltedError("stopped while it waited"), 130, "Error: stopped while it waited"),
        (KeyboardInterrupt(), 130, "Interrupted."),
    ],
)
def test_every_error_ends_with_its_code_and_a_message_on_stderr(run, failing, error, code, says):
    failing(error)
    ended = run("plan")
    assert ended.code == code
    assert ended.out == ""
    assert says in ended.err
    assert "Traceback" not in ended.err


def test_every_error_class_has_a_code_of_the_table():
    def classes(kind):
        yield kind
        for below in kind.__subclasses__():
            yield from classes(below)

    found = {kind.exit_code for kind in classes(errors.ReconcilerError) if kind.__module__ == "reconciler.errors"}
    assert found == {1, 3, 64, 130}  # 4 and 5 belong to a run that sent something: its report has them


def test_an_unexpected_failure_is_one_sentence_and_a_way_to_report_it(run, failing):
    failing(ZeroDivisionError("secret detail"))
    ended = run("plan")
    assert ended.code == 1
    assert "ZeroDivisionError" in ended.err
    assert "report" in ended.err
    assert "secret detail" not in ended.err
    assert len(ended.err.splitlines()) == 1


def test_very_verbose_or_a_debug_variable_show_the_traceback(run, failing, monkeypatch):
    failing(ZeroDivisionError("detail"))
    assert "Traceback" in run("plan", "-vv").err
    assert "Traceback" not in run("plan", "-v").err
    monkeypatch.setenv("RECONCILER_DEBUG", "1")
    assert "Traceback" in run("plan").err


def test_an_error_message_cannot_repaint_the_terminal(run, failing):
    failing(errors.ApiError("evil \x1b[2J\u202e", status=400, tip="\x1b[2J"))
    ended = run("plan")
    assert "\x1b" not in ended.err
    assert "\u202e" not in ended.err


def test_a_reader_that_goes_away_is_no_failure():
    script = f"{sys.executable} -m reconciler explain --rules | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.stderr == ""


def test_main_returns_the_code_instead_of_leaving():
    assert main(["version"]) == 0
