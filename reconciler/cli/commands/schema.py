"""``reconciler schema``: the JSON Schemas."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import console

_NAMES = ("manifest", "project", "plan", "report", "drift", "summary", "snapshot")


@click.command(
    "schema",
    epilog=examples(
        "reconciler schema manifest              print one",
        "reconciler schema --write               all of them, into ./schemas",
        "head -1 catalog/plans.yaml              # yaml-language-server: $schema=../schemas/manifest.json",
    ),
)
@click.argument("name", type=click.Choice(_NAMES), default="manifest")
@click.option("--write", is_flag=True, help="Write all of them into a folder instead of printing one.")
@click.option(
    "-o",
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("schemas"),
    show_default=True,
    help="The folder for --write.",
)
@common_options
@click.pass_context
def command(ctx: click.Context, name: str, write: bool, folder: Path) -> None:
    """Print or write the JSON Schemas.

    manifest and project are for editors: with the yaml-language-server line on top of a file they complete field names
    and show what they mean. plan, report, drift, summary and snapshot describe what this tool writes.
    """
    from reconciler.cli import files
    from reconciler.cli.schema_files import SCHEMAS, schema_text

    screen = console(ctx)
    if not write:
        screen.data(schema_text(name))
        return
    folder.mkdir(parents=True, exist_ok=True)
    for one in SCHEMAS:
        files.write(folder / f"{one}.json", schema_text(one))
        screen.say(f"Wrote {folder / one}.json")
