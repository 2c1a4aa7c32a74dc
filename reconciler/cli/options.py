"""The options that several commands share, each collected into one typed value."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from reconciler.workflow import Shard

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]

FILE = click.Path(dir_okay=False, path_type=Path)
PATHS = click.Path(exists=True, path_type=Path)
_LATER = ("markdown", "html", "terraform-json", "sarif", "junit", "github")


@dataclass(frozen=True, slots=True)
class Where:
    """Which project and environment a command works on, and how to reach it."""

    environment: str | None = None
    project: Path | None = None
    endpoint: str | None = None
    token_env: str | None = None
    project_name: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    var_files: tuple[Path, ...] = ()
    parallelism: int = 8
    shard: Shard | None = None


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared with what: ``source`` are an environment or paths, ``target`` is an environment or a glob."""

    source: tuple[str, ...] = ()
    target: str | None = None
    project: Path | None = None
    variables: dict[str, str] = field(default_factory=dict)
    var_files: tuple[Path, ...] = ()
    parallelism: int = 8

    def where(self, environment: str | None) -> Where:
        """How to open one environment of the comparison."""
        return Where(
            environment,
            self.project,
            variables=self.variables,
            var_files=self.var_files,
            parallelism=self.parallelism,
        )


@dataclass(frozen=True, slots=True)
class Planning:
    """What a plan is asked for."""

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    prune: bool | None = None
    allow: tuple[str, ...] = ()
    write_secrets: bool = False


