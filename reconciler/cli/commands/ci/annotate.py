"""``reconciler ci annotate``: marks at the lines of the manifests."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.commands.ci import host
from reconciler.cli.common import common_options, examples
from reconciler.cli.console import console
from reconciler.cli.options import FILE
from reconciler.cli.places import places_here


@click.command(
    "annotate",
    epilog=examples(
        "reconciler ci annotate --plan staging.plan --plan production.plan",
        "reconciler validate --format json > problems.json; reconciler ci annotate --problems problems.json",
    ),
)
@host.plans_option
@host.problems_option
@click.option(
    "--project", type=FILE, help="The project file that places are relative to. Default: that of this folder."
)
@common_options
@click.pass_context
def command(ctx: click.Context, plans: tuple[Path, ...], problems: tuple[Path, ...], project: Path | None) -> None:
    """Mark the lines of the manifests that change, and problems.

    Prints workflow commands of GitHub Actions: problems of files, open guards, and changes that can hurt, each at its
    line. Of each level GitHub shows ten per step; the gravest of all plans come first. Works anywhere.
    """
    from reconciler.ci import problems as reading
    from reconciler.ci.given import gather
    from reconciler.render import annotations

    made = gather(host.files(plans))
    broken = [problem for file in host.files(problems) for problem in reading.loads(file)]
    found = [one.plan for one in made.values() if one.plan]
    console(ctx).data(annotations.plans(found, places_here(project), broken))
