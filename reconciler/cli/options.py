"""The options that several commands share, each collected into one typed value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli import parsing, summaries

if TYPE_CHECKING:
    from reconciler.workflow import Shard

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]

FILE = parsing.FILE


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
    read_only: bool = False
    trusted: Path | None = None


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared with what: ``source`` are an environment or paths, ``target`` is an environment or a glob."""

    source: tuple[str, ...] = ()
    target: str | None = None
    project: Path | None = None
    variables: dict[str, str] = field(default_factory=dict)
    var_files: tuple[Path, ...] = ()
    parallelism: int = 8
    read_only: bool = False
    trusted: Path | None = None

    def where(self, environment: str | None) -> Where:
        """How to open one environment of the comparison."""
        return Where(
            environment,
            self.project,
            variables=self.variables,
            var_files=self.var_files,
            parallelism=self.parallelism,
            read_only=self.read_only,
            trusted=self.trusted,
        )


@dataclass(frozen=True, slots=True)
class Planning:
    """What a plan is asked for."""

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    prune: bool | None = None
    allow: tuple[str, ...] = ()
    write_secrets: bool = False
    consents: Path | None = None


_PROJECT = click.option("--project", type=FILE, help="The project file. Default: reconciler.yaml here or above.")
_TRUSTED = click.option(
    "--trusted-project",
    "trusted",
    type=FILE,
    help="The base branch's project file: endpoints, credentials, limits and policy come from it alone.",
)
_PARALLELISM = click.option(
    "--parallelism",
    metavar="N",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="Requests in flight at most.",
)
_READ_ONLY = click.option(
    "--read-only",
    is_flag=True,
    envvar="RECONCILER_READ_ONLY",
    help="Send nothing but GET requests; what would write is refused (also RECONCILER_READ_ONLY=1).",
)
_INPUTS: tuple[Decorator[Any], ...] = (
    click.option(
        "--var",
        "variables",
        multiple=True,
        callback=parsing.variables,
        metavar="NAME=VALUE",
        help="Set a variable. Repeatable.",
    ),
    click.option("--var-file", "var_files", multiple=True, type=FILE, help="A YAML file of variables. Repeatable."),
    _PARALLELISM,
    _READ_ONLY,
    _TRUSTED,
)


def _environment(text: str) -> Decorator[Any]:
    default = "Default: its defaultEnvironment, else the embedded sandbox."
    return click.option(
        "-e",
        "--env",
        "environment",
        metavar="ENV",
        is_eager=True,
        callback=summaries.about_option,
        shell_complete=parsing.environments,
        help=f"{text} {default}",
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
    _environment("Environment of the project file, or a glob over several (`staging,eu-*`)."),
    click.option(
        "--shard",
        metavar="INDEX/TOTAL",
        callback=parsing.share,
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
        shell_complete=parsing.environments,
        help="An environment, or files and folders (repeatable). Default: the project's manifests.",
    ),
    click.option(
        "--to",
        "target",
        metavar="ENV",
        shell_complete=parsing.environments,
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
        callback=parsing.addresses,
        metavar="KIND/KEY",
        help="Only this object. Repeatable, takes globs.",
    ),
    click.option(
        "--exclude",
        "excludes",
        multiple=True,
        callback=parsing.addresses,
        metavar="KIND/KEY",
        help="All but this object. Repeatable, takes globs.",
    ),
)
_CONSENTS = click.option(
    "--consents",
    type=FILE,
    help="The consents of the teams that a policy names, as `reconciler ci approval` writes them.",
)
_PLANNING: tuple[Decorator[Any], ...] = (
    click.option(
        "--target",
        "targets",
        multiple=True,
        callback=parsing.addresses,
        metavar="KIND/KEY",
        help="Only this object and what it needs. Repeatable, takes globs; nothing is removed then.",
    ),
    click.option(
        "--exclude",
        "excludes",
        multiple=True,
        callback=parsing.addresses,
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
    _CONSENTS,
)


def careful_options(command: F) -> F:
    """Add ``--read-only`` and ``--trusted-project``; the command gets them as ``read_only`` and ``trusted``."""
    return _READ_ONLY(_TRUSTED(command))


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


def consents_option(command: F) -> F:
    """Add ``--consents FILE``; the command gets it as ``consents``."""
    return _CONSENTS(command)


def out_option(text: str) -> Callable[[F], F]:
    """Add ``-o FILE``; the command gets it as ``out``."""
    return click.option("-o", "--out", type=FILE, help=text)


def paths_argument(command: F) -> F:
    """Add ``[PATH]...``: files and folders that stand in for the project's manifests."""
    return click.argument("paths", nargs=-1, type=parsing.PATHS)(command)
