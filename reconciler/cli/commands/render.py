"""``reconciler render``: the manifests as they are after templates and overlays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.opening import names_of, open_context
from reconciler.cli.options import Where, paths_argument, where_options
from reconciler.cli.several import Ended, Fleet, per_environment
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler import workflow


@click.command(
    "render",
    epilog=examples(
        "reconciler render -e production",
        "reconciler render -e 'eu-*' -o 'rendered/{env}.yaml'",
        "diff <(reconciler render -e staging) <(reconciler render -e production)",
        "reconciler render --bundle -o bundles/",
    ),
)
@paths_argument
@where_options
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="Write to a file instead of stdout; a bundle into a folder.",
)
@click.option("--bundle", is_flag=True, help="The catalogue before overlays and variables, as one file with a digest.")
@common_options
@click.pass_context
def command(ctx: click.Context, paths: tuple[Path, ...], where: Where, out: Path | None, bundle: bool) -> None:
    """Print the manifests after templates and overlays.

    One YAML document per object, sorted, as this environment declares it: what `plan` compares with the live catalogue.
    Secrets stay the sources that they are.

    With --bundle it is what all environments share, as `promote` takes it from one to the next: the manifests before
    overlays and variables, under a digest of what they say. In a folder the file is named by its digest.
    """
    from reconciler import workflow
    from reconciler.cli import files

    names = names_of(ctx, where)
    if names is not None and not bundle:
        fleet = Fleet(ctx, console(ctx), names, "text", summary=False)
        ctx.exit(fleet.run(where, lambda where, screen: _section(ctx, where, paths, screen, out)))
    context = open_context(ctx, where, paths)
    if bundle:
        _bundle(console(ctx), context, out)
        return
    shown = workflow.rendered(context)
    if out is None:
        console(ctx).data(shown)
    else:
        files.write(out, shown)


def _section(ctx: click.Context, where: Where, paths: tuple[Path, ...], screen: Console, out: Path | None) -> Ended:
    """One of several environments, below its name or in its file."""
    from reconciler import workflow
    from reconciler.cli import files

    name = where.environment or ""
    shown = workflow.rendered(open_context(ctx, where, paths))
    file = per_environment(out, name, several=True)
    if file is None:
        screen.data(f"# {name}\n{shown}")
    else:
        files.write(file, shown)
        screen.data(f"{file}\n")
    return Ended(0)


def _bundle(screen: Console, context: workflow.Context, out: Path | None) -> None:
    """Print or keep the bundle of the manifests at hand."""
    from reconciler import workflow
    from reconciler.cli import files
    from reconciler.project.bundles import dumps

    if context.paths:
        raise UsageError("a bundle is of a whole project: give no PATH with --bundle")
    found = workflow.bundle_of(context)
    if out is None:
        screen.data(dumps(found))
        return
    path = out if out.suffix == ".json" else out / found.file_name
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, dumps(found))
    screen.data(f"{path}\n")
