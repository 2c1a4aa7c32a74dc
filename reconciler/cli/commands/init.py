"""``reconciler init``: a small working project to start from."""

from __future__ import annotations

import shlex
from importlib.resources import files as resources
from pathlib import Path

import click

from reconciler.cli import files
from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.errors import UsageError
from reconciler.version import ACTION, ACTION_COMMIT, ACTION_REPOSITORY, SOURCE, UNRELEASED

_GITIGNORE = ".gitignore"
_FILES = {
    "reconciler.yaml": "reconciler.yaml",
    "catalog/meters.yaml": "catalog/meters.yaml",
    "catalog/features.yaml": "catalog/features.yaml",
    "catalog/plans.yaml": "catalog/plans.yaml",
    _GITIGNORE: "gitignore",
}
_WORKFLOWS = {
    f".github/workflows/billing-{name}.yml": f"github/{name}.yml" for name in ("plan", "apply", "drift", "by-hand")
}
_GITLAB = {".gitlab-ci.yml": "gitlab.yml"}
_EDITOR_SCHEMAS = ("manifest", "project")


@click.command(
    "init",
    epilog=examples("reconciler init billing && cd billing && reconciler plan", "reconciler init --github"),
)
@click.argument("folder", metavar="[DIR]", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option(
    "--github",
    is_flag=True,
    help="Also GitHub workflows: plan on a pull request, apply after the merge, drift at night, promotion by hand.",
)
@click.option("--gitlab", is_flag=True, help="Also a .gitlab-ci.yml that plans, applies and watches.")
@common_options
@click.pass_context
def command(ctx: click.Context, folder: Path, github: bool, gitlab: bool) -> None:
    """Scaffold a project.

    A project file with sandbox, staging and production; a catalogue of a meter, two features and a plan that works on
    the sandbox at once; JSON Schemas, so that editors complete and check. Never overwrites a file.
    """
    written = _contents(folder.resolve().name, {**(_WORKFLOWS if github else {}), **(_GITLAB if gitlab else {})})
    has_gitignore = (folder / _GITIGNORE).exists()
    if has_gitignore:
        del written[_GITIGNORE]
    taken = sorted(name for name in written if (folder / name).exists())
    if taken:
        raise UsageError(
            f"nothing was written, for there is already {', '.join(str(folder / name) for name in taken)}",
            tip="give another folder: reconciler init DIR",
        )
    for name, text in written.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{path.parent} cannot be made: {error.strerror}") from None
        files.write(path, text)
    _tell(ctx, folder, list(written), has_gitignore=has_gitignore)
    if github:
        _tell_github(console(ctx))
    if gitlab:
        console(ctx).say("\nWhat GitLab needs stands at the top of .gitlab-ci.yml.")
    if (github or gitlab) and ACTION_COMMIT == UNRELEASED:
        console(ctx).say(
            f"There is no release yet: put where you keep reconciler for {ACTION_REPOSITORY}@{UNRELEASED[:4]}…."
        )


def _contents(name: str, more: dict[str, str]) -> dict[str, str]:
    """Every file with its text, in the order in which a reader should meet them."""
    from reconciler.cli.schema_files import schema_text
    from reconciler.kinds.fields import suggest_key

    source = resources("reconciler.cli").joinpath("scaffold")
    project = suggest_key(name)[:63].strip("_") or "billing"
    wanted = {**_FILES, **more}
    texts = {target: source.joinpath(origin).read_text(encoding="utf-8") for target, origin in wanted.items()}
    filled = {
        target: text.replace("@NAME@", project).replace("@ACTION@", ACTION).replace("@SOURCE@", SOURCE)
        for target, text in texts.items()
    }
    return filled | {f"schemas/{schema}.json": schema_text(schema) for schema in _EDITOR_SCHEMAS}


def _tell(ctx: click.Context, folder: Path, written: list[str], *, has_gitignore: bool) -> None:
    screen = console(ctx)
    for name in written:
        screen.say(f"  {screen.err.paint('+', 'green')} {folder / name}")
    screen.say("\nNext:")
    if folder != Path():
        screen.say(f"  cd {shlex.quote(str(folder))}")
    screen.say("  reconciler plan           what would be created, on the embedded sandbox")
    screen.say("  reconciler apply          do it; after that a plan says that there is nothing to do")
    screen.say("  reconciler explain Plan   the fields, for your own catalogue")
    screen.say("  Your OpenMeter goes into reconciler.yaml; then -e staging leads there.")
    if has_gitignore:
        screen.say("  Add .reconciler/ to your .gitignore.")


def _tell_github(screen: Console) -> None:
    """What has to be set in the repository before the workflows can do anything; they fail until then."""
    screen.say("\nThe workflows need three environments, in the settings of the repository at GitHub:")
    screen.say(
        "  billing-plan            no reviewers; secrets OPENMETER_STAGING_TOKEN and OPENMETER_TOKEN, for reading"
    )
    screen.say("  staging, production     main only, production with reviewers; the same secrets, for writing")
    screen.say(
        "  and a rule for main: nothing but by pull request, with `Plan` and `Plan of a fork` as required checks"
    )
