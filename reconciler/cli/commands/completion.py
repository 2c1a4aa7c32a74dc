"""``reconciler completion``: the script that teaches a shell our words."""

from __future__ import annotations

import click

from reconciler.cli.common import common_options
from reconciler.cli.console import console
from reconciler.cli.main import PROGRAM, cli


@click.command(
    "completion",
    epilog=(
        "\b\nInstall it:\n"
        "  bash   echo 'eval \"$(reconciler completion bash)\"' >> ~/.bashrc\n"
        "  zsh    echo 'eval \"$(reconciler completion zsh)\"' >> ~/.zshrc\n"
        "  fish   reconciler completion fish > ~/.config/fish/completions/reconciler.fish"
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@common_options
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    It completes commands, options, and the names of environments.
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"there is no completion for {shell}")
    console(ctx).data(found(cli, {}, PROGRAM, "_RECONCILER_COMPLETE").source() + "\n")
