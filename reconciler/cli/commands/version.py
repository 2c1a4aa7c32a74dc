"""``reconciler version``."""

from __future__ import annotations

import click

from reconciler.cli.console import console
from reconciler.cli.options import common_options
from reconciler.version import VERSION

_LIBRARIES = ("click", "deepdiff", "httpx", "jinja2", "pydantic", "pyyaml", "rich", "stamina")


@click.command("version")
@common_options
@click.pass_context
def command(ctx: click.Context) -> None:
    """Print the version.

    With -v also the versions of Python and of the libraries underneath, for a bug report.
    """
    screen = console(ctx)
    screen.data(f"reconciler {VERSION}\n")
    if screen.verbose:
        import platform
        from importlib.metadata import version

        screen.data(f"Python {platform.python_version()} on {platform.platform()}\n")
        screen.data("".join(f"{name} {version(name)}\n" for name in _LIBRARIES))
