"""``reconciler accept``: live edits into the manifests."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import console
from reconciler.cli.format_options import format_option
from reconciler.cli.opening import open_context
from reconciler.cli.options import Where, paths_argument, scope_options, where_options
from reconciler.cli.waiting import busy

_LEFT = 2


@click.command(
    "accept",
    epilog=examples(
        "reconciler accept -e production --dry-run          the edits as a diff; nothing is written",
        "reconciler accept -e production --target Plan/pro",
        "reconciler accept -e production --base v14         only what moved outside since v14",
        "reconciler accept -e production --to base          where it is declared, for every environment",
    ),
)
@paths_argument
@where_options
@scope_options
@click.option(
    "--base", metavar="REV|FILE", help="What was last applied, as for `drift`: what the manifests moved stays."
)
@click.option(
    "--to",
    type=click.Choice(["auto", "base", "overlay"]),
    default="auto",
    show_default=True,
    help="Where to write what other environments share; auto: into this environment's overlay, if it has one.",
)
@click.option("--dry-run", is_flag=True, help="Print the edits as a diff and write nothing.")
@format_option
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    where: Where,
    targets: tuple[str, ...],
    excludes: tuple[str, ...],
    base: str | None,
    to: Literal["auto", "base", "overlay"],
    dry_run: bool,
    form: str,
) -> None:
    """Write what was edited live into the manifests. Nothing is sent.

    Every value goes where it is declared: the manifest, the shared rate card, the overlay, or the variable that it
    consists of. Only the lines that change are touched; comments stay. What a template computes is not broken: it is
    left, with the place to change. Where other environments would declare something else by it, it goes into this
    environment's overlay; without one it goes where it is declared, and who shares it is said.

    Each edit is tried out in memory first: with it, this environment declares what is live, and nothing else of it
    changes. Ends with 2 when something is left.
    """
    from reconciler import workflow
    from reconciler.render import accept_text
    from reconciler.workflow.desk import diff

    screen = console(ctx)
    context = open_context(ctx, where, paths)
    asked = workflow.AcceptRequest(base, targets, excludes, to, dry_run)
    with busy(screen, f"Reading the manifests and {context.environment.name}"):
        done = workflow.accept(context, asked)
    if form == "json":
        screen.data(accept_text.dumps(done))
    elif dry_run:
        screen.data(diff(done.edits))
        screen.say(accept_text.acceptance(done, screen.err).rstrip("\n"))
    else:
        screen.show(accept_text.acceptance(done, screen.out))
    if done.written and form == "text":
        screen.say(
            f"Look at it with `git diff`; `reconciler plan -e {context.environment.name}` has nothing of it left."
        )
    ctx.exit(_LEFT if done.left else 0)
