"""``reconciler snapshot``: the live catalogue as one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import files
from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.opening import names_of, open_context
from reconciler.cli.options import Where, fleet_options, out_option
from reconciler.cli.several import Ended, Fleet, per_environment
from reconciler.cli.waiting import busy
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.workflow import Context


@click.command(
    "snapshot",
    epilog=examples(
        "reconciler snapshot -e production -o production.snapshot.json",
        "reconciler snapshot -e '*' -o 'snapshots/{env}.json'   every environment of the project file",
        "reconciler plan -e production --from-snapshot production.snapshot.json   no network, no token",
    ),
)
@fleet_options
@out_option("Write it into this file; {env} stands for the environment. Default: print it.")
@common_options
@click.pass_context
def command(ctx: click.Context, where: Where, out: Path | None) -> None:
    """Take the live catalogue into one file, for planning without a network.

    Holds everything that a plan needs: every object, its versions and add-ons, the namespace's identity, and how many
    subscribe to what. A pull request of a fork, which gets no token, is planned against it with `plan
    --from-snapshot`: the same plan as against the live catalogue of that moment.

    No secret is in it: of signing secrets, of header values and of credentials in webhook addresses only that there is
    one. Of customers only how many. Names, prices and the rest of the catalogue are in clear text: keep it where the
    manifests may be read.

    A digest over all of it detects damage. Nothing is written to the server.
    """
    screen = console(ctx)
    names = names_of(ctx, where)
    if names is not None and out is None:
        raise UsageError("several snapshots are several files", tip="give -o 'snapshots/{env}.json'")
    per_environment(out, "", several=names is not None)

    def one(where: Where, screen: Console) -> Ended:
        context = open_context(ctx, where)
        file = per_environment(out, context.environment.name, several=names is not None)
        files.require_folder(file)
        return _take(context, screen, file)

    ctx.exit(one(where, screen).code if names is None else Fleet(ctx, screen, names, "text").run(where, one))


def _take(context: Context, screen: Console, out: Path | None) -> Ended:
    from reconciler import workflow
    from reconciler.render import words

    with busy(screen, f"Reading {context.environment.name}"):
        taken = workflow.take_snapshot(context)
    count = words.plural(sum(map(len, taken.observation.objects.values())), "object")
    said = f"{count}, sha256:{taken.digest[:12]}, taken {taken.created_at}."
    if out is None:
        screen.data(workflow.dump_snapshot(taken))
    else:
        files.write(out, workflow.dump_snapshot(taken))
        screen.say(f"Saved {out}: {said}")
    return Ended(0, said)
