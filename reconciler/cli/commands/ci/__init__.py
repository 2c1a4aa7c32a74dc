"""``reconciler ci``: what a job of GitHub Actions does for a pull request. Each command is a file, loaded when used."""

from __future__ import annotations

from importlib import import_module

import click

from reconciler.cli.common import examples

COMMANDS = (
    ("comment", "Keep the one comment of a pull request."),
    ("summary", "Write the page of the job, and its outputs."),
    ("annotate", "Mark the lines of the manifests that change, and problems."),
    ("digest", "Print the digest of what plans change."),
    ("approval", "Fetch the plan that was approved, and whose consent it has."),
    ("issue", "Keep one issue per environment about its drift."),
    ("artifact", "Fetch what the default branch keeps for others."),
)


class _Lazy(click.Group):
    """Loads the file of a command when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of a pull request's life."""
        del ctx
        return [name for name, _ in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in self.list_commands(ctx):
            return None
        found = import_module(f"reconciler.cli.commands.ci.{cmd_name}").command
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list, without importing a command."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS))


@click.group(
    "ci",
    cls=_Lazy,
    epilog=examples(
        "reconciler ci comment --state planned --plan production.plan --summary summary.json",
        "reconciler ci approval -e production -o approved.plan --consents consents.json",
        "reconciler ci issue --drift drift.json",
    ),
)
def command() -> None:
    """Jobs of GitHub Actions: comment, summary, annotations, approval, drift issue.

    These commands run in jobs of GitHub Actions, of the cloud or of an enterprise: repository, event, commit and run
    come from the variables that a job has (GITHUB_REPOSITORY, GITHUB_EVENT_PATH, …), the token from GITHUB_TOKEN. It is
    sent to GITHUB_API_URL and nowhere else.
    """
