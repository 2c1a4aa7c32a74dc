"""From the options of a command to a context of the workflow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.failures import remember_root
from reconciler.cli.options import Planning, Where

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
