"""``reconciler rollback``: back to what a revision declared, forward only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.format_options import format_option
from reconciler.cli.opening import open_context, request
from reconciler.cli.options import FILE, Planning, Where, out_option, planning_options, where_options
from reconciler.cli.waiting import busy
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.model import Rollback


@click.command(
    "rollback",
    epilog=examples(
        "reconciler rollback --to v1.4 -e production             shows the plan and asks for `yes`",
        "reconciler rollback --to HEAD~1 -e production --check   shows it and does nothing",
        "reconciler rollback --to 4e1c0d9 -e production -o back.plan   for `apply --plan`",
    ),
)
@click.option("--to", "revision", metavar="REV", required=True, help="The git revision to go back to.")
@where_options
@planning_options
@click.option("--check", is_flag=True, help="Only tell; end with 3 when it could not be applied.")
@out_option("Save the plan for `apply --plan` and apply nothing.")
@click.option("--auto-approve", is_flag=True, help="Do not ask; needed where nobody can answer.")
@format_option
@click.option("--report", "report_file", type=FILE, help="Write what was done as JSON.")
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    revision: str,
    where: Where,
    planning: Planning,
    check: bool,
    out: Path | None,
    auto_approve: bool,
    form: str,
    report_file: Path | None,
) -> None:
    """Go back to what a git revision declared, forward only.

    Manifests, variables and overlays are those of the revision; address, identity, limits, protection and approvals
    those of today. Nothing is un-published: an older content comes back as a further version. The plan says what
    cannot be undone, and needs consent like any other.

    The files at hand are not touched: revert them too, else the next apply brings back what was taken back.
    """
    from reconciler import workflow
    from reconciler.cli import applying, files
    from reconciler.cli.commands.plan import save
    from reconciler.planning import planfile

    files.require_folder(out)
    files.require_folder(report_file)
    screen = console(ctx)
    if check and out:
        raise UsageError("--check and --out exclude each other: each is the only thing that is done then")
    if not (check or out or auto_approve or screen.interactive):
        raise UsageError(
            "nobody can be asked for approval here",
            tip="give --auto-approve, --check, or -o FILE for a plan that `apply --plan FILE` does",
        )
    today = open_context(ctx, where)
    asked = request(planning)
    with busy(screen, f"Reading {revision} and {today.environment.name}"):
        found, context = workflow.make_rollback(today, revision, asked)
    made = found.plan
    _show(found, screen, form, plan_to_stdout=check or out is not None)
    if out is not None:
        workflow.require_complete(made)
        save(made, out, screen)
        return
    workflow.require_open(made)
    if check:
        return
    workflow.require_writable(context, made)
    if made.is_empty:
        ctx.exit(applying.nothing_to_do(made, screen, form, report_file, planfile.digest).code)
    if not auto_approve:
        applying.ask(screen, f"Go back like this in {applying.target(made)}? Only `yes` is accepted", "yes")
    ended = applying.run(context, made, screen, again=asked, form=form, report_file=report_file)
    screen.say(f"The files here still say otherwise: go back to {revision} there too, before the next apply.")
    ctx.exit(ended.code)


def _show(found: Rollback, screen: Console, form: str, *, plan_to_stdout: bool) -> None:
    """The plan, and below it what it cannot undo."""
    from reconciler.cli import applying
    from reconciler.cli.plan_formats import print_plan
    from reconciler.render import text

    style = screen.err if form == "json" else screen.out
    lasting = text.rollback(found, colour=style.colour, unicode=style.unicode, width=style.width)
    if form == "json" and plan_to_stdout:
        print_plan(found.plan, screen, form)
    else:
        applying.show_plan(found.plan, screen, form)
    if form == "json":
        screen.say(lasting.rstrip("\n"))
    elif lasting:
        screen.data("\n" + lasting)
