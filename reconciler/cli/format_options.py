"""``--format`` of every command that has one: which formats it knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import click

F = TypeVar("F", bound=Callable[..., Any])


def _formats(*known: str) -> Callable[[Callable[..., Any]], Any]:
    """``--format`` with exactly these."""
    said = f"{', '.join(known[:-1])} and {known[-1]}"

    def check(ctx: click.Context, param: click.Parameter, value: str) -> str:
        if value in known:
            return value
        raise click.BadParameter(f"`{value}` is no format of this command; there are {said}", ctx, param)

    return click.option(
        "--format",
        "form",
        metavar="|".join(known),
        default="text",
        show_default=True,
        callback=check,
        help="How to print.",
    )


def format_option(command: F) -> F:
    """Add ``--format text|json``; the command gets it as ``form``."""
    return cast("F", _formats("text", "json")(command))


def drift_format_option(command: F) -> F:
    """The same for drift: Markdown is for an issue that stays open until it is gone."""
    return cast("F", _formats("text", "json", "markdown")(command))


def plan_format_option(command: F) -> F:
    """The same for what prints a plan: Markdown is for pull requests, HTML a page, the rest for other tools."""
    every = ("text", "json", "markdown", "html", "terraform-json", "sarif", "github", "junit")
    return cast("F", _formats(*every)(command))


def problems_format_option(command: F) -> F:
    """The same for what prints problems of files."""
    return cast("F", _formats("text", "json", "sarif", "github", "junit")(command))
