"""``reconciler graph``: what is declared, and what names what."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import console
from reconciler.cli.opening import open_context
from reconciler.cli.options import Where, out_option, paths_argument, where_options


@click.command(
    "graph",
    epilog=examples(
        "reconciler graph                        Mermaid: paste it into Markdown",
        "reconciler graph --format dot | dot -Tsvg > catalogue.svg",
    ),
)
@paths_argument
@where_options
@click.option("--format", "form", type=click.Choice(["mermaid", "dot"]), default="mermaid", show_default=True)
@out_option("Write to a file instead of stdout.")
@common_options
@click.pass_context
def command(
    ctx: click.Context, paths: tuple[Path, ...], where: Where, form: Literal["mermaid", "dot"], out: Path | None
) -> None:
    """Draw what is declared and what names what.

    An arrow leads from an object to what it needs: from a plan to its features, from a feature to its meter.
    """
    from reconciler import workflow
    from reconciler.cli import files
    from reconciler.render import graph

    drawn = graph.render(graph.graph(workflow.load_desired(open_context(ctx, where, paths))), form)
    if out is None:
        console(ctx).data(drawn)
    else:
        files.write(out, drawn)
