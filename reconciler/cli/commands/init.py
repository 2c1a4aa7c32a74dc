"""``reconciler init``: a small working project to start from."""

from __future__ import annotations

from importlib.resources import files as resources
from pathlib import Path

import click

from reconciler.cli import files
from reconciler.cli.console import console
from reconciler.cli.options import common_options, examples
from reconciler.errors import UsageError
from reconciler.version import VERSION

_FILES = {
    "reconciler.yaml": "reconciler.yaml",
    "catalog/meters.yaml": "catalog/meters.yaml",
    "catalog/features.yaml": "catalog/features.yaml",
    "catalog/plans.yaml": "catalog/plans.yaml",
    ".gitignore": "gitignore",
}
_WORKFLOW = {".github/workflows/billing.yml": "workflow.yml"}
_EDITOR_SCHEMAS = ("manifest", "project")


@click.command(
    "init",
    epilog=examples("reconciler init billing && cd billing && reconciler plan", "reconciler init --github"),
)
@click.argument("folder", metavar="[DIR]", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--github", is_flag=True, help="Also a GitHub workflow that validates and plans pull requests.")
@common_options
@click.pass_context
def command(ctx: click.Context, folder: Path, github: bool) -> None:
    """Scaffold a project.

    A project file with sandbox, staging and production; a catalogue of a meter, two features and a plan that works on
    the sandbox at once; JSON Schemas, so that editors complete and check. Never overwrites a file.
    """
    written = _contents(folder.resolve().name, github=github)
    taken = sorted(name for name in written if (folder / name).exists())
    if taken:
        raise UsageError(
            f"{', '.join(str(folder / name) for name in taken)} exists already; nothing was written",
            tip="give another folder: reconciler init DIR",
        )
    for name, text in written.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{path.parent} cannot be made: {error.strerror}") from None
        files.write(path, text)
    _tell(ctx, folder, list(written), github=github)


def _contents(name: str, *, github: bool) -> dict[str, str]:
    """Every file with its text, in the order in which a reader should meet them."""
    from reconciler.cli.schema_files import schema_text
    from reconciler.kinds.fields import suggest_key

    source = resources("reconciler.cli").joinpath("scaffold")
    project = suggest_key(name)[:63].strip("_") or "billing"
    wanted = {**_FILES, **(_WORKFLOW if github else {})}
    texts = {target: source.joinpath(origin).read_text(encoding="utf-8") for target, origin in wanted.items()}
    filled = {target: text.replace("@NAME@", project).replace("@VERSION@", VERSION) for target, text in texts.items()}
    return filled | {f"schemas/{schema}.json": schema_text(schema) for schema in _EDITOR_SCHEMAS}


def _tell(ctx: click.Context, folder: Path, written: list[str], *, github: bool) -> None:
    screen = console(ctx)
    for name in written:
        screen.say(f"  {screen.err.paint('+', 'green')} {folder / name}")
    go = "" if folder == Path() else f"cd {folder} && "
    screen.say("")
    screen.say("Next:")
    screen.say(f"  {go}reconciler plan     what would be created, on the embedded sandbox")
    screen.say("  reconciler apply    do it; plan again afterwards: nothing is left to do")
    screen.say("  Then write your own catalogue (reconciler explain Plan) and put your OpenMeter into reconciler.yaml.")
    if github:
        screen.say("  The workflow needs the repository secret OPENMETER_STAGING_TOKEN.")
