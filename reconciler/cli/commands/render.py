"""``reconciler render``: the manifests as they are after templates and overlays."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import console
from reconciler.cli.opening import open_context
from reconciler.cli.options import Where, out_option, paths_argument, where_options


@click.command(
    "render",
    epilog=examples(
        "reconciler render -e production",
        "diff <(reconciler render -e staging) <(reconciler render -e production)",
    ),
)
@paths_argument
@where_options
@out_option("Write to a file instead of stdout.")
@common_options
@click.pass_context
def command(ctx: click.Context, paths: tuple[Path, ...], where: Where, out: Path | None) -> None:
    """Print the manifests after templates and overlays.

    One YAML document per object, sorted, as this environment declares it: what `plan` compares with the live catalogue.
    Secrets stay the sources that they are.
    """
    from reconciler import workflow
    from reconciler.cli import files

    shown = workflow.rendered(open_context(ctx, where, paths))
    if out is None:
        console(ctx).data(shown)
    else:
        files.write(out, shown)
