"""``reconciler drift``: live against what is declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import files
from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.format_options import drift_format_option
from reconciler.cli.opening import names_of, open_context, team_consents
from reconciler.cli.options import FILE, Planning, Where, fleet_options, out_option, paths_argument, planning_options
from reconciler.cli.several import Ended, Fleet, per_environment
from reconciler.cli.summaries import summary_option
from reconciler.cli.waiting import busy
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.model import Drift
    from reconciler.render.fleet import Turn
    from reconciler.workflow import Context, DriftRequest

_DIFFERS = 2


@click.command(
    "drift",
    epilog=examples(
        "reconciler drift -e production             what is live and not as declared",
        "reconciler drift -e production --base v14  told apart from what the manifests changed since v14",
        "reconciler drift -e production --base last.plan",
        "reconciler drift -e '*'                    every environment of the project file",
        "reconciler drift -e production --heal      put back what is not money",
    ),
)
@paths_argument
@fleet_options
@planning_options
@click.option(
    "--base",
    metavar="REV|FILE",
    help="What was last applied: a git revision of the manifests, or a saved plan, report or receipts file.",
)
@click.option("--heal", is_flag=True, help="Put back what touches no money; the rest is listed and left.")
@click.option("--auto-approve", is_flag=True, help="With --heal: do not ask.")
@drift_format_option
@out_option("Write the drift as JSON.")
@summary_option
@click.option("--report", "report_file", type=FILE, help="With --heal: write what was done as JSON.")
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    where: Where,
    planning: Planning,
    base: str | None,
    heal: bool,
    auto_approve: bool,
    form: str,
    out: Path | None,
    report_file: Path | None,
) -> None:
    """Show what is live and not as declared, and who moved it. Ends with 2 when anything differs.

    Every difference has an origin: outside (somebody edited live), manifest (the manifests changed and were not
    applied), both, or unknown. With --base it is known; without one, published plans and add-ons still tell, for
    their marker holds a digest of what was published.

    What is ignored (`lifecycle.ignore`), belongs to another project, or is not managed at all is no drift. Nothing is
    written, unless with --heal: that puts cosmetic and operational differences back and creates what is missing, after
    showing its plan and asking. What touches money is listed and left: `accept` it, or `apply`.
    """
    from reconciler import workflow

    for path in (out, report_file):
        files.require_folder(path)
    _check(planning, heal=heal, auto_approve=auto_approve, report_file=report_file)
    screen = console(ctx)
    names = names_of(ctx, where)
    if heal:
        _require_healable(screen, form, several=names is not None, auto_approve=auto_approve)
    asked = workflow.DriftRequest(base, planning.targets, planning.excludes, planning.prune)

    def mend(where: Where, screen: Console) -> Ended:
        context = open_context(ctx, where, paths)
        return _heal(context, asked, planning, screen, auto_approve, form, out, report_file)

    kept: dict[str, Drift] | None = {} if names is not None and form == "markdown" else None

    def one(where: Where, screen: Console) -> Ended:
        file = per_environment(out, where.environment or "", several=names is not None)
        context = open_context(ctx, where, paths)
        with busy(screen, f"Reading the manifests and {context.environment.name}"):
            found = workflow.find_drift(context, asked)
        _tell(found, screen, form, file, kept)
        return Ended(0 if found.clean else _DIFFERS, "As declared." if found.clean else "Differs.")

    per_environment(out, "", several=names is not None)
    fleet = Fleet(ctx, screen, names, form, together=None if kept is None else partial(_together, kept))
    ctx.exit(fleet.run(where, mend if heal else one))


def _check(planning: Planning, *, heal: bool, auto_approve: bool, report_file: Path | None) -> None:
    given: dict[str, object] = {"--auto-approve": auto_approve, "--report": report_file}
    given |= {"--allow": planning.allow, "--consents": planning.consents}
    wrong = [name for name, value in given.items() if value]
    if wrong and not heal:
        raise UsageError(f"{', '.join(wrong)} only makes sense with --heal: without it, drift writes nothing")
    if planning.write_secrets:
        raise UsageError("drift writes no secret", tip="a changed secret is put back by `apply --write-secrets`")


def _require_healable(screen: Console, form: str, *, several: bool, auto_approve: bool) -> None:
    if form == "markdown":
        raise UsageError("--heal prints text or JSON", tip="its plan as Markdown: reconciler plan --format markdown")
    if several:
        raise UsageError("--heal is for one environment", tip="name one with -e, without a glob")
    if not (auto_approve or screen.interactive):
        raise UsageError("nobody can be asked for approval here", tip="give --auto-approve")


def _together(kept: Mapping[str, Drift], turns: Sequence[Turn]) -> str:
    """One Markdown of all environments; of those that could not be compared it says why."""
    from reconciler.render import drift_markdown

    return drift_markdown.drifts(
        [drift_markdown.DriftSection(turn.name or "", kept.get(turn.name or ""), turn.failure) for turn in turns]
    )


def _tell(found: Drift, screen: Console, form: str, out: Path | None, kept: dict[str, Drift] | None = None) -> None:
    """The drift to stdout, or to ``kept`` where one text is made of several; and to a file where one is asked for."""
    from reconciler.render import drift_json, drift_markdown, drift_text

    if out is not None:
        files.write(out, drift_json.dumps(found))
    if kept is not None:
        kept[found.target.environment] = found
    elif form == "markdown":
        screen.data(drift_markdown.drift(found))
    elif form == "json":
        screen.data(drift_json.dumps(found))
    else:
        screen.show(drift_text.drift(found, screen.out))


def _heal(
    context: Context,
    asked: DriftRequest,
    planning: Planning,
    screen: Console,
    auto_approve: bool,
    form: str,
    out: Path | None,
    report_file: Path | None,
) -> Ended:
    from reconciler import workflow
    from reconciler.cli import applying
    from reconciler.render import drift_json, drift_text

    with busy(screen, f"Reading the manifests and {context.environment.name}"):
        healing = workflow.make_heal_plan(context, asked, planning.allow, team_consents(planning.consents))
    if out is not None:
        files.write(out, drift_json.dumps(healing.drift))
    left = 0 if healing.left.clean else _DIFFERS
    if left:
        shown = drift_text.drift(healing.left, screen.err)
        screen.say(screen.err.paint("Left as it is:", "bold") + f"\n{shown}")
    if healing.plan.is_empty and not healing.plan.guards:
        ended = _nothing(healing, screen, form, report_file)
        return replace(ended, code=ended.code or left)
    applying.show_plan(healing.plan, screen, form)
    workflow.require_open(healing.plan)
    workflow.require_writable(context, healing.plan)
    if not auto_approve:
        applying.ask(screen, f"Put this back in {applying.target(healing.plan)}? Only `yes` is accepted", "yes")
    ended = applying.run(
        context,
        healing.plan,
        screen,
        again=healing.again,
        form=form,
        report_file=report_file,
    )
    return replace(ended, code=ended.code or left)


def _nothing(healing: object, screen: Console, form: str, report_file: Path | None) -> Ended:
    from reconciler.cli import applying
    from reconciler.planning import planfile
    from reconciler.workflow import HealPlan

    assert isinstance(healing, HealPlan)
    if healing.drift.clean:
        screen.say("No drift. Live is as declared.")
    else:
        screen.say("Nothing can be put back by itself.")
    return applying.nothing_to_do(healing.plan, screen, form, report_file, planfile.digest)
