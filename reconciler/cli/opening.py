"""From the options of a command to a context of the workflow."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.failures import remember_root
from reconciler.cli.options import Planning, Where
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler import workflow


def open_context(ctx: click.Context, where: Where, paths: tuple[Path, ...] = ()) -> workflow.Context:
    """Find the project and the environment. Raises ``ProjectError``."""
    from reconciler import workflow

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
    )
    remember_root(ctx, context.project.root)
    return context


def open_contexts(ctx: click.Context, where: Where, paths: tuple[Path, ...] = ()) -> tuple[workflow.Context, ...]:
    """The contexts of every environment that ``-e`` matches as a glob; the one it names otherwise.

    Raises ``UsageError`` where a glob matches none.
    """
    if where.environment is None or not set(where.environment) & set("*?["):
        return (open_context(ctx, where, paths),)
    from reconciler.project import load_project

    project = load_project(Path.cwd(), where.project)
    names = [name for name in project.environments if fnmatchcase(name, where.environment)]
    if not names:
        known = ", ".join(project.environments) or "none"
        raise UsageError(f"no environment matches `{where.environment}`", tip=f"environments: {known}")
    return tuple(open_context(ctx, replace(where, environment=name), paths) for name in names)


def request(planning: Planning) -> workflow.PlanRequest:
    """What the workflow is asked for."""
    from reconciler import workflow

    return workflow.PlanRequest(
        targets=planning.targets,
        excludes=planning.excludes,
        prune=planning.prune,
        allow=planning.allow,
        write_secrets=planning.write_secrets,
    )
