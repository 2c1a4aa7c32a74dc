"""What ``apply`` and ``destroy`` share: showing the plan, asking, running it, and telling what came of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from reconciler import workflow
from reconciler.cli import files
from reconciler.cli.console import Console, forget_stdout
from reconciler.cli.interrupts import stoppable
from reconciler.cli.progress import watching
from reconciler.cli.several import Ended
from reconciler.errors import RefusedError, UsageError
from reconciler.model import Plan, Report
from reconciler.planning import planfile
from reconciler.render import plan_text, report_json, text, words
from reconciler.render.escape import escape
from reconciler.render.style import Style


def show_plan(made: Plan, screen: Console, form: str) -> None:
    """The plan to stdout; with JSON, where stdout belongs to the report, to stderr."""
    style = screen.out if form == "text" else screen.err
    shown = text.plan(made, colour=style.colour, unicode=style.unicode, width=style.width)
    if form == "text":
        screen.data(shown)
    else:
        screen.say(shown.rstrip("\n"))


def tell_approved(found: workflow.Approved, screen: Console) -> None:
    """One line on how the plan of now stands beside the approved one."""
    digest = planfile.change_digest(found.run)[: plan_text.SHORT_DIGEST]
    match found.standing:
        case "rest":
            left = words.plural(len(found.left), "object")
            screen.say(f"Approved: this is what an apply that was cut off has left of the change {digest}: {left}.")
        case "nothing":
            screen.say("Approved: all of it is live already; there is nothing left to do.")
        case _:
            screen.say(f"Approved: this is exactly the change {digest}.")


def tell_cut_off(context: workflow.Context, made: Plan, screen: Console) -> None:
    """One line where the last run from here never came to its end and the plan has something to do."""
    last = workflow.last_run(context)
    if made.is_empty or last is None or not last.left:
        return
    begun = last.started_at[:19].replace("T", " ")
    unknown, sent = last.states.get("started", 0), sum(last.states.values())
    facts = f"{sent - unknown} done or failed, {unknown} without an answer, {last.left - unknown} not sent"
    run = f"the last apply of {context.environment.name} from here, begun at {begun} UTC"
    screen.say(f"Note: {run}, was cut off or still runs; its steps: {facts}. This plan starts from what is live now")


def ask(screen: Console, question: str, expected: str) -> None:
    """Ask for one exact answer on the terminal. Raises ``RefusedError`` for any other."""
    screen.say("")
    answer = click.prompt(screen.err.paint(question, "bold"), default="", show_default=False, err=True)
    if answer.strip() != expected:
        raise RefusedError("not approved", reason="not-approved")


def run(
    context: workflow.Context,
    made: Plan,
    screen: Console,
    *,
    again: workflow.PlanRequest | None,
    form: str,
    report_file: Path | None,
) -> Ended:
    """Do what the plan says, print the report, and return what it came to."""
    with stoppable() as stop, watching(made, screen) as watcher:
        outcome = workflow.run_apply(context, made, on_event=watcher, should_stop=stop, again=again)
    return tell(outcome.report, screen, form, report_file)


def tell(report: Report, screen: Console, form: str, report_file: Path | None) -> Ended:
    """Write the report file, print the report, and return what it came to: what was done decides, whoever reads."""
    code, reason = report.exit_code, report.reason
    if report_file is not None:
        try:
            files.write(report_file, report_json.dumps(report))
        except UsageError as error:
            screen.say(f"{screen.err.paint('Error:', 'red', 'bold')} {escape(error.message)}")
            code, reason, report_file = code or 1, reason or "usage", None
    try:
        screen.data(report_json.dumps(report) if form == "json" else _as_text(report, screen.out, report_file))
    except BrokenPipeError:
        forget_stdout()
    return Ended(code, words.ended(code, report.plan.summary, report.plan.mode), reason)


def _as_text(report: Report, style: Style, report_file: Path | None) -> str:
    saved = str(report_file) if report_file else None
    return text.report(report, lines=False, saved=saved, colour=style.colour, unicode=style.unicode, width=style.width)


def nothing_to_do(
    made: Plan, screen: Console, form: str, report_file: Path | None, digest: Callable[[Plan], str]
) -> Ended:
    """End a run whose plan is empty: nothing is asked and nothing is sent."""
    report = Report(made, (), plan_digest=digest(made))
    if report_file is not None:
        files.write(report_file, report_json.dumps(report))
    if form == "json":
        screen.data(report_json.dumps(report))
    return Ended(0, words.NOTHING)


def target(made: Plan) -> str:
    """``staging (https://...)``."""
    return f"{made.target.environment} ({made.target.endpoint})"


def counted(made: Plan) -> str:
    """``1 to adopt, 2 to create``."""
    return words.planned(made.summary).removeprefix("Plan: ").rstrip(".")
