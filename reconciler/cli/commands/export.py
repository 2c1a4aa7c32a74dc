"""``reconciler export``: live objects as manifests."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import console
from reconciler.cli.opening import open_context
from reconciler.cli.options import Where, where_options
from reconciler.cli.waiting import busy


@click.command(
    "export",
    epilog=examples(
        "reconciler export -e production -o catalog   a catalogue that was made by hand becomes manifests",
        "reconciler export --endpoint https://openmeter.example --token-env TOKEN -o catalog",
    ),
)
@where_options
@click.option(
    "-o", "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="A new or empty folder."
)
@common_options
@click.pass_context
def command(ctx: click.Context, where: Where, out: Path) -> None:
    """Write live objects as manifests.

    One file per kind. Secrets are never written: they become sources (environment variables) that you fill. A plan of
    the result contains nothing but adoptions.
    """
    from reconciler import workflow

    screen = console(ctx)
    context = open_context(ctx, where)
    with busy(screen, f"Reading {context.environment.name}"):
        written = workflow.export(context, out)
    for name in written:
        screen.data(f"{name}\n")
    screen.say(f"Next: reconciler plan {out}" if written else f"Nothing is live in {context.environment.name}.")
