"""From the options of a command to a context of the workflow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import summaries
from reconciler.cli.console import console
from reconciler.cli.failures import remember_root
from reconciler.cli.options import Planning, Where
from reconciler.cli.parsing import is_glob
from reconciler.errors import UsageError
from reconciler.render.escape import escape

if TYPE_CHECKING:
    from reconciler import workflow
    from reconciler.model import EnvironmentCheck, TeamConsent
    from reconciler.project import Project


def open_context(ctx: click.Context, where: Where, paths: tuple[Path, ...] = ()) -> workflow.Context:
    """Find the project and the environment. Raises ``ProjectError``."""
    from reconciler import workflow

    if where.shard is not None or is_glob(where.environment):
        raise UsageError("this command works on one environment", tip="name it with -e, without a glob")
    context = workflow.open_context(
        Path.cwd(),
        file=where.project,
        environment=where.environment,
        endpoint=where.endpoint,
        token_env=where.token_env,
        project_name=where.project_name,
        variables=where.variables,
        var_files=where.var_files,
        paths=paths,
        parallelism=where.parallelism,
        on_wait=_teller(ctx),
        read_only=where.read_only,
        trusted=where.trusted,
    )
    remember_root(ctx, context.project.root, context.project.may_read)
    summaries.about(ctx, context.environment.name)
    return context


def load_project(ctx: click.Context, file: Path | None, trusted: Path | None = None) -> Project:
    """The project of the working folder, or of a file. Raises ``ProjectError``."""
    from reconciler.project import load_project as load

    project = load(Path.cwd(), file, trusted)
    remember_root(ctx, project.root, project.may_read)
    return project


def _teller(ctx: click.Context) -> Callable[[str], None]:
    """Says on stderr, above whatever moves there, why nothing moves."""
    screen = console(ctx)

    def tell(sentence: str) -> None:
        screen.say(screen.err.paint(f"Slowed down: {escape(sentence)}.", "yellow"))

    return tell


def names_of(ctx: click.Context, where: Where) -> tuple[str, ...] | None:
    """This run's share of the environments that ``-e`` matches as a glob, sorted; None where it names a single one.

    Raises ``UsageError`` where a glob matches none, and where a share of a single environment is asked for.
    """
    from reconciler import workflow

    if not is_glob(where.environment):
        if where.shard is not None:
            raise UsageError("--shard shares out the environments that a glob matches", tip="give one: -e '*'")
        return None
    if where.endpoint is not None:
        raise UsageError("--endpoint is one address, and -e matches several environments")
    names = workflow.matching(load_project(ctx, where.project, where.trusted), where.environment or "*")
    return where.shard.of(names) if where.shard else names


def open_contexts(ctx: click.Context, where: Where, paths: tuple[Path, ...] = ()) -> tuple[workflow.Context, ...]:
    """The contexts of every environment that ``-e`` matches as a glob, sorted; the one it names otherwise."""
    names = names_of(ctx, where)
    if names is None:
        return (open_context(ctx, where, paths),)
    return tuple(open_context(ctx, replace(where, environment=name, shard=None), paths) for name in names)


def check_several(ctx: click.Context, where: Where) -> tuple[EnvironmentCheck, ...]:
    """Look at the environments that ``-e`` matches, at a bare ``--endpoint``, or at all of the project."""
    from reconciler import workflow

    project = load_project(ctx, where.project, where.trusted)
    names: tuple[str | None, ...] = (where.environment,)
    if is_glob(where.environment) or where.shard:
        names = names_of(ctx, where) or ()
    elif where.environment is None and where.endpoint is None:
        names = tuple(name for name in project.environments if name not in project.untrusted) or names
    elif where.environment is not None:
        project.environment(where.environment)
    return workflow.check_environments(
        project, names, lambda name: open_context(ctx, replace(where, environment=name, shard=None))
    )


def request(planning: Planning) -> workflow.PlanRequest:
    """What the workflow is asked for."""
    from reconciler import workflow

    return workflow.PlanRequest(
        targets=planning.targets,
        excludes=planning.excludes,
        prune=planning.prune,
        allow=planning.allow,
        write_secrets=planning.write_secrets,
        consents=team_consents(planning.consents),
    )


def team_consents(path: Path | None) -> tuple[TeamConsent, ...]:
    """What a file of ``--consents`` holds. Raises ``UsageError`` with everything that is wrong in it."""
    if path is None:
        return ()
    from reconciler.policy import consentsfile

    try:
        with path.open(encoding="utf-8") as file:
            return consentsfile.loads(file.read(consentsfile.LARGEST + 1), str(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no file of consents: it is not text") from None
