"""``reconciler render``: the manifests as they are after templates, reuse and overlays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.opening import names_of, open_context
from reconciler.cli.options import Where, fleet_options, paths_argument
from reconciler.cli.several import Ended, Fleet, per_environment
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler import workflow


_DIFFERENT = 2


@click.command(
    "render",
    epilog=examples(
        "reconciler render -e production",
        "reconciler render -e 'eu-*' -o 'rendered/{env}.yaml'",
        "reconciler render -e production --against staging     how two environments differ",
        "reconciler render -e production --against main        what a branch changes",
        "reconciler render --bundle -o bundles/",
    ),
)
@paths_argument
@fleet_options
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="Write to a file instead of stdout; a bundle into a folder.",
)
@click.option(
    "--against", metavar="ENV|REV", help="Show the difference from another environment, or from a git revision."
)
@click.option("--exit-code", is_flag=True, help="With --against: end with 2 if anything differs.")
@click.option("--bundle", is_flag=True, help="The catalogue before overlays and variables, as one file with a digest.")
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    where: Where,
    out: Path | None,
    against: str | None,
    exit_code: bool,
    bundle: bool,
) -> None:
    """Print the manifests after templates, reuse and overlays.

    One YAML document per object, sorted, as this environment declares it: what `plan` compares with the live catalogue.
    Secrets stay the sources that they are.

    With --against it shows how that differs, as unified diffs: from another environment, or from the same one at a git
    revision (a commit, tag or branch). A name that is both is the environment.

    With --bundle it is what all environments share, as `promote` takes it from one to the next: the manifests before
    overlays and variables, under a digest of what they say. In a folder the file is named by its digest.
    """
    from reconciler.cli import files

    if bundle and against is not None:
        raise UsageError("--bundle and --against do not go together")
    if exit_code and against is None:
        raise UsageError("--exit-code needs --against ENV or --against REV")
    names = names_of(ctx, where)
    if names is not None and not bundle:
        fleet = Fleet(ctx, console(ctx), names, "text", table=False)
        ctx.exit(fleet.run(where, lambda where, screen: _section(ctx, where, paths, screen, out, against, exit_code)))
    context = open_context(ctx, where, paths)
    if bundle:
        _bundle(console(ctx), context, out)
        return
    shown = _shown(console(ctx), context, against, to_file=out is not None)
    if out is None:
        console(ctx).data(shown)
    else:
        files.write(out, shown)
    ctx.exit(_DIFFERENT if exit_code and shown else 0)


def _section(
    ctx: click.Context,
    where: Where,
    paths: tuple[Path, ...],
    screen: Console,
    out: Path | None,
    against: str | None,
    exit_code: bool,
) -> Ended:
    """One of several environments, below its name or in its file."""
    from reconciler.cli import files

    name = where.environment or ""
    shown = _shown(screen, open_context(ctx, where, paths), against, to_file=out is not None)
    file = per_environment(out, name, several=True)
    if file is None:
        screen.data(f"# {name}\n{shown}")
    else:
        files.write(file, shown)
        screen.data(f"{file}\n")
    return Ended(_DIFFERENT if exit_code and shown else 0)


def _shown(screen: Console, context: workflow.Context, against: str | None, *, to_file: bool) -> str:
    """The manifests, or how they differ from something else."""
    from reconciler import workflow

    if against is None:
        return workflow.rendered(context)
    from reconciler.render.style import Style
    from reconciler.render.unified_text import differences

    old, new = workflow.rendering_against(context, against), workflow.rendering(context)
    if old.name != new.name and old.name in context.project.environments and workflow.is_revision(context, against):
        screen.say(f"`{against}` is an environment here; for the git revision of that name write refs/heads/{against}.")
    shown = differences(old.texts, new.texts, (old.name, new.name), Style() if to_file else screen.out)
    if not shown:
        screen.say(f"{new.name} declares the same as {old.name}.")
    return shown


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
