"""``reconciler version``."""

from __future__ import annotations

import click

from reconciler.cli.common import VERBOSE, common_options
from reconciler.version import VERSION

_LIBRARIES = ("click", "deepdiff", "httpx", "jinja2", "pydantic", "pyyaml", "rich", "stamina")


@click.command("version")
@common_options
@click.pass_context
def command(ctx: click.Context) -> None:
    """Print the version.

    With -v also the versions of Python and of the libraries underneath, for a bug report.
    """
    click.echo(f"reconciler {VERSION}")
    if ctx.meta.get(VERBOSE):
        import platform
        from importlib.metadata import version

        click.echo(f"Python {platform.python_version()} on {platform.platform()}")
        click.echo("\n".join(f"{name} {version(name)}" for name in _LIBRARIES))
