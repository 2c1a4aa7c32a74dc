"""``reconciler ci artifact``: what the default branch keeps for others."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.commands.ci import host
from reconciler.cli.common import common_options, examples
from reconciler.cli.console import console
from reconciler.errors import HostError, UsageError


@click.command(
    "artifact",
    epilog=examples(
        "reconciler ci artifact --name reconciler-snapshot-production -o production.snapshot.json",
        "reconciler ci artifact --name reconciler-snapshots -o snapshots/",
    ),
)
@click.option("--name", required=True, metavar="NAME", help="The name of the artifact.")
@click.option(
    "-o",
    "--out",
    required=True,
    metavar="PATH",
    help="A file for an artifact of one file; a folder, or a path that ends with /, for all of them.",
)
@click.option(
    "--branch", metavar="BRANCH", help="The branch whose runs are trusted. Default: the repository's default branch."
)
@common_options
@click.pass_context
def command(ctx: click.Context, name: str, out: str, branch: str | None) -> None:
    """Fetch what the default branch keeps for others.

    The newest artifact of a name from a run of this very repository's branch that a push, a schedule or a person
    started: nothing that a pull request, least of all a fork's, has uploaded is ever taken.
    """
    from reconciler.ci import artifacts

    screen, job = console(ctx), host.job()
    with host.api(job) as api:
        wanted = branch or artifacts.default_branch(api, job)
        found = artifacts.newest(api, job, name, wanted)
        if found is None:
            raise HostError(
                f"no run of {wanted} has an artifact {name} that is still there",
                tip="run the workflow that makes it; artifacts expire",
            )
        content = artifacts.read(api, job, found)
    folder = out.endswith("/") or Path(out).is_dir()
    for path, data in _targets(content, Path(out), name, folder=folder):
        _write(path, data)
        screen.say(f"Wrote {path}")


def _targets(content: dict[str, bytes], out: Path, name: str, *, folder: bool) -> list[tuple[Path, bytes]]:
    if folder:
        return [(out / path, data) for path, data in content.items()]
    if len(content) != 1:
        raise UsageError(f"the artifact {name} has {len(content)} files", tip=f"give a folder: -o {out}/")
    return [(out, data) for data in content.values()]


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
