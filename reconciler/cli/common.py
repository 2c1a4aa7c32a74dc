"""What every command takes, and the examples of its help. Light: even ``version`` imports it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

NO_COLOR = "reconciler.no_color"
VERBOSE = "reconciler.verbose"
"""Where a context keeps what the options say, for whoever prints later."""


def _keep_no_color(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    del param
    if value:
        ctx.meta[NO_COLOR] = True


def _keep_verbose(ctx: click.Context, param: click.Parameter, value: int) -> None:
    del param
    if value:
        ctx.meta[VERBOSE] = value


def common_options(command: F) -> F:
    """Add ``-v`` and ``--no-color``, which every command takes."""
    verbose = click.option(
        "-v", "--verbose", count=True, expose_value=False, callback=_keep_verbose, help="Say more; -vv for everything."
    )
    plain = click.option(
        "--no-color", is_flag=True, expose_value=False, callback=_keep_no_color, help="No colours (also NO_COLOR=1)."
    )
    return verbose(plain(command))


def examples(*lines: str) -> str:
    """The examples at the end of a help text."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
