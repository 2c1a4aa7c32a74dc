"""``reconciler env``: the environments of a project, and what is really behind them."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import console
from reconciler.cli.format_options import format_option
from reconciler.cli.opening import check_several, load_project
from reconciler.cli.options import FILE, Where, fleet_options
from reconciler.cli.waiting import busy
from reconciler.errors import UsageError


@click.group(
    "env",
    epilog=examples(
        "reconciler env list                     what the project says, without a network",
        "reconciler env check                    which namespace answers, and what is owned there",
        "reconciler env check -e production --pin",
    ),
)
def command() -> None:
    """List environments, and check what is behind them.

    An environment is a place that the catalogue is applied to: reconciler.yaml names them, or a file each in
    environments/.
    """


@command.command(
    "list", epilog=examples("reconciler env list", "reconciler env list --format json | jq -r '.environments[].name'")
)
@click.option("--project", type=FILE, help="The project file. Default: reconciler.yaml here or above.")
@format_option
@common_options
@click.pass_context
def list_(ctx: click.Context, project: Path | None, form: str) -> None:
    """List environments as the project file has them.

    Offline: nothing is asked of a server, no secret is read and no command run; only whether each source of a token
    gives something here is told. `*` marks the environment of commands without -e.
    """
    from reconciler import workflow

    screen = console(ctx)
    facts = workflow.list_environments(load_project(ctx, project))
    if form == "json":
        from reconciler.render import environments_json

        screen.data(environments_json.listed(facts))
    else:
        from reconciler.render import environments_text

        screen.show(environments_text.listed(facts, screen.out))


@command.command(
    "check",
    epilog=examples(
        "reconciler env check                    every environment of the project file",
        "reconciler env check -e 'eu-*'          those that match",
        "reconciler env check -e production --pin",
        "reconciler env check --endpoint https://openmeter.example --token-env TOKEN",
    ),
)
@fleet_options
@click.option("--pin", is_flag=True, help="Write the identity of what answers into the project's files.")
@format_option
@common_options
@click.pass_context
def check(ctx: click.Context, where: Where, pin: bool, form: str) -> None:
    """Look at what is behind environments.

    Asks each server, with reading requests only: does it answer, which namespace is it, is that the pinned one, what is
    there and whose. The last apply is that of the receipts on this machine. Without -e all environments are looked at.

    An identity is the id of a namespace's oldest billing profile. Once it is pinned, every plan and apply refuses an
    address or a token that leads somewhere else.

    --pin writes it below the endpoint of each environment that has none, and touches no other line. An identity that is
    there already is never overwritten.

    Ends with 3 if another namespace answers than the pinned one, with 1 if an environment cannot be read.
    """
    from reconciler import workflow

    screen = console(ctx)
    if pin and where.endpoint is not None:
        raise UsageError("--pin writes what the project file says, not what --endpoint does", tip="leave one out")
    with busy(screen, "Reading the environments"):
        found = check_several(ctx, where)
    if pin:
        found = workflow.pin_environments(load_project(ctx, where.project, where.trusted), found)
    if form == "json":
        from reconciler.render import environments_json

        screen.data(environments_json.checked(found))
    else:
        from reconciler.render import environments_text

        screen.show(environments_text.checked(found, screen.out))
    ctx.exit(workflow.most_serious(one.exit_code for one in found))
