"""``reconciler validate``: everything that can be known without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import console
from reconciler.cli.failures import source_lines
from reconciler.cli.opening import open_contexts
from reconciler.cli.options import Where, fleet_options, format_option, paths_argument

if TYPE_CHECKING:
    from reconciler.render.problems_text import Checked
    from reconciler.workflow import Context


@click.command(
    "validate",
    epilog=examples(
        "reconciler validate                     the base and every environment",
        "reconciler validate -e production       one environment",
        "reconciler validate catalog/plans.yaml  some files only",
        "reconciler explain --rules              what is checked, and why",
    ),
)
@paths_argument
@fleet_options
@format_option
@common_options
@click.pass_context
def command(ctx: click.Context, paths: tuple[Path, ...], where: Where, form: str) -> None:
    """Check the manifests offline.

    Syntax, schema, references, and everything that OpenMeter is known to refuse, on a draft or at publish. Reports all
    problems at once, each with file, line, column, rule and reason. Without -e it checks the base and every
    environment.

    Ends with 1 if there are errors; warnings alone end with 0.
    """
    from reconciler import workflow
    from reconciler.render import problems_json, text

    screen = console(ctx)
    contexts = open_contexts(ctx, where, paths)
    if not contexts:
        screen.say("No environment in this share.")
        ctx.exit(0)
    every = where.environment is None and where.endpoint is None
    found = [problem for context in contexts for problem in workflow.check(context, every_environment=every)]
    checked = _checked(contexts, every=every)
    if form == "json":
        screen.data(problems_json.dumps(found, checked))
    else:
        style = screen.out
        screen.data(
            text.problems(
                found,
                source_lines(contexts[0].project.root),
                checked=checked,
                colour=style.colour,
                unicode=style.unicode,
                width=style.width,
            )
        )
    ctx.exit(1 if any(problem.severity == "error" for problem in found) else 0)


def _checked(contexts: Sequence[Context], *, every: bool) -> Checked:
    """How many files and environments were looked at."""
    from reconciler.manifest.files import Layout, manifest_files
    from reconciler.manifest.problems import Problems
    from reconciler.reading.yaml import Reader
    from reconciler.render.problems_text import Checked

    project = contexts[0].project
    environments = project.environments.values() if every else [context.environment for context in contexts]
    roots = [path.absolute() for path in contexts[0].paths] or [project.root / name for name in project.manifests]
    overlays = sorted({project.root / name for environment in environments for name in environment.overlays})
    quiet = Problems(Reader().files, {})
    files = manifest_files(Layout.of(project), roots, quiet)
    files += manifest_files(Layout(project.root, frozenset()), overlays, quiet)
    return Checked(len(files), len(environments))
