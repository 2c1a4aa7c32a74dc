"""``reconciler sandbox``: the embedded server, on a port for other clients."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import console
from reconciler.errors import UsageError

_MEMORY = ":memory:"


@click.group(
    "sandbox",
    epilog=examples(
        "reconciler sandbox serve                the database that `plan -e sandbox` uses, on http://127.0.0.1:8888",
        "reconciler sandbox serve --db :memory:  an empty one that nobody keeps",
        "reconciler sandbox reset                forget everything",
    ),
)
def command() -> None:
    """The embedded OpenMeter server.

    `sandbox` is an environment that every project has: plan and apply work on it without a port, an account or an
    installation. It keeps its database in .reconciler/ beside the project file.
    """


def _database(ctx: click.Context, param: click.Parameter, value: str | None) -> Path | str:
    """The file that ``--db`` names, else the one of this project's sandbox environment."""
    del ctx, param
    if value == _MEMORY:
        return _MEMORY
    if value is not None:
        return Path(value)
    from reconciler import workflow

    found = workflow.sandbox_path(workflow.open_context(Path.cwd(), environment="sandbox"))
    found.parent.mkdir(parents=True, exist_ok=True)
    return found


_db = click.option(
    "--db",
    "database",
    metavar="FILE|:memory:",
    callback=_database,
    help="The database. Default: that of this project's sandbox environment.",
)


@command.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8888, show_default=True, help="0 picks a free one.")
@_db
@common_options
@click.pass_context
def serve(ctx: click.Context, host: str, port: int, database: Path | str) -> None:
    """Answer on a port until Ctrl-C.

    Speaks OpenMeter's API v1 for the kinds that this tool manages, and for customers and subscriptions.
    """
    from reconciler.sandbox import Sandbox
    from reconciler.sandbox.serve import SandboxServer

    screen = console(ctx)
    try:
        server = SandboxServer(Sandbox(database), host, port)
    except OSError as error:
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}", tip="choose another --port") from None
    with server:
        screen.say(f"OpenMeter sandbox on {server.url}, database {database}. Ctrl-C ends it.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            screen.say("Stopped.")


@command.command("reset")
@_db
@common_options
@click.pass_context
def reset(ctx: click.Context, database: Path | str) -> None:
    """Forget everything: the sandbox is as on its first day."""
    from reconciler.sandbox import Sandbox

    if database == _MEMORY:
        raise UsageError("a database in memory has nothing to forget", tip="name a file with --db")
    sandbox = Sandbox(database)
    sandbox.reset()
    sandbox.close()
    console(ctx).say(f"{database} is empty now.")


@command.command("seed")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_db
@common_options
@click.pass_context
def seed(ctx: click.Context, file: Path | None, database: Path | str) -> None:
    """Add a catalogue that nobody manages: the requests of FILE, or a small one with a subscribed customer.

    For trying `get`, `export`, adoption, and what a live subscription forbids. What is there already stays. FILE is a
    JSON list of `{"path": "/api/v1/…", "body": {…}, "as": "NAME"}`; `{NAME}` stands for the id of what was made so.
    """
    from reconciler.cli.seeding import seed as fill
    from reconciler.sandbox import Sandbox

    if database == _MEMORY:
        raise UsageError("a database in memory is gone before anybody could look", tip="name a file with --db")
    sandbox = Sandbox(database)
    try:
        made = fill(sandbox, file)
    finally:
        sandbox.close()
    console(ctx).say(f"{database}: {made} objects made." if made else f"{database} has the seed already.")
