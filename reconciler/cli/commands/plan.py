"""``reconciler plan``: what would change."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import files, parsing
from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.format_options import plan_format_option
from reconciler.cli.opening import names_of, open_context
from reconciler.cli.opening import request as requested
from reconciler.cli.options import FILE, Planning, Where, fleet_options, out_option, paths_argument, planning_options
from reconciler.cli.plan_formats import Printing
from reconciler.cli.several import Ended, Fleet, per_environment
from reconciler.cli.summaries import summary_option
from reconciler.cli.usage import usage_request
from reconciler.cli.waiting import busy

if TYPE_CHECKING:
    from reconciler.model import Plan, Snapshot
    from reconciler.workflow import Context, PlanRequest, UsageRequest

_PENDING = 2


@click.command(
    "plan",
    epilog=examples(
        "reconciler plan                         against the default environment",
        "reconciler plan catalog/                a folder without a project file, on the sandbox",
        "reconciler plan -e staging -o pr.plan   save it; `reconciler apply --plan pr.plan` does exactly that",
        "reconciler plan -e production --allow price-raising:Plan/pro",
        "reconciler plan -e production --rehearse   would the server take it, before anybody approves",
        "reconciler plan -e production --at 2027-01-01   what will be due then",
        "reconciler plan -e production --format markdown >> $GITHUB_STEP_SUMMARY",
        "reconciler plan -e production --format github   annotations at the lines of a pull request",
        "reconciler plan -e production --impact live   what real customers would have paid",
        "reconciler plan -e production --from-snapshot production.snapshot.json   without a network or a token",
        "reconciler plan -e '*'                  every environment of the project file",
        "reconciler plan -e 'eu-*' --shard 2/8 -o 'plans/{env}.plan'   one of eight shares of a fleet",
    ),
)
@paths_argument
@fleet_options
@planning_options
@plan_format_option
@out_option("Save the plan for `apply --plan`.")
@summary_option
@click.option(
    "--rehearse",
    is_flag=True,
    help="Try the steps out on a copy in memory of what was read; end with 1 when one would be refused.",
)
@click.option(
    "--at",
    metavar="DATE",
    callback=parsing.moment,
    help="What will be due then: dated patches, approvals and freeze windows of that day. A date is in UTC.",
)
@click.option(
    "--impact",
    type=click.Choice(["live"]),
    help="live: what real customers would have paid for their last closed billing period. Reads their usage.",
)
@click.option(
    "--impact-cap",
    metavar="N",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="At most so many subscriptions per plan with --impact live, evenly spread.",
)
@click.option("--impact-names", is_flag=True, help="Print who moves most, with names, wherever the text goes.")
@click.option(
    "--from-snapshot",
    "snapshot_file",
    type=FILE,
    help="Plan against what `reconciler snapshot` took: no network, token or secret. {env} stands for the environment.",
)
@click.option("--detailed-exitcode", is_flag=True, help="End with 2 when changes are pending.")
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    where: Where,
    planning: Planning,
    form: str,
    out: Path | None,
    rehearse: bool,
    at: datetime | None,
    impact: str | None,
    impact_cap: int,
    impact_names: bool,
    snapshot_file: Path | None,
    detailed_exitcode: bool,
) -> None:
    """Show what would change. Writes nothing.

    Prints the difference of manifests and live catalogue: + create, ~ update in place, » new version, -/+ replace,
    a archive, - delete, < adopt, . release. Guards are changes that somebody must consent to with --allow before they
    can be applied. With --at it is the plan of a later day: patches with `notBefore` count from their date on.

    With --rehearse the embedded server is filled with what was read, runs the steps, and is planned against once more:
    what it refuses the real one would refuse. Only reads reach the environment and no secret is read. The result
    stands in the plan and in its file; a failed rehearsal ends with 1, after the plan is shown and saved.

    With --impact live the last closed billing period of the real subscribers of every plan of which a price changes is
    rated as it was and as it would have been on the new version. The plan and its file hold sums and counts, never a
    customer. Who moves most is printed by key, on a terminal only; --impact-names prints keys and names anywhere.

    With --from-snapshot it is the plan against the live catalogue as it was when the snapshot was taken. Nothing is
    asked of a server and no secret is read, so that a pull request of a fork gets a full plan. It cannot be applied.

    -e takes a glob: what fails in one environment stops no other, a table at the end tells what became of each, and
    the exit code is the most serious of them. markdown, sarif, github and junit make one document of all. The format
    terraform-json has the shape of `terraform show -json`, for conftest, OPA and what else judges Terraform's plans.
    """
    screen, names = console(ctx), names_of(ctx, where)
    usage = _usage(screen, impact, impact_cap, snapshot_file, names=impact_names)
    request = replace(requested(planning), rehearse=rehearse, at=at, usage=usage)
    printing = Printing(form, screen, where.project, several=names is not None)

    def one(where: Where, screen: Console) -> Ended:
        file = per_environment(out, where.environment or "", several=printing.several)
        files.require_folder(file)
        with printing.noting(where.environment):
            context = open_context(ctx, where, paths)
            asked = replace(request, snapshot=_snapshot(snapshot_file, context, several=printing.several))
            return _plan(context, asked, screen, printing, file, detailed_exitcode=detailed_exitcode)

    for path in (out, snapshot_file):
        per_environment(path, "", several=printing.several)
    with printing.ending():
        code = Fleet(ctx, screen, names, form, together=printing.together).run(where, one)
    ctx.exit(code)


def _usage(
    screen: Console, impact: str | None, cap: int, snapshot_file: Path | None, *, names: bool
) -> UsageRequest | None:
    """What is looked at of real usage. Raises ``UsageError`` where nothing could be."""
    if impact is None and names:
        raise click.UsageError("--impact-names needs --impact live")
    if impact and snapshot_file:
        raise click.UsageError("--impact live asks the server, and --from-snapshot does not")
    return usage_request(screen, cap, names=names) if impact else None


def _snapshot(path: Path | None, context: Context, *, several: bool) -> Snapshot | None:
    """The snapshot of one environment, where one is planned against."""
    from reconciler import workflow

    found = per_environment(path, context.environment.name, several=several)
    return workflow.load_snapshot(found) if found is not None else None


def _plan(
    context: Context,
    asked: PlanRequest,
    screen: Console,
    printing: Printing,
    out: Path | None,
    *,
    detailed_exitcode: bool,
) -> Ended:
    """Make the plan of one environment, show it, save it, and refuse what could not be planned or rehearsed."""
    from reconciler import workflow
    from reconciler.cli import applying
    from reconciler.render import words

    with busy(screen, f"Reading the manifests and {context.environment.name}"):
        made = workflow.make_plan(context, asked)
    printing.show(_shown(made, screen, asked), screen)
    applying.tell_cut_off(context, made, screen)
    if asked.usage is not None and not made.rerated:
        screen.say("--impact live: no plan that is live changes a price, so no customer's bill was looked at.")
    workflow.require_complete(made)
    if out is not None:
        save(made, out, screen)
    workflow.require_rehearsed(made)
    said = words.planned(made.summary, len(made.open_guards))
    guards = f" {words.plural(len(made.open_guards), 'guard')} open." if made.open_guards and not made.is_empty else ""
    return Ended(_PENDING if detailed_exitcode and not made.is_empty else 0, said + guards)


def _shown(made: Plan, screen: Console, asked: PlanRequest) -> Plan:
    """Who moves most is for somebody at a terminal: a log of a CI is read by others, unless names are asked for."""
    if screen.terminal or (asked.usage is not None and asked.usage.names):
        return made
    return replace(made, rerated=tuple(replace(found, movers=()) for found in made.rerated))


def save(made: Plan, out: Path, screen: Console) -> None:
    """Write the plan file and say how to apply it."""
    from reconciler.planning import planfile

    files.write(out, planfile.dumps(made))
    digest = planfile.change_digest(made)[:12]
    screen.say(f"Saved {out}, change digest {digest}, valid until {made.valid_until}.")
    if not made.is_empty and made.source.snapshot is None:
        opened = "open guards must be consented to first" if made.open_guards else f"reconciler apply --plan {out}"
        screen.say(f"To apply exactly this: {opened}")