def _variable(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in value:
        name, equals, content = text.partition("=")
        if not (name and equals):
            raise click.BadParameter(f"`{text}` is not NAME=VALUE", ctx, param)
        found[name] = content
    return found


def _address(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        return value
    from reconciler.model import Address

    for text in value:
        try:
            Address.parse(text)
        except ValueError as error:
            raise click.BadParameter(f"{error}, such as Plan/pro", ctx, param) from None
    return value


def _shard(ctx: click.Context, param: click.Parameter, value: str | None) -> Shard | None:
    if value is None:
        return None
    from reconciler.workflow import Shard

    try:
        return Shard.parse(value, os.environ)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


def _complete_environment(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The environments of the project here; none where it cannot be read."""
    del param
    from reconciler.errors import ReconcilerError
    from reconciler.project import load_project

    try:
        project = load_project(Path.cwd(), ctx.params.get("project"))
    except ReconcilerError:
        return ["sandbox"]
    return [name for name in sorted({*project.environments, "sandbox"}) if name.startswith(incomplete)]


_PROJECT = click.option("--project", type=FILE, help="The project file. Default: reconciler.yaml here or above.")
_INPUTS: tuple[Decorator[Any], ...] = (
    click.option(
        "--var",
        "variables",
        multiple=True,
        callback=_variable,
        metavar="NAME=VALUE",
        help="Set a variable. Repeatable.",
    ),
    click.option("--var-file", "var_files", multiple=True, type=FILE, help="A YAML file of variables. Repeatable."),
    click.option(
        "--parallelism", type=click.IntRange(1, 64), default=8, show_default=True, help="Requests in flight at most."
    ),
)


def _environment(text: str) -> Decorator[Any]:
    default = "Default: its defaultEnvironment, else the embedded sandbox."
    return click.option(
        "-e", "--env", "environment", metavar="ENV", shell_complete=_complete_environment, help=f"{text} {default}"
    )


_ELSEWHERE: tuple[Decorator[Any], ...] = (
    _PROJECT,
    click.option("--endpoint", metavar="URL", help="Another address than the environment's, or one without a project."),
    click.option("--token-env", metavar="NAME", help="The environment variable that holds the API token."),
    click.option(
        "--project-name", metavar="NAME", help="The name written into what is managed. Default: the project's."
    ),
    *_INPUTS,
)
_WHERE: tuple[Decorator[Any], ...] = (_environment("Environment of the project file."), *_ELSEWHERE)
_FLEET: tuple[Decorator[Any], ...] = (
    _environment("Environment of the project file, or a glob over several."),
    click.option(
        "--shard",
        metavar="INDEX/TOTAL",
        callback=_shard,
        help="With a glob as -e: this share of the environments, such as 2/8; auto/8 where CI counts the jobs.",
    ),
    *_ELSEWHERE,
)
_SIDES: tuple[Decorator[Any], ...] = (
    click.option(
        "--from",
        "source",
        multiple=True,
        metavar="ENV|PATH",
        shell_complete=_complete_environment,
        help="An environment, or files and folders (repeatable). Default: the project's manifests.",
    ),
    click.option(
        "--to",
        "target",
        metavar="ENV",
        shell_complete=_complete_environment,
        help="An environment, or a glob over several. Default: as for other commands without -e.",
    ),
    _PROJECT,
    *_INPUTS,
)

_SCOPE: tuple[Decorator[Any], ...] = (
    click.option(
        "--target",
        "targets",
        multiple=True,
        callback=_address,
        metavar="KIND/KEY",
        help="Only this object. Repeatable, takes globs.",
    ),
    click.option(
        "--exclude",
        "excludes",
        multiple=True,
        callback=_address,
        metavar="KIND/KEY",
        help="All but this object. Repeatable, takes globs.",
    ),
)
_PLANNING: tuple[Decorator[Any], ...] = (
    click.option(
        "--target",
        "targets",
        multiple=True,
        callback=_address,
        metavar="KIND/KEY",
        help="Only this object and what it needs. Repeatable, takes globs; nothing is removed then.",
    ),
    click.option(
        "--exclude",
        "excludes",
        multiple=True,
        callback=_address,
        metavar="KIND/KEY",
        help="All but this object. Repeatable, takes globs; nothing is removed then.",
    ),
    click.option(
        "--prune/--no-prune",
        default=None,
        help="Remove what this project owns and no longer declares. Default: as the environment says.",
    ),
    click.option(
        "--allow",
        multiple=True,
        metavar="CODE:KIND/KEY",
        help="Consent to an open guard, such as price-raising:Plan/pro. Repeatable; KIND and KEY take globs.",
    ),
    click.option("--write-secrets", is_flag=True, help="Write secrets although they could not be compared."),
)


def where_options(command: F) -> F:
    """Add the options of ``Where``; the command gets them as ``where``."""
    return _collected(command, _WHERE, "where", Where)


def fleet_options(command: F) -> F:
    """Add the options of ``Where`` for a command that works on several environments too: a glob, and a share of it."""
    return _collected(command, _FLEET, "where", Where)


def sides_options(command: F) -> F:
    """Add the options of ``Sides``; the command gets them as ``sides``."""
    return _collected(command, _SIDES, "sides", Sides)


def scope_options(command: F) -> F:
    """Add ``--target`` and ``--exclude`` of a command that only looks; it gets ``targets`` and ``excludes``."""
    decorated: Any = command
    for option in reversed(_SCOPE):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def planning_options(command: F) -> F:
    """Add the options of ``Planning``; the command gets them as ``planning``."""
    return _collected(command, _PLANNING, "planning", Planning)


def _collected(command: F, options: tuple[Decorator[Any], ...], name: str, kind: type[Any]) -> F:
    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever click passes
        fields = {field: kwargs.pop(field) for field in kind.__dataclass_fields__ if field in kwargs}
        return command(*args, **{name: kind(**fields)}, **kwargs)

    decorated: Any = wrapper
    for option in reversed(options):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def _format(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if value in _LATER:
        raise click.BadParameter(f"`{value}` is not supported yet; supported are text and json", ctx, param)
    if value not in ("text", "json"):
        raise click.BadParameter(f"`{value}` is not a format; supported are text and json", ctx, param)
    return value


def format_option(command: F) -> F:
    """Add ``--format text|json``; the command gets it as ``form``."""
    return click.option(
        "--format",
        "form",
        metavar="text|json",
        default="text",
        show_default=True,
        callback=_format,
        help="How to print.",
    )(command)


def moment(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    """The callback of an option that takes a date or an instant."""
    if value is None:
        return None
    from reconciler.project.times import MOMENT, parse_moment

    found = parse_moment(value)
    if found is None:
        raise click.BadParameter(f"`{value}` is no date; write {MOMENT}", ctx, param)
    return found


def out_option(text: str) -> Callable[[F], F]:
    """Add ``-o FILE``; the command gets it as ``out``."""
    return click.option("-o", "--out", type=FILE, help=text)


def paths_argument(command: F) -> F:
    """Add ``[PATH]...``: files and folders that stand in for the project's manifests."""
    return click.argument("paths", nargs=-1, type=PATHS)(command)
