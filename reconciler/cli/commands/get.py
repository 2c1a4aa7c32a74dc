"""``reconciler get``: what is live, and whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.format_options import format_option
from reconciler.cli.opening import names_of, open_context
from reconciler.cli.options import Where, fleet_options
from reconciler.cli.several import Ended, Fleet
from reconciler.cli.waiting import busy
from reconciler.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.render.live_text import Row

_LEGEND = """\b
MANAGED:
  owned      carries this project's marker
  claimed    declared here, and the API has no place for a marker
  unmanaged  nobody's: `plan` leaves it alone unless it is declared
  by NAME    carries the marker of another project: never written

"""


@click.command(
    "get",
    epilog=_LEGEND
    + examples(
        "reconciler get                          everything that is live in the default environment",
        "reconciler get Plan -e production",
        "reconciler get Plan/pro -e production   every version of one plan, in full",
        "reconciler get --format json | jq '.[] | select(.managed == \"unmanaged\")'",
    ),
)
@click.argument("what", metavar="[KIND[/KEY]]", required=False)
@fleet_options
@format_option
@common_options
@click.pass_context
def command(ctx: click.Context, what: str | None, where: Where, form: str) -> None:
    """List live objects.

    The column MANAGED says whose they are, which decides what `plan` may do with them.
    """
    from reconciler import workflow

    kind, key = _split(what)
    screen = console(ctx)
    names = names_of(ctx, where)

    def one(where: Where, screen: Console) -> Ended:
        context = open_context(ctx, where)
        with busy(screen, f"Reading {context.environment.name}"):
            rows = workflow.live_objects(context, kind, key)
        if key is not None and not rows:
            raise ReconcilerError(f"{what} is not live in {context.environment.name}")
        if names is not None and form == "text":
            screen.show(screen.out.paint(context.environment.name, "bold") + "\n")
        _print(rows, screen, form, full=key is not None)
        return Ended(0, f"{len(rows)} live")

    if names is None:
        one(where, screen)
    else:
        ctx.exit(Fleet(ctx, screen, names, form, table=False).run(where, one))


def _print(rows: Sequence[Row], screen: Console, form: str, *, full: bool) -> None:
    from reconciler.render import live_text

    if form == "json":
        screen.data(live_text.dumps(rows))
    elif full:
        screen.show("\n".join(live_text.detail(row, screen.out) for row in rows))
    else:
        screen.show(live_text.table(rows, screen.out))


def _split(what: str | None) -> tuple[str | None, str | None]:
    if what is None:
        return None, None
    from reconciler.kinds.registry import KINDS
    from reconciler.reading.suggest import did_you_mean

    kind, _, key = what.partition("/")
    found = next((name for name in KINDS if name.lower() == kind.lower()), None)
    if found is None:
        raise UsageError(f"there is no kind `{kind}`{did_you_mean(kind, KINDS)}", tip=f"kinds: {', '.join(KINDS)}")
    return found, key or None
