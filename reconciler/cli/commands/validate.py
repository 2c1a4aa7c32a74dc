"""``reconciler validate``: everything that can be known without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import summaries
from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.failures import source_lines
from reconciler.cli.format_options import problems_format_option
from reconciler.cli.opening import open_contexts
from reconciler.cli.options import Where, fleet_options, paths_argument
from reconciler.cli.places import places_here, places_of
from reconciler.cli.summaries import summary_option
from reconciler.errors import InputError, ManifestError, ProjectError

if TYPE_CHECKING:
    from reconciler.model import Problem
    from reconciler.project import Project
    from reconciler.render.findings import Places
    from reconciler.render.fleet import Turn
    from reconciler.render.problems_text import Checked
    from reconciler.workflow import Context


@click.command(
    "validate",
    epilog=examples(
        "reconciler validate                     the base and every environment",
        "reconciler validate -e production       one environment",
        "reconciler validate catalog/plans.yaml  some files only",
        "reconciler validate --format github     annotations at the lines of a pull request",
        "reconciler validate --format sarif > validate.sarif   for code scanning",
        "reconciler explain --rules              what is checked, and why",
    ),
)
@paths_argument
@fleet_options
@problems_format_option
@summary_option
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

    screen = console(ctx)
    try:
        contexts = open_contexts(ctx, where, paths)
    except InputError as error:
        if form != "text":  # whoever reads a document wants these in it too
            screen.data(_document(form, error.problems, None, places_here(where.project)))
        raise
    if not contexts:
        screen.say("No environment in this share.")
        summaries.write(ctx, [], 0, str(where.shard))
        ctx.exit(0)
    every = where.environment is None and where.endpoint is None
    by_context = [workflow.check(context, every_environment=every) for context in contexts]
    found = [problem for problems in by_context for problem in problems]
    _print(found, _checked(contexts, every=every), contexts[0].project, screen, form)
    names = [None] if every else [context.environment.name for context in contexts]
    turns = [_turn(name, problems) for name, problems in zip(names, by_context, strict=True)]
    code = max(turn.code or 0 for turn in turns)
    summaries.write(ctx, turns, code, str(where.shard) if where.shard else None)
    ctx.exit(code)


def _print(found: Sequence[Problem], checked: Checked, project: Project, screen: Console, form: str) -> None:
    if form != "text":
        screen.data(_document(form, found, checked, places_of(project.root, project.file)))
        return
    from reconciler.render import text

    style, lines = screen.out, source_lines(project.root, project.may_read)
    screen.data(
        text.problems(found, lines, checked=checked, colour=style.colour, unicode=style.unicode, width=style.width)
    )


def _document(form: str, found: Sequence[Problem], checked: Checked | None, places: Places) -> str:
    """The problems for other tools."""
    if form == "sarif":
        from reconciler.render import sarif

        return sarif.problems(found, places)
    if form == "github":
        from reconciler.render import annotations

        return annotations.problems(found, places)
    if form == "junit":
        from reconciler.render import findings_junit

        return findings_junit.problems(found, checked, places)
    from reconciler.render import problems_json

    return problems_json.dumps(found, checked)


def _turn(name: str | None, found: Sequence[Problem]) -> Turn:
    """What the check of one environment came to; of the base and every environment together it has no name."""
    from reconciler.render.fleet import Turn
    from reconciler.render.words import plural

    errors = [problem for problem in found if problem.severity == "error"]
    said = f"{plural(len(errors), 'error')}, {plural(len(found) - len(errors), 'warning')}."
    if not errors:
        return Turn(name, 0, said)
    return Turn(name, 1, said, summaries.listed(errors), reason=_reason(errors))


def _reason(found: Sequence[Problem]) -> str:
    ours = all(problem.rule.startswith("project.") for problem in found)
    return (ProjectError if ours else ManifestError).reason


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
