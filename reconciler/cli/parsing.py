"""From the text of an option to its value: what a callback of click refuses, and what a shell completes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.workflow import Shard

FILE = click.Path(dir_okay=False, path_type=Path)
PATHS = click.Path(exists=True, path_type=Path)


def variables(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    """``NAME=VALUE``, repeated."""
    found: dict[str, str] = {}
    for text in value:
        name, equals, content = text.partition("=")
        if not (name and equals):
            raise click.BadParameter(f"`{text}` is not NAME=VALUE", ctx, param)
        found[name] = content
    return found


def addresses(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """``KIND/KEY``, repeated; globs are welcome."""
    if not value:
        return value
    from reconciler.model import Address

    for text in value:
        try:
            Address.parse(text)
        except ValueError as error:
            raise click.BadParameter(f"{error}, such as Plan/pro", ctx, param) from None
    return value


def share(ctx: click.Context, param: click.Parameter, value: str | None) -> Shard | None:
    """``INDEX/TOTAL``."""
    if value is None:
        return None
    from reconciler.workflow import Shard

    try:
        return Shard.parse(value, os.environ)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


def environments(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The environments of the project here; none where it cannot be read."""
    del param
    from reconciler.errors import ReconcilerError
    from reconciler.project import load_project

    try:
        project = load_project(Path.cwd(), ctx.params.get("project"))
    except ReconcilerError:
        return ["sandbox"]
    return [name for name in sorted({*project.environments, "sandbox"}) if name.startswith(incomplete)]


def moment(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    """The callback of an option that takes a date or an instant."""
    if value is None:
        return None
    from reconciler.project.times import MOMENT, parse_moment

    found = parse_moment(value)
    if found is None:
        raise click.BadParameter(f"`{value}` is no date; write {MOMENT}", ctx, param)
    return found


def is_glob(text: str | None) -> bool:
    """Whether a name of an environment is a pattern over names, or several of them."""
    return text is not None and bool(set(text) & set("*?[,"))
