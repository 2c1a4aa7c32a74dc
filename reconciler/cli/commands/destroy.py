"""``reconciler destroy``: remove everything that this project owns in an environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.format_options import format_option
from reconciler.cli.opening import open_context, team_consents
from reconciler.cli.options import FILE, Where, consents_option, where_options
from reconciler.cli.waiting import busy
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.model import Plan
    from reconciler.workflow import Context


@click.command(
    "destroy",
    epilog=examples(
        "reconciler destroy -e staging           shows the plan and asks for the environment's name",
        "reconciler destroy -e sandbox --auto-approve --confirm sandbox",
    ),
)
@where_options
@click.option("--allow", multiple=True, metavar="CODE:KIND/KEY", help="Consent to an open guard. Repeatable.")
@consents_option
@click.option("--auto-approve", is_flag=True, help="Do not ask; needs --confirm.")
@click.option("--confirm", metavar="ENV", help="The environment's name, once more, for --auto-approve.")
@format_option
@click.option("--report", "report_file", type=FILE, help="Write what was done as JSON.")
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    where: Where,
    allow: tuple[str, ...],
    consents: Path | None,
    auto_approve: bool,
    confirm: str | None,
    form: str,
    report_file: Path | None,
) -> None:
    """Remove everything this project owns in an environment.

    Only what carries this project's marker goes. The command is its own consent, but it reads the manifests: what they
    or the project file protect stops it, and what they keep on purpose (onRemove: retain) stays. What OpenMeter never
    deletes is archived or released, and the plan says which beforehand.
    """
    from reconciler import workflow
    from reconciler.cli import applying, files

    files.require_folder(report_file)
    screen = console(ctx)
    if not (auto_approve or screen.interactive):
        raise UsageError("nobody can be asked here", tip="give --auto-approve --confirm ENV")
    context = open_context(ctx, where)
    name = context.environment.name
    if auto_approve and confirm != name:
        raise UsageError(f"--auto-approve of a destroy needs --confirm {name}")
    with busy(screen, f"Reading {name}"):
        made = workflow.make_destroy_plan(context, workflow.PlanRequest(allow=allow, consents=team_consents(consents)))
    applying.show_plan(made, screen, form)
    applying.tell_cut_off(context, made, screen)
    workflow.require_open(made)
    workflow.require_writable(context, made)
    ctx.exit(_destroy(context, made, screen, auto_approve=auto_approve, form=form, report_file=report_file))


def _destroy(
    context: Context, made: Plan, screen: Console, *, auto_approve: bool, form: str, report_file: Path | None
) -> int:
    from reconciler.cli import applying
    from reconciler.planning import planfile

    if made.is_empty:
        return applying.nothing_to_do(made, screen, form, report_file, planfile.digest).code
    if not auto_approve:
        name = context.environment.name
        applying.ask(screen, f"This removes {applying.counted(made)}. Type `{name}` to do it", name)
    return applying.run(context, made, screen, again=None, form=form, report_file=report_file).code
