"""``reconciler plan``: what would change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import files, parsing
from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.opening import names_of, open_context
from reconciler.cli.opening import request as requested
from reconciler.cli.options import (
    FILE,
    Planning,
    Where,
    fleet_options,
    out_option,
    paths_argument,
    plan_format_option,
    planning_options,
)
from reconciler.cli.places import places_here
from reconciler.cli.plan_formats import MERGED, Gathered, document, require_one
from reconciler.cli.several import Ended, Fleet, per_environment, tell_table
from reconciler.cli.summaries import summary_option
from reconciler.cli.usage import usage_request
from reconciler.cli.waiting import busy

if TYPE_CHECKING:
    from reconciler.model import Plan, Snapshot
    from reconciler.render.fleet import Turn
    from reconciler.workflow import Context, PlanRequest

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
        "reconciler plan -e production --from-snapshot production.json   without a network or a token",
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
    help="Plan against what `reconciler snapshot` took: no network, no token, no secret. {env} stands for the name.",
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

    Reads the manifests and the live catalogue and prints the difference: + create, ~ update in place, » new version,
    -/+ replace, a archive, - delete, < adopt, . release. Guards are changes that somebody must consent to with
    --allow before they can be applied.

    With --at it is the plan of a later day: patches with `notBefore` count from their date on. It cannot be applied
    before that day.

    With --rehearse the embedded server is filled with what was read, runs the steps, and is planned against once more:
    what it refuses the real one would refuse. Only reads reach the environment and no secret is read. The result
    stands in the plan and in its file; a failed rehearsal ends with 1, after the plan is shown and saved.

    With --impact live the last closed billing period of the real subscribers of every plan of which a price changes is
    rated as it was and as it would have been on the new version. The plan and its file hold sums and counts, never a
    customer. Who moves most is printed by key, on a terminal only; --impact-names prints keys and names anywhere.

    With --from-snapshot it is the plan against the live catalogue as it was when the snapshot was taken. Nothing is
    asked of a server and no secret is read, so that a pull request of a fork gets a full plan. It cannot be applied.

    -e takes a glob: the plans follow one another, what fails in one environment stops no other, and a table at the end
    tells what became of each. The exit code is the most serious of them.

    --format terraform-json has the shape of `terraform show -json`, for conftest, OPA and viewers of plans. sarif,
    github and junit tell what stands between the plan and its apply, and what to look at; several environments make
    one document.
    """
    screen = console(ctx)
    names = names_of(ctx, where)
    several = names is not None
    if impact is None and impact_names:
        raise click.UsageError("--impact-names needs --impact live")
    if impact and snapshot_file:
        raise click.UsageError("--impact live asks the server, and --from-snapshot does not")
    usage = usage_request(screen, impact_cap, names=impact_names) if impact else None
    request = replace(requested(planning), rehearse=rehearse, at=at, usage=usage)
    gathered = Gathered(form)
    documents = form in MERGED
    gathers = documents or (several and form == "markdown")

    def one(where: Where, screen: Console) -> Ended:
        file = per_environment(out, where.environment or "", several=several)
        files.require_folder(file)
        show = gathered.plans.append if gathers else partial(print_plan, screen=screen, form=form)
        with gathered.noting(where.environment):
            context = open_context(ctx, where, paths)
            asked = replace(request, snapshot=_snapshot(snapshot_file, context, several=several))
            return _plan(context, asked, screen, show, file, detailed_exitcode=detailed_exitcode)

    def merged(turns: Sequence[Turn]) -> str:
        if not documents:
            return _markdown(gathered.plans, turns)
        tell_table(turns, screen)
        return gathered.document(places_here(where.project))

    for path in (out, snapshot_file):
        per_environment(path, "", several=several)
    require_one(form, several=several)
    fleet = Fleet(ctx, screen, names, form, together=merged if gathers else None)
    try:
        code = fleet.run(where, one)
    finally:
        if documents and not several and gathered.anything:
            screen.data(gathered.document(places_here(where.project)))
    ctx.exit(code)


def _snapshot(path: Path | None, context: Context, *, several: bool) -> Snapshot | None:
    """The snapshot of one environment, where one is planned against."""
    from reconciler import workflow

    found = per_environment(path, context.environment.name, several=several)
    return workflow.load_snapshot(found) if found is not None else None


def _markdown(plans: Sequence[Plan], turns: Sequence[Turn]) -> str:
    """One Markdown of all environments; those without a plan say why."""
    from reconciler.render import plan_markdown

    kept = {made.target.environment: made for made in plans}
    return plan_markdown.plans(
        [plan_markdown.Section(turn.name or "", kept.get(turn.name or ""), turn.failure) for turn in turns]
    )


def _plan(
    context: Context,
    asked: PlanRequest,
    screen: Console,
    show: Callable[[Plan], None],
    out: Path | None,
    *,
    detailed_exitcode: bool,
) -> Ended:
    """Make the plan of one environment, show it, save it, and refuse what could not be planned or rehearsed.

    ``show`` prints it, or keeps it where one text is made of several.
    """
    from reconciler import workflow
    from reconciler.cli import applying
    from reconciler.render import words

    with busy(screen, f"Reading the manifests and {context.environment.name}"):
        made = workflow.make_plan(context, asked)
    show(_shown(made, screen, asked))
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


def print_plan(made: Plan, screen: Console, form: str) -> None:
    """A plan to stdout."""
    if form == "json":
        from reconciler.planning import planfile

        screen.data(planfile.dumps(made))
        return
    if form == "markdown":
        from reconciler.render import plan_markdown

        screen.data(plan_markdown.plan(made))
        return
    if form in MERGED:
        screen.data(document(form, [made], places_here()))
        return
    if form == "terraform-json":
        from reconciler.render import terraform_json

        screen.data(terraform_json.dumps(made))
        return
    if form == "html":
        from reconciler.render import html

        screen.data(html.plan(made))
        return
    from reconciler.render import text

    style = screen.out
    screen.data(text.plan(made, colour=style.colour, unicode=style.unicode, width=style.width))


def save(made: Plan, out: Path, screen: Console) -> None:
    """Write the plan file and say how to apply it."""
    from reconciler.planning import planfile

    files.write(out, planfile.dumps(made))
    digest = planfile.change_digest(made)[:12]
    screen.say(f"Saved {out}, change digest {digest}, valid until {made.valid_until}.")
    if not made.is_empty and made.source.snapshot is None:
        opened = "open guards must be consented to first" if made.open_guards else f"reconciler apply --plan {out}"
        screen.say(f"To apply exactly this: {opened}")
