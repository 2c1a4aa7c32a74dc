"""``reconciler diff``: one environment against another, or manifests against what is live."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.format_options import format_option
from reconciler.cli.opening import load_project, open_context, open_contexts
from reconciler.cli.options import Sides, scope_options, sides_options
from reconciler.cli.waiting import busy
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.model import Between
    from reconciler.project import Project
    from reconciler.workflow import Context

_DIFFERENT = 2


@click.command(
    "diff",
    epilog=examples(
        "reconciler diff --from staging --to production",
        "reconciler diff --from staging --to 'eu-*'      one after the other",
        "reconciler diff --to production                 the manifests against what is live",
        "reconciler diff --from catalog/plans.yaml --to production",
        "reconciler diff --from staging --to production --target 'Plan/*' --format json",
    ),
)
@sides_options
@scope_options
@format_option
@common_options
@click.pass_context
def command(ctx: click.Context, sides: Sides, targets: tuple[str, ...], excludes: tuple[str, ...], form: str) -> None:
    """Compare environments, or manifests with what is live.

    Shows what would make --to like --from, as a plan would: + is only in --from, - only in --to, ~ is different, with
    the value of --to first. Reads only. Everything live is compared, whoever it belongs to; what this project does not
    own is marked so.

    Not compared are ids, versions, times, secrets, archived versions, and what the server chooses for itself.

    Ends with 2 if anything differs.
    """
    screen = console(ctx)
    project = load_project(ctx, sides.project, sides.trusted)
    source, paths = _source(project, sides.source)
    found: list[Between] = []
    for target in open_contexts(ctx, sides.where(sides.target), paths):
        if source == target.environment.name:
            raise UsageError(f"{source} cannot be compared with itself", tip="name another environment with --to")
        with busy(screen, f"Reading {target.environment.name}"):
            other = open_context(ctx, sides.where(source)) if source else None
            found.append(_compared(other, target, targets, excludes, sides.source))
    _show(found, screen, form)
    ctx.exit(_DIFFERENT if any(one.differences for one in found) else 0)


def _source(project: Project, given: Sequence[str]) -> tuple[str | None, tuple[Path, ...]]:
    """The environment that ``--from`` names, or the paths; neither where the project's own manifests are meant."""
    known = {*project.environments, "sandbox"}
    if len(given) == 1 and given[0] in known:
        return given[0], ()
    paths = tuple(Path(text) for text in given)
    for path in paths:
        if not path.exists():
            from reconciler.reading.suggest import did_you_mean

            hint = did_you_mean(str(path), known)
            raise UsageError(f"`{path}` is neither an environment nor a file or folder{hint}")
    return None, paths


def _compared(
    source: Context | None,
    target: Context,
    targets: tuple[str, ...],
    excludes: tuple[str, ...],
    named: tuple[str, ...],
) -> Between:
    from reconciler import workflow

    if source is not None:
        return workflow.compare_environments(source, target, targets=targets, excludes=excludes)
    name = ", ".join(named) or "the manifests"
    return workflow.compare_declared(target, name=name, targets=targets, excludes=excludes)


def _show(found: Sequence[Between], screen: Console, form: str) -> None:
    if form == "json":
        from reconciler.render import between_json

        screen.data(between_json.dumps(found))
        return
    from reconciler.render import between_text

    screen.show("\n".join(between_text.between(one, screen.out) for one in found))
