"""The command ``reconciler`` itself: its sections and its lazily loaded commands.

Nothing heavy is imported here: ``reconciler --help`` must answer at once.
"""

from __future__ import annotations

from importlib import import_module

import click

PROGRAM = "reconciler"

SECTIONS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Start",
        (
            ("init", "Scaffold a project: manifests, environments, CI workflow."),
            ("sandbox", "Run the embedded OpenMeter server: serve, reset, seed."),
            ("explain", "What a kind and its fields mean; --rules lists what is refused."),
        ),
    ),
    (
        "Write manifests",
        (
            ("fmt", "Bring YAML files into one style; comments survive."),
            ("validate", "Check the manifests offline: syntax, schema, references, rules."),
            ("render", "Print the manifests after templates and overlays."),
            ("graph", "Draw what is declared and what names what."),
            ("price", "What a customer of a plan pays for given usage."),
            ("test", "Price tests: bill the declared scenarios, hold them to what they expect."),
            ("schema", "Print or write the JSON Schemas for editors."),
        ),
    ),
    (
        "Change a catalogue",
        (
            ("plan", "Show what would change. Writes nothing."),
            ("show", "Print a saved plan."),
            ("apply", "Do it, after approval; or apply a saved plan."),
            ("promote", "Bring what is proven in one environment to the next."),
            ("rollback", "Go back to what a git revision declared, forward only."),
            ("destroy", "Remove everything this project owns in an environment."),
        ),
    ),
    (
        "Look at a catalogue",
        (
            ("env", "List environments, and check what is behind them."),
            ("get", "List live objects: owned, claimed, unmanaged."),
            ("snapshot", "The live catalogue as one file, for planning without a network."),
            ("accept", "Write what was edited live into the manifests."),
            ("drift", "Show what is live and not as declared; --heal puts back what is no money."),
            ("diff", "Compare environments, or manifests with what is live."),
            ("export", "Write live objects as manifests."),
        ),
    ),
    (
        "In a pull request",
        (("ci", "Jobs of GitHub Actions: comment, summary, annotations, approval, drift issue."),),
    ),
    (
        "This tool",
        (
            ("version", "Print the version."),
            ("completion", "Print the completion script of a shell."),
        ),
    ),
)

_START_HERE = """\b
Start here, nothing to install and no account needed:
  reconciler init billing && cd billing
  reconciler plan
  reconciler apply
It runs against the embedded sandbox; -e staging leads to a real OpenMeter."""


class Commands(click.Group):
    """Loads a command's file when the command is used, and lists the commands in sections."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the sections."""
        del ctx
        return [name for _, commands in SECTIONS for name, _ in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in self.list_commands(ctx):
            return None
        found = import_module(f"reconciler.cli.commands.{cmd_name}").command
        return found if isinstance(found, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command to run, or a usage error that names the nearest one."""
        known = self.list_commands(ctx)
        if not ctx.resilient_parsing and args and not args[0].startswith("-") and args[0] not in known:
            from reconciler.reading.suggest import did_you_mean

            raise click.UsageError(f"There is no command `{args[0]}`{did_you_mean(args[0], known)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The sections, without importing a command."""
        del ctx
        widest = max(len(name) for _, commands in SECTIONS for name, _ in commands)
        for title, commands in SECTIONS:
            with formatter.section(title):
                formatter.write_dl([(name.ljust(widest), text) for name, text in commands])


@click.group(
    cls=Commands,
    epilog=_START_HERE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
def cli() -> None:
    """Terraform for usage-based billing.

    An OpenMeter catalogue (meters, features, plans, add-ons, notifications, billing profiles) as YAML in git: plan
    shows what would change against the live API, apply does it.
    """
