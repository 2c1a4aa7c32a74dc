"""``reconciler promote``: what is proven in one environment goes to the next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import summaries
from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.format_options import format_option
from reconciler.cli.opening import open_context, team_consents
from reconciler.cli.options import FILE, Where, careful_options, consents_option, out_option
from reconciler.cli.several import Ended
from reconciler.cli.summaries import summary_option
from reconciler.cli.waiting import busy
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler import workflow
    from reconciler.model import Promotion


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be done with a promotion that holds."""

    check: bool
    pin: bool
    out: Path | None
    auto_approve: bool
    form: str
    report_file: Path | None

    @property
    def applies(self) -> bool:
        return not (self.check or self.pin or self.out)


@click.command(
    "promote",
    epilog=examples(
        "reconciler promote --from staging --to production           shows the plan and asks for `yes`",
        "reconciler promote --from staging --to production --check   says whether it could be, and does nothing",
        "reconciler promote --to production --pin                    only moves `bundle:` in the project file",
        "reconciler promote --to production --bundle v1.4 -o p.plan  the catalogue of a tag, saved for apply --plan",
    ),
)
@click.option("--from", "source", metavar="ENV", help="Where it is proven. Default: the target's promotesFrom.")
@click.option("--to", "target", metavar="ENV", required=True, help="Where it goes.")
@click.option(
    "--bundle",
    metavar="REV|DIGEST|FILE",
    help="What to promote. Default: what the environments are pinned to, else the manifests here.",
)
@click.option("--check", is_flag=True, help="Only tell; end with 3 when it could not be promoted now.")
@click.option("--pin", is_flag=True, help="Once proven, write it as the target's `bundle:` and apply nothing.")
@out_option("Save the plan for `apply --plan` and apply nothing.")
@click.option("--allow", multiple=True, metavar="CODE:KIND/KEY", help="Consent to an open guard. Repeatable.")
@consents_option
@click.option("--write-secrets", is_flag=True, help="Write secrets although they could not be compared.")
@click.option("--auto-approve", is_flag=True, help="Do not ask; needed where nobody can answer.")
@click.option("--project", type=FILE, help="The project file. Default: reconciler.yaml here or above.")
@click.option(
    "--parallelism", type=click.IntRange(1, 64), default=8, show_default=True, help="Requests in flight at most."
)
@careful_options
@format_option
@click.option("--report", "report_file", type=FILE, help="Write what was done as JSON.")
@summary_option
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    source: str | None,
    target: str,
    bundle: str | None,
    check: bool,
    pin: bool,
    out: Path | None,
    allow: tuple[str, ...],
    consents: Path | None,
    write_secrets: bool,
    auto_approve: bool,
    project: Path | None,
    parallelism: int,
    read_only: bool,
    trusted: Path | None,
    form: str,
    report_file: Path | None,
) -> None:
    """Bring exactly what is proven in one environment to the next.

    A bundle is the catalogue before overlays and variables, under a digest. It is proven when reading the first
    environment again shows every object of it live, active and as declared there, unchanged for the time that the
    target's `soak` asks for. Then the plan of the same bundle for the target is shown, asked for and applied, with
    guards, limits and consent as in `apply`. Refused is what would differ without an overlay or a variable saying so.

    With --pin nothing is applied: the digest is written into the target's environment, for a pull request that changes
    this one line. Where an environment is pinned, every command takes its catalogue from the bundle.
    """
    from reconciler import workflow
    from reconciler.cli import files

    files.require_folder(out)
    files.require_folder(report_file)
    screen = console(ctx)
    asked = _Asked(check, pin, out, auto_approve, form, report_file)
    summaries.about(ctx, target)
    _require_sense(asked, screen)
    where = Where(environment=target, project=project, parallelism=parallelism, read_only=read_only, trusted=trusted)
    there = open_context(ctx, where)
    here = open_context(ctx, replace(where, environment=_source(there, source)))
    summaries.about(ctx, there.environment.name)
    request = workflow.PlanRequest(allow=allow, write_secrets=write_secrets, consents=team_consents(consents))
    chosen = workflow.choose_bundle(here, there, bundle, moving=pin)
    with busy(screen, f"Reading {here.environment.name} and {target}"):
        found = workflow.make_promotion(here, there, chosen, request)
    _show(found, screen, form, plan_to_stdout=not asked.applies)
    workflow.require_proven(found)
    if pin:
        screen.say(f"{workflow.pin_bundle(there, chosen)}: {target} is pinned to the bundle {chosen.short}.")
        ended = Ended(0, f"Pinned to the bundle {chosen.short}.")
    else:
        ended = _go_on(workflow.with_bundle(there, chosen), found, request, asked, screen)
    summaries.ended(ctx, ended.code, ended.said, ended.reason)
    ctx.exit(ended.code)


def _require_sense(asked: _Asked, screen: Console) -> None:
    if sum(map(bool, (asked.check, asked.pin, asked.out))) > 1:
        raise UsageError("--check, --pin and --out exclude each other: each is the only thing that is done then")
    if asked.applies and not (asked.auto_approve or screen.interactive):
        raise UsageError(
            "nobody can be asked for approval here",
            tip="give --auto-approve, --check, or -o FILE for a plan that `apply --plan FILE` does",
        )


def _source(there: workflow.Context, named: str | None) -> str:
    found = named or there.environment.promotes_from
    if found is None:
        raise UsageError(
            f"{there.environment.name} names no environment to promote from",
            tip="give --from ENV, or write `promotesFrom: ENV` in the project file",
        )
    return found


def _show(found: Promotion, screen: Console, form: str, *, plan_to_stdout: bool) -> None:
    """The proof and the plan: the plan is data where nothing else is done, else beside what will be reported."""
    from reconciler import workflow
    from reconciler.cli import applying
    from reconciler.cli.plan_formats import print_plan
    from reconciler.render import text

    style = screen.err if form == "json" else screen.out
    head = text.promotion(found, workflow.now(), colour=style.colour, unicode=style.unicode, width=style.width)
    if form == "json":
        screen.say(head.rstrip("\n"))
    else:
        screen.data(head + "\n")
    if form == "json" and plan_to_stdout:
        print_plan(found.plan, screen, form)
    else:
        applying.show_plan(found.plan, screen, form)


def _go_on(
    context: workflow.Context, found: Promotion, request: workflow.PlanRequest, asked: _Asked, screen: Console
) -> Ended:
    from reconciler import workflow
    from reconciler.cli import applying
    from reconciler.cli.commands.plan import save
    from reconciler.planning import planfile
    from reconciler.render import words

    made = found.plan
    if asked.out is not None:
        workflow.require_complete(made)
        save(made, asked.out, screen)
        return Ended(0, words.planned(made.summary, len(made.open_guards)))
    workflow.require_open(made)
    if asked.check:
        said = "has it already" if found.is_there else "can have it"
        screen.say(f"{applying.target(made)} {said}.")
        return Ended(0, f"{made.target.environment} {said}.")
    workflow.require_writable(context, made)
    if made.is_empty:
        return applying.nothing_to_do(made, screen, asked.form, asked.report_file, planfile.digest)
    if not asked.auto_approve:
        applying.ask(screen, f"Promote this to {applying.target(made)}? Only `yes` is accepted", "yes")
    return applying.run(
        context,
        made,
        screen,
        again=request,
        form=asked.form,
        report_file=asked.report_file,
    )
