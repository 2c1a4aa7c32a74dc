"""What only happens on a terminal, or when somebody interrupts."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.cli.interrupts import stoppable

SECONDS = 30


def on_terminal(args, answer, cwd):
    """Run on a pseudo-terminal, type an answer when asked, and return exit code and everything shown."""
    leader, follower = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", *args],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        cwd=cwd,
        env={**env, "TERM": "xterm-256color", "COLUMNS": "100"},
        close_fds=True,
    )
    os.close(follower)
    shown, answered = b"", False
    while select.select([leader], [], [], SECONDS)[0]:
        try:
            chunk = os.read(leader, 65536)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
        if not answered and (b"accepted" in shown or b"to do it" in shown):
            os.write(leader, answer.encode() + b"\n")
            answered = True
    os.close(leader)
    return process.wait(SECONDS), shown.decode()


def test_apply_shows_the_plan_in_colour_asks_and_does_it_on_yes(project):
    code, shown = on_terminal(["apply"], "yes", project)
    assert code == 0
    assert "\x1b[" in shown
    assert shown.index("Plan: 2 to create.") < shown.index("Apply this to sandbox") < shown.index("Apply complete")
    assert "✓" in shown


@pytest.mark.parametrize("answer", ["no", "y", "YES", ""])
def test_any_other_answer_than_yes_writes_nothing(project, answer):
    code, shown = on_terminal(["apply"], answer, project)
    assert code == 3
    assert "Nothing was written." in shown
    code, shown = on_terminal(["plan"], "", project)
    assert "Plan: 2 to create." in shown


def test_destroy_asks_for_the_name_of_the_environment(project):
    on_terminal(["apply", "--auto-approve"], "", project)
    code, _ = on_terminal(["destroy"], "yes", project)
    assert code == 3
    code, shown = on_terminal(["destroy"], "sandbox", project)
    assert code == 0
    assert "Destroy complete" in shown


def test_the_first_interrupt_asks_the_run_to_stop_and_is_then_forgotten(capfd):
    before = signal.getsignal(signal.SIGINT)
    with stoppable() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.wait(5)
    assert signal.getsignal(signal.SIGINT) is before
    assert "those in flight are waited for" in capfd.readouterr().err


def test_the_second_interrupt_ends_the_process_at_once():
    script = (
        "import os, signal, time\n"
        "from reconciler.cli.interrupts import stoppable\n"
        "with stoppable():\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    print('still here')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=SECONDS)
    assert done.returncode == 130
    assert "still here" not in done.stdout
    assert "receipts" in done.stderr


def test_an_interrupted_apply_says_what_was_done_and_ends_with_130(run, project, monkeypatch):
    from reconciler import execution

    real = execution.apply

    def interrupted(plan, backend, *, on_event, should_stop, **options):
        def after_the_first(event):
            on_event(event)
            if event.result is not None and not should_stop.is_set():
                os.kill(os.getpid(), signal.SIGINT)
                should_stop.wait(5)

        return real(plan, backend, on_event=after_the_first, should_stop=should_stop, **options)

    monkeypatch.setattr(execution, "apply", interrupted)
    ended = run("apply", "--auto-approve", "--parallelism", "1")
    assert ended.code == 130
    assert "Interrupted: 1 done, 1 not started." in ended.out
    monkeypatch.undo()
    os.chdir(project)
    assert "Apply complete: 1 created.\n" in run("apply", "--auto-approve").out


@contextmanager
def interruptible():
    """What is started in here hears Ctrl-C, even where the tests were started in the background and do not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_sandbox_serves_until_interrupted(project):
    with interruptible():
        process = subprocess.Popen(
            [sys.executable, "-m", "reconciler", "sandbox", "serve", "--port", "0", "--db", ":memory:"],
            stderr=subprocess.PIPE,
            text=True,
            cwd=project,
        )
    assert process.stderr is not None
    line = process.stderr.readline()
    address = line.split(" on ")[1].split(",")[0]
    (Path(project) / "reconciler.yaml").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "plan", "catalog", "--endpoint", address],
        capture_output=True,
        text=True,
        cwd=project,
        check=False,
        timeout=SECONDS,
    )
    assert "Plan: 2 to create." in done.stdout
    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) == 0
    assert "Stopped." in process.stderr.read()
    process.stderr.close()
