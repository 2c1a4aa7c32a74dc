"""``reconciler fmt``: one canonical style."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.options import FILE, paths_argument

_CHANGES = 2


@click.command(
    "fmt",
    epilog=examples(
        "reconciler fmt                  every file of the project",
        "reconciler fmt catalog/plans    only these",
        "reconciler fmt --check          ends with 2 when a file is not in the style; writes nothing",
    ),
)
@paths_argument
@click.option("--project", type=FILE, help="The project file. Default: reconciler.yaml here or above.")
@click.option("--check", is_flag=True, help="Write nothing; name the files and end with 2 when there are any.")
@common_options
@click.pass_context
def command(ctx: click.Context, paths: tuple[Path, ...], project: Path | None, check: bool) -> None:
    """Bring YAML files into one canonical style. Comments survive, and no value changes.

    Two columns a level, lists indented below their key, one space inside braces and before a comment, at most one
    blank line, double quotes where there are single ones; apiVersion, kind and key on top, lifecycle last. The order
    of everything else, what stands on one line, quotes, anchors and the words of comments are the author's.

    Without PATH: the project file, its environments, variables, manifests and overlays. Every file is read again
    before it is written: it has to mean the same, with the same comments. What has no canonical form is left and
    named. JSON files are passed over.
    """
    from reconciler import workflow
    from reconciler.cli.failures import remember_root

    screen = console(ctx)
    remember_root(ctx, Path.cwd())
    found = workflow.tidy(Path.cwd(), file=project, paths=paths, check=check)
    for name in found.changed:
        screen.data(f"{name}\n")
    _say(found, screen, check=check)
    ctx.exit(_CHANGES if check and found.changed else 0)


def _say(found: object, screen: Console, *, check: bool) -> None:
    from reconciler.render.escape import escape
    from reconciler.render.words import plural
    from reconciler.workflow import Tidied

    assert isinstance(found, Tidied)
    for problem in found.left:
        screen.say(escape(f"{problem.location.file if problem.location else ''}: {problem.message}"))
    rest = found.files - len(found.changed) - len(found.left)
    done = "would be formatted" if check else "formatted"
    counts = [f"{plural(len(found.changed), 'file')} {done}"] if found.changed else []
    counts += [f"{plural(rest, 'file')} {'is' if rest == 1 else 'are'} in the style"] if rest or not found.files else []
    counts += [f"{len(found.left)} left as {'it is' if len(found.left) == 1 else 'they are'}"] if found.left else []
    screen.say("; ".join(counts) + ".")
