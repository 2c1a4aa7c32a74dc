"""``reconciler show``: print a saved plan, or what the jobs of a CI came to together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.format_options import plan_format_option
from reconciler.cli.options import FILE
from reconciler.cli.plan_formats import MERGED
from reconciler.errors import PlanFileError, UsageError

if TYPE_CHECKING:
    from reconciler.model import Plan
    from reconciler.render.fleet import Summary

_DIFFERS = 2


@click.command(
    "show",
    epilog=examples(
        "reconciler show --plan pr.plan",
        "reconciler show --plan pr.plan --format json | jq .summary",
        "reconciler show --plan pr.plan --format html > plan.html",
        "reconciler show --plan pr.plan --format terraform-json | conftest test -",
        "reconciler show --plan pr.plan --charts charts/      each changed price against the quantity, as SVG",
        "reconciler show --plan new.plan --against approved.plan     how the one differs from the other, and why",
        "reconciler show summaries/*.json        what `apply -e '*' --shard 2/8 --summary FILE` wrote in each job",
    ),
)
@click.argument("summaries", metavar="[SUMMARY]...", nargs=-1, type=FILE)
@click.option("--plan", "plan_file", type=FILE, help="A plan that `plan -o` saved.")
@click.option(
    "--against",
    type=FILE,
    help="With --plan: how it differs from this plan, such as the one that was approved; ends with 2 when it does.",
)
@click.option(
    "--charts",
    type=click.Path(file_okay=False, path_type=Path),
    help="With --plan: draw the prices that change into this folder, as SVG.",
)
@plan_format_option
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    summaries: tuple[Path, ...],
    plan_file: Path | None,
    against: Path | None,
    charts: Path | None,
    form: str,
) -> None:
    """Print a saved plan, or the summaries of a fleet.

    Reads nothing but the files: no project, no network. A plan that was changed after it was made is refused.

    The summaries of all jobs make one table; it ends with the most serious exit code among them, and with 1 where the
    summary of a share is missing.
    """
    screen = console(ctx)
    if (plan_file is None) is (not summaries):
        raise UsageError("show takes either --plan FILE or summaries", tip="reconciler show --plan pr.plan")
    for name, given in (("--charts", charts), ("--against", against)):
        if plan_file is None and given is not None:
            raise UsageError(f"{name} needs --plan FILE")
    if plan_file is None and form in (*MERGED, "terraform-json"):
        raise UsageError(f"--format {form} needs --plan FILE", tip="summaries are printed as text or json")
    if plan_file is None:
        ctx.exit(_summaries([_summary(path) for path in summaries], screen, form))
    from reconciler.cli import files
    from reconciler.cli.plan_formats import print_plan

    made = files.read_plan(plan_file)
    if against is not None:
        ctx.exit(_compare(files.read_plan(against), made, screen, form))
    print_plan(made, screen, form)
    if charts is not None:
        _draw(made, charts, screen)


def _compare(approved: Plan, now: Plan, screen: Console, form: str) -> int:
    """How two plans for one environment differ."""
    from reconciler.planning.approved import require_same_target
    from reconciler.planning.replanned import compare
    from reconciler.render import replanned_json, replanned_markdown, replanned_text

    require_same_target(approved, now)
    found = compare(approved, now)
    match form:
        case "text":
            screen.show(replanned_text.replanned(found, screen.out))
        case "markdown":
            screen.data(replanned_markdown.replanned(found))
        case "json":
            screen.data(replanned_json.dumps(found))
        case _:
            raise UsageError(f"--against is printed as text, markdown or json, not as {form}")
    return 0 if found.same else _DIFFERS


def _draw(made: Plan, folder: Path, screen: Console) -> None:
    from reconciler.cli import files
    from reconciler.render import chart

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"the folder {folder} cannot be made: {error.strerror}") from None
    for name, drawn in chart.of_plan(made.curves):
        files.write(folder / name, drawn)
        screen.say(f"Wrote {folder / name}")
    if not made.curves:
        screen.say("No price for usage changes in this plan: there is nothing to draw.")


def _summary(path: Path) -> Summary:
    from reconciler.render import fleet

    try:
        return fleet.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanFileError(f"the summary {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise PlanFileError(f"{path} is no summary that `--summary` wrote: {error}") from None


def _summaries(found: Sequence[Summary], screen: Console, form: str) -> int:
    from reconciler.render import fleet
    from reconciler.workflow import most_serious

    turns = sorted((turn for one in found for turn in one.turns), key=lambda turn: turn.name or "")
    gaps = fleet.missing(found)
    code = most_serious([*(one.code for one in found), *([1] if gaps else [])])
    if form == "json":
        screen.data(fleet.dumps(turns, code, None))
    else:
        screen.show("\n".join(fleet.lines(turns, code, screen.out)) + "\n")
    for gap in gaps:
        screen.say(
            f"{screen.err.paint('Error:', 'red', 'bold')} there is no summary of the share {gap}: its job failed"
        )
    return code
