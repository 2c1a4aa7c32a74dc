"""``reconciler apply``: do what a plan says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.opening import open_context, request
from reconciler.cli.options import FILE, Planning, Where, format_option, paths_argument, planning_options, where_options
from reconciler.cli.waiting import busy
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.model import Plan

_ADHOC = "adhoc"


@click.command(
    "apply",
    epilog=examples(
        "reconciler apply                        shows the plan and asks for `yes`",
        "reconciler apply -e staging --auto-approve",
        "reconciler apply --plan pr.plan         the file is the approval",
        "reconciler apply -e production --auto-approve --report report.json",
    ),
)
@paths_argument
@click.option("--plan", "plan_file", type=FILE, help="A plan that `plan -o` saved; takes no planning option.")
@where_options
@planning_options
@click.option("--auto-approve", is_flag=True, help="Do not ask; needed where nobody can answer.")
@format_option
@click.option("--report", "report_file", type=FILE, help="Write what was done as JSON.")
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    plan_file: Path | None,
    where: Where,
    planning: Planning,
    auto_approve: bool,
    form: str,
    report_file: Path | None,
) -> None:
    """Do it, after approval; or apply a saved plan.

    Plans, shows the plan, asks for `yes`, sends the writes, and reads everything back. With --plan it checks that
    nothing relevant moved since the plan was made, and does exactly what the file says.

    Ctrl-C stops starting new steps, waits for those in flight and prints what was done; a second Ctrl-C stops at
    once. A run that was stopped half-way is finished by the next apply.
    """
    from reconciler.cli import files

    files.require_folder(report_file)
    screen = console(ctx)
    if plan_file is not None:
        _refuse_planning(paths, where, planning)
        ctx.exit(_apply_file(ctx, plan_file, where, screen, form, report_file))
    if not (auto_approve or screen.interactive):
        raise UsageError(
            "nobody can be asked for approval here", tip="give --auto-approve, or apply a saved plan with --plan FILE"
        )
    ctx.exit(_apply_new(ctx, paths, where, planning, screen, auto_approve, form, report_file))


def _refuse_planning(paths: tuple[Path, ...], where: Where, planning: Planning) -> None:
    given = {
        "PATH": paths,
        "--target": planning.targets,
        "--exclude": planning.excludes,
        "--prune/--no-prune": planning.prune is not None,
        "--allow": planning.allow,
        "--write-secrets": planning.write_secrets,
        "--var": where.variables,
        "--var-file": where.var_files,
        "--project-name": where.project_name,
    }
    wrong = [name for name, value in given.items() if value]
    if wrong:
        raise UsageError(
            f"--plan takes no planning option, but {', '.join(wrong)} was given",
            tip="the saved plan is the approval; to change it, make a new one with `reconciler plan -o FILE`",
        )


def _apply_file(
    ctx: click.Context, plan_file: Path, where: Where, screen: Console, form: str, report_file: Path | None
) -> int:
    from reconciler import workflow
    from reconciler.cli import applying, files
    from reconciler.planning import planfile

    made = planfile.loads(files.read_plan(plan_file))
    context = open_context(ctx, _where_of(made, where))
    applying.show_plan(made, screen, form)
    applying.tell_cut_off(context, made, screen)
    workflow.require_open(made)
    if made.is_empty:
        return applying.nothing_to_do(made, screen, form, report_file, planfile.digest)
    return applying.run(context, made, screen, again=None, form=form, report_file=report_file)


def _where_of(made: Plan, where: Where) -> Where:
    """The plan names its environment; one made for a bare endpoint brings that along."""
    named = replace(where, environment=where.environment or made.target.environment)
    if made.target.environment == _ADHOC and where.environment is None:
        return replace(named, environment=None, endpoint=where.endpoint or made.target.endpoint)
    return named


def _apply_new(
    ctx: click.Context,
    paths: tuple[Path, ...],
    where: Where,
    planning: Planning,
    screen: Console,
    auto_approve: bool,
    form: str,
    report_file: Path | None,
) -> int:
    from reconciler import workflow
    from reconciler.cli import applying
    from reconciler.planning import planfile

    context = open_context(ctx, where, paths)
    asked = request(planning)
    with busy(screen, f"Reading the manifests and {context.environment.name}"):
        made = workflow.make_plan(context, asked)
    applying.show_plan(made, screen, form)
    applying.tell_cut_off(context, made, screen)
    workflow.require_open(made)
    if made.is_empty:
        return applying.nothing_to_do(made, screen, form, report_file, planfile.digest)
    if not auto_approve:
        applying.ask(screen, f"Apply this to {applying.target(made)}? Only `yes` is accepted", "yes")
    return applying.run(context, made, screen, again=asked, form=form, report_file=report_file)
