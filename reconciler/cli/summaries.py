"""The file of ``--summary``: what became of each environment, also where the command never got to one.

Whoever reads it is a machine that has nothing else, so it is there after every run: the command writes it when it comes
to an end, and ``reconciler.__main__`` when it does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.parsing import FILE, is_glob

if TYPE_CHECKING:
    from reconciler.model import Problem
    from reconciler.render.fleet import Turn

_KEY = "reconciler.summary"
_ENVIRONMENT = "reconciler.environment"
_INTERRUPTED = 130


@dataclass(slots=True)
class Pending:
    """A summary that is asked for; ``written`` once it is there."""

    path: Path
    written: bool = False


def expect(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    """The callback of ``--summary``, before any other option is looked at: what is wrong with those is in it too."""
    from reconciler.cli import files

    del param
    if value is not None:
        files.require_folder(value)
        ctx.meta[_KEY] = Pending(value)
    return value


def about(ctx: click.Context | None, environment: str | None) -> None:
    """Remember which environment the command is about; later calls know better."""
    if ctx is not None:
        ctx.meta[_ENVIRONMENT] = environment


def about_option(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """The callback of ``-e``: the one environment that is asked for, until the project says which it is."""
    del param
    about(ctx, None if is_glob(value) else value)
    return value


def write(ctx: click.Context, turns: Sequence[Turn], code: int, shard: str | None = None) -> None:
    """Write the summary, where one is asked for. What was done stands on the screen whether or not that is possible."""
    from reconciler.cli import files
    from reconciler.cli.failures import show
    from reconciler.errors import UsageError
    from reconciler.render import fleet

    pending = ctx.meta.get(_KEY)
    if not isinstance(pending, Pending):
        return
    pending.written = True
    try:
        files.write(pending.path, fleet.dumps([replace(turn, result=None) for turn in turns], code, shard))
    except UsageError as error:
        show(error, ctx)


def ended(ctx: click.Context, code: int, said: str, reason: str | None) -> None:
    """The command came to its end in its one environment."""
    from reconciler.render.fleet import Turn

    if isinstance(ctx.meta.get(_KEY), Pending):
        write(ctx, [Turn(ctx.meta.get(_ENVIRONMENT), code, said, reason=reason)], code)


def failed(ctx: click.Context | None, code: int, error: BaseException) -> None:
    """The command ended with an error: that is its summary, unless it has written one."""
    pending = ctx.meta.get(_KEY) if ctx is not None else None
    if ctx is None or not isinstance(pending, Pending) or pending.written:
        return
    write(ctx, [turn(ctx.meta.get(_ENVIRONMENT), code, error)], code)


def turn(name: str | None, code: int, error: BaseException) -> Turn:
    """One environment, where the command failed."""
    from reconciler.errors import InputError, PlanChangedError, ReconcilerError
    from reconciler.model.reasons import INTERRUPTED, UNEXPECTED
    from reconciler.render.fleet import Turn

    message, differences = None, None
    match error:
        case PlanChangedError():
            from reconciler.planning import replannedfile

            said, reason, differences = error.message, error.reason, replannedfile.tree(error.differences)
        case InputError():
            said, reason, message = error.message, error.reason, listed(error.problems)
        case ReconcilerError():
            said, reason = error.message, error.reason
        case KeyboardInterrupt() | click.Abort():
            said, reason = "interrupted", INTERRUPTED
        case BrokenPipeError():
            said, reason = "nobody reads the output any more", "failed"
        case click.UsageError():
            said, reason = error.format_message(), "usage"
        case _:
            said, reason = type(error).__name__, UNEXPECTED
    return Turn(
        name, code, said.splitlines()[0] if said else "", message or said, reason=reason, differences=differences
    )


def listed(problems: Sequence[Problem]) -> str:
    """One line per problem, with its place."""
    return "\n".join(f"{one.location}: {one.message}" if one.location else one.message for one in problems)


summary_option = click.option(
    "--summary",
    "summary_file",
    type=FILE,
    is_eager=True,
    expose_value=False,
    callback=expect,
    help="Write what became of each environment, and why, as JSON; `show` makes one table of several such files.",
)
"""Add ``--summary FILE``."""
