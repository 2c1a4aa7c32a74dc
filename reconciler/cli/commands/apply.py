"""``reconciler apply``: do what a plan says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.format_options import format_option
from reconciler.cli.opening import names_of, open_context, request
from reconciler.cli.options import FILE, Planning, Where, fleet_options, paths_argument, planning_options
from reconciler.cli.several import Ended, Fleet, per_environment
from reconciler.cli.summaries import summary_option
from reconciler.cli.waiting import busy
from reconciler.errors import ForeignPlanError, RefusedError, UsageError

if TYPE_CHECKING:
    from reconciler.model import Plan
    from reconciler.workflow import Approved, Context, PlanRequest

_ADHOC = "adhoc"
_BOTH = "--plan applies a file as it is, --approved plans again from the manifests and holds that to a file"


@click.command(
    "apply",
    epilog=examples(
        "reconciler apply                        shows the plan and asks for `yes`",
        "reconciler apply -e staging --auto-approve",
        "reconciler apply --plan pr.plan         the file is the approval",
        "reconciler apply -e production --auto-approve --approved pr.plan   plan again; only what was approved",
        "reconciler apply -e production --auto-approve --report report.json",
        "reconciler apply -e 'eu-*' --shard 2/8 --auto-approve   one of eight shares of a fleet",
        "reconciler apply -e 'eu-*' --plan 'plans/{env}.plan'",
    ),
)
@paths_argument
@click.option("--plan", "plan_file", type=FILE, help="A plan that `plan -o` saved; takes no planning option.")
@click.option(
    "--approved",
    "approved_file",
    type=FILE,
    help="A plan that was approved: plan again, and apply only if it is the same change.",
)
@fleet_options
@planning_options
@click.option("--auto-approve", is_flag=True, help="Do not ask; needed where nobody can answer.")
@click.option("--fail-fast", is_flag=True, help="Of several environments: start no further one after a failure.")
@format_option
@click.option("--report", "report_file", type=FILE, help="Write what was done as JSON.")
@summary_option
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    plan_file: Path | None,
    approved_file: Path | None,
    where: Where,
    planning: Planning,
    auto_approve: bool,
    fail_fast: bool,
    form: str,
    report_file: Path | None,
) -> None:
    """Do it, after approval; or apply a saved plan.

    Plans, shows the plan, asks for `yes`, sends the writes, and reads everything back. With --plan it checks that
    nothing relevant moved since the plan was made, and does exactly what the file says.

    With --approved it plans again, with all the planning options, and applies only if that is the same change as in the
    file: the same change digest. An approval does not expire: planning again proves more than a date. What an apply of
    it that was cut off has left is finished; where all of it is live there is nothing to do. Anything else is refused
    with 3 (`plan-changed`), with what is new, gone and different, and why. Guards need their consents all the same, and
    what the policy asked for when it was approved is asked for still.

    Ctrl-C stops starting new steps, waits for those in flight and prints what was done; a second Ctrl-C stops at
    once. A run that was stopped half-way is finished by the next apply.

    -e takes a glob: one environment after the other, each with its own plan, its own consent and its own `yes`. What
    fails in one stops no other, unless with --fail-fast; a table at the end tells what became of each, and the exit
    code is the most serious of them. --shard shares a fleet out to the jobs of a CI.
    """
    from reconciler.cli import files

    screen = console(ctx)
    names = names_of(ctx, where)
    several = names is not None
    if plan_file is not None and approved_file is not None:
        raise UsageError("--plan and --approved exclude each other", tip=_BOTH)
    if plan_file is not None:
        _refuse_planning(paths, where, planning)
    elif not (auto_approve or screen.interactive):
        raise UsageError(
            "nobody can be asked for approval here", tip="give --auto-approve, or apply a saved plan with --plan FILE"
        )
    for path in (plan_file, approved_file, report_file):
        per_environment(path, "", several=several)
    seen: dict[str, str] = {}

    def one(where: Where, screen: Console) -> Ended:
        name = where.environment or ""
        report = per_environment(report_file, name, several=several)
        files.require_folder(report)
        saved = per_environment(plan_file, name, several=several)
        run = Run(ctx, screen, form, report, seen, several)
        if saved is not None:
            return run.saved(saved, where)
        approved = per_environment(approved_file, name, several=several)
        return run.fresh(where, paths, request(planning), approved, auto_approve=auto_approve)

    fleet = Fleet(ctx, screen, names, form, fail_fast)
    ctx.exit(fleet.run(where, one))


def _refuse_planning(paths: tuple[Path, ...], where: Where, planning: Planning) -> None:
    given = {
        "PATH": paths,
        "--target": planning.targets,
        "--exclude": planning.excludes,
        "--prune/--no-prune": planning.prune is not None,
        "--allow": planning.allow,
        "--write-secrets": planning.write_secrets,
        "--consents": planning.consents,
        "--var": where.variables,
        "--var-file": where.var_files,
        "--project-name": where.project_name,
    }
    wrong = [name for name, value in given.items() if value]
    if wrong:
        raise UsageError(
            f"--plan takes no planning option, but {', '.join(wrong)} was given",
            tip="the saved plan is the approval; to change it, make a new one with `reconciler plan -o FILE`",
        )


@dataclass(frozen=True, slots=True)
class Run:
    """One apply; ``seen`` are the namespaces that this command has been to, by identity."""

    ctx: click.Context
    screen: Console
    form: str
    report_file: Path | None
    seen: dict[str, str]
    several: bool

    def saved(self, plan_file: Path, where: Where) -> Ended:
        """Apply a saved plan: the file is the approval."""
        from reconciler import workflow
        from reconciler.cli import applying, files

        made = files.read_plan(plan_file)
        workflow.require_live(made)
        if self.several:
            _require_its_own(made, where)
        context = open_context(self.ctx, _where_of(made, where))
        applying.show_plan(made, self.screen, self.form)
        applying.tell_cut_off(context, made, self.screen)
        workflow.require_open(made)
        workflow.require_writable(context, made)
        self._require_elsewhere(made)
        return self._done(context, made, None)

    def fresh(
        self, where: Where, paths: tuple[Path, ...], asked: PlanRequest, approved: Path | None, *, auto_approve: bool
    ) -> Ended:
        """Plan, hold it to what was approved, ask, apply."""
        from reconciler import workflow
        from reconciler.cli import applying

        context = open_context(self.ctx, where, paths)
        found = self._planned(context, asked, approved)
        made = found.plan
        applying.show_plan(made, self.screen, self.form)
        if approved is not None:
            applying.tell_approved(found, self.screen)
        applying.tell_cut_off(context, made, self.screen)
        workflow.require_open(made)
        workflow.require_writable(context, made)
        self._require_elsewhere(made)
        if not (auto_approve or made.is_empty):
            applying.ask(self.screen, f"Apply this to {applying.target(made)}? Only `yes` is accepted", "yes")
        return self._done(context, found.run, asked)

    def _planned(self, context: Context, asked: PlanRequest, approved: Path | None) -> Approved:
        """The plan of now; where a file says what was approved, only if it is that."""
        from reconciler import workflow
        from reconciler.cli import files

        agreed = files.read_plan(approved) if approved is not None else None
        with busy(self.screen, f"Reading the manifests and {context.environment.name}"):
            if agreed is not None:
                return workflow.make_approved_plan(context, agreed, asked)
            made = workflow.make_plan(context, asked)
        return workflow.Approved("equal", made, made)

    def _done(self, context: Context, made: Plan, again: PlanRequest | None) -> Ended:
        from reconciler.cli import applying
        from reconciler.planning import planfile

        if made.is_empty:
            return applying.nothing_to_do(made, self.screen, self.form, self.report_file, planfile.digest)
        return applying.run(context, made, self.screen, again=again, form=self.form, report_file=self.report_file)

    def _require_elsewhere(self, made: Plan) -> None:
        """Two environments of one run that are one namespace would undo each other's work."""
        name, identity = made.target.environment, made.target.identity
        before = self.seen.setdefault(identity, name) if identity else name
        if before != name:
            raise RefusedError(
                f"{name} is the same namespace as {before}, which this run has been to",
                tip="two environments cannot share a namespace; `reconciler env check` tells which do",
                reason="same-namespace",
            )


def _require_its_own(made: Plan, where: Where) -> None:
    """A plan file that is found by an environment's name was made for that environment."""
    if where.environment is not None and made.target.environment != where.environment:
        raise ForeignPlanError(f"the plan was made for {made.target.environment}, not for {where.environment}")


def _where_of(made: Plan, where: Where) -> Where:
    """The plan names its environment; one made for a bare endpoint brings that along."""
    named = replace(where, environment=where.environment or made.target.environment)
    if made.target.environment == _ADHOC and where.environment is None:
        return replace(named, environment=None, endpoint=where.endpoint or made.target.endpoint)
    return named
