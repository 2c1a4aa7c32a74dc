"""``reconciler export``: live objects as manifests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.opening import open_context
from reconciler.cli.options import Where, where_options
from reconciler.cli.waiting import busy
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.model import Plan
    from reconciler.workflow import Context, ExportOutcome

_STDOUT = Path("-")


def _patterns(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """``--kind Plan`` is ``--target 'Plan/*'``."""
    if not value:
        return value
    from reconciler.kinds.registry import KINDS
    from reconciler.reading.suggest import did_you_mean

    known = {name.lower(): name for name in KINDS}
    for text in value:
        if text.lower() not in known:
            raise click.BadParameter(f"there is no kind `{text}`{did_you_mean(text, KINDS)}", ctx, param)
    return tuple(f"{known[text.lower()]}/*" for text in value)


@click.command(
    "export",
    epilog=examples(
        "reconciler export -e production -o catalog   a catalogue that was made by hand becomes manifests",
        "reconciler export -e production --manage observe   the same, and nothing of it is touched for now",
        "reconciler export --target 'Plan/*' -o -     plans and what they need, to look at",
        "reconciler export -e staging --as-overlay    what staging has otherwise, as patches",
        "reconciler export --endpoint https://openmeter.example --token-env TOKEN -o catalog",
    ),
)
@where_options
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="The folder to write to; - prints. Default: the first folder of the project's manifests.",
)
@click.option(
    "--layout",
    type=click.Choice(["kind", "object"]),
    default="kind",
    show_default=True,
    help="One file per kind, or one per object in a folder per kind.",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="KIND/KEY",
    help="Only this object and what it names. Repeatable, takes globs.",
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    metavar="KIND",
    callback=_patterns,
    help="Only this kind and what it names. Repeatable.",
)
@click.option("--unmanaged", is_flag=True, help="Only what nobody manages: no marker, no document.")
@click.option(
    "--manage",
    type=click.Choice(["full", "create-only", "observe"]),
    default="full",
    show_default=True,
    help="What the documents say about whose the objects are; observe: nothing is ever written.",
)
@click.option(
    "--as-overlay",
    "overlay",
    is_flag=True,
    help="Write only what differs from what is declared, as patches in an overlay of the environment.",
)
@common_options
@click.pass_context
def command(ctx: click.Context, /, where: Where, out: Path | None, **chosen: Any) -> None:  # noqa: ANN401 - click's
    """Write live objects as manifests.

    A plan of the result contains nothing but adoptions. Secrets are never written: they become sources (environment
    variables) that you fill. Nothing live is changed.

    Among the manifests of the project, what no document declares is written into new files, and what a document
    declares otherwise is changed in it, as `accept` does; comments stay. What is declared and not live is told and
    stays. A file with changes that are not committed is not touched.
    """
    from reconciler import workflow

    screen = console(ctx)
    context = open_context(ctx, where)
    if out == _STDOUT and chosen["overlay"]:
        raise UsageError(
            "patches are written to an overlay, not printed", tip="`reconciler accept --dry-run --to overlay`"
        )
    folder = None if out == _STDOUT else out
    if folder is None and out is None and not chosen["overlay"]:
        folder = workflow.default_folder(context)
    targets = (*chosen.pop("targets"), *chosen.pop("kinds"))
    request = workflow.ExportRequest(out=folder, targets=targets, **chosen)
    with busy(screen, f"Reading {context.environment.name}"):
        outcome = workflow.export(context, request)
    screen.data(outcome.text or "".join(f"{_name(path)}\n" for path in outcome.files))
    _tell(screen, context, outcome)


def _tell(screen: Console, context: Context, outcome: ExportOutcome) -> None:
    """What a person has to know and to do now."""
    from reconciler.render import accept_text

    acceptance = outcome.revision.acceptance
    if acceptance and (acceptance.edits or acceptance.left):
        screen.say(accept_text.acceptance(acceptance, screen.err).rstrip("\n"))
    for line in _told(outcome, context.environment.name):
        for part in screen.err.wrap(line, first="", rest="  "):
            screen.say(part)
    if outcome.expected is None and not outcome.text and not outcome.objects:
        screen.say(f"Nothing is live in {context.environment.name}.")
    if outcome.expected is not None:
        screen.say(_expected(outcome.expected))
        screen.say(f"Next: reconciler plan{_where(context, outcome)}")


def _told(outcome: ExportOutcome, environment: str) -> Iterator[str]:
    from reconciler.render.escape import escape
    from reconciler.render.words import listed, plural

    notes: dict[str, list[str]] = {}
    for item in outcome.objects:
        for note in item.notes:
            notes.setdefault(note, []).append(str(item.address))
    for note, addresses in notes.items():
        yield f"{listed(addresses)}: {escape(note)}."
    for item in outcome.objects:
        for name, what in item.secrets:
            yield f"To fill in before an apply: {name}, with `{escape(what)}` of {item.address}."
    for address in outcome.revision.observed:
        yield f"{address} is only observed, and declared as it is live now."
    for left in outcome.revision.left:
        yield f"{left.address} is only observed and not as declared: {escape(left.reason)}."
    if outcome.gone:
        yield f"Declared and not live, left as it is: {', '.join(map(str, outcome.gone))}."
    if outcome.adoption.ids and outcome.adoption.file:
        count = plural(len(outcome.adoption.ids), "id")
        yield f"{_name(outcome.adoption.file)} says now which objects are meant: {count} in `adopt` of {environment}."
    elif outcome.adoption.ids:
        yield f"Say in reconciler.yaml, in the environment {environment}, which objects are meant:"
        yield f"  {outcome.adoption.line}"


def _name(path: Path) -> str:
    """A path as somebody who stands here would write it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _expected(plan: Plan) -> str:
    from reconciler.render.words import planned

    return planned(plan.summary, len([guard for guard in plan.open_guards if guard.code != "adopt"]))


def _where(context: Context, outcome: ExportOutcome) -> str:
    chosen = "" if context.environment.name == context.project.default_environment else context.environment.name
    folder = f" {_name(outcome.folder)}" if outcome.folder else ""
    return f"{f' -e {chosen}' if chosen else ''}{folder}"
