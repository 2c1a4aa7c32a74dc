"""``reconciler show``: print a saved plan."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import console
from reconciler.cli.options import FILE, format_option


@click.command(
    "show",
    epilog=examples("reconciler show --plan pr.plan", "reconciler show --plan pr.plan --format json | jq .summary"),
)
@click.option("--plan", "plan_file", type=FILE, required=True, help="A plan that `plan -o` saved.")
@format_option
@common_options
@click.pass_context
def command(ctx: click.Context, plan_file: Path, form: str) -> None:
    """Print a saved plan.

    Reads nothing but the file: no project, no network. A file that was changed after it was made is refused.
    """
    from reconciler.cli import files
    from reconciler.cli.commands.plan import print_plan
    from reconciler.planning import planfile

    made = planfile.loads(files.read_plan(plan_file))
    print_plan(made, console(ctx), form)
