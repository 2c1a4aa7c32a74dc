"""``reconciler ci issue``: one issue per environment about its drift."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.commands.ci import host
from reconciler.cli.common import common_options, examples
from reconciler.cli.console import console
from reconciler.cli.options import FILE


@click.command(
    "issue",
    epilog=examples(
        "reconciler drift -e production --format json > drift.json; reconciler ci issue --drift drift.json",
        "reconciler drift -e '*' --format json > drift.json; reconciler ci issue --drift drift.json",
    ),
)
@click.option(
    "--drift", "drifts", type=FILE, multiple=True, required=True, help="What `drift --format json` printed. Repeatable."
)
@host.author_option
@host.settle_option
@common_options
@click.pass_context
def command(ctx: click.Context, drifts: tuple[Path, ...], author: str | None, settle: float) -> None:
    """Keep one issue per environment about its drift.

    It is opened when something differs, told when something else differs, closed when live is as declared again, and
    opened again later. Nothing happens where the drift is the same as before, or where nobody could look.
    """
    from reconciler.ci import drift_issue, issue
    from reconciler.render.escape import escape

    screen, job = console(ctx), host.job()
    found = [one for file in host.files(drifts) for one in drift_issue.loads(file.text, file.name)]
    with host.api(job) as api:
        for one in found:
            kept = issue.keep(api, job, one, host.pausing(settle), author)
            screen.say(escape(f"{kept.environment}: {kept.what}") + (f" {kept.url}" if kept.url else ""))
