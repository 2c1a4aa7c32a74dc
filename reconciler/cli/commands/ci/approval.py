"""``reconciler ci approval``: the plan that was approved, and whose consent it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import files, summaries
from reconciler.cli.commands.ci import host
from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.opening import load_project
from reconciler.cli.options import FILE
from reconciler.cli.summaries import summary_option
from reconciler.errors import ApprovalError

if TYPE_CHECKING:
    from reconciler.ci.job import Job


@click.command(
    "approval",
    epilog=examples(
        "reconciler ci approval -e production -o approved.plan --consents consents.json",
        "reconciler apply -e production --approved approved.plan --consents consents.json --auto-approve",
    ),
)
@click.option("-e", "--env", "environment", required=True, metavar="ENV", callback=summaries.about_option,
              help="The environment of the approved plan.")  # fmt: skip
@click.option("-o", "--out", required=True, type=FILE, help="Where the approved plan goes.")
@click.option("--consents", required=True, type=FILE, help="Where the consents of teams go.")
@click.option("--plan", "plans", type=FILE, multiple=True, help="A further plan whose teams are asked for. Repeatable.")
@click.option("--project", type=FILE, help="The project file that names the members of teams.")
@click.option(
    "--approvals",
    "least",
    metavar="N",
    type=click.IntRange(0, 10),
    default=1,
    show_default=True,
    help="How many people must have approved what was merged; 0 where the merge is approval enough.",
)
@host.author_option
@host.settle_option
@summary_option
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    environment: str,
    out: Path,
    consents: Path,
    plans: tuple[Path, ...],
    project: Path | None,
    least: int,
    author: str | None,
    settle: float,
) -> None:
    """Fetch the plan that was approved, and whose consent it has.

    For the commit of this job: the pull request that was merged as it, its comment, unedited, about exactly the merged
    head; the saved plan from the run of that head; and the approvals of that head by people who may write here, given
    after that plan was made, as they stand now. Each approver that is in a team which the plan needs gives that team's
    consent, and every team that the plan waited for has to have given it, whatever the merge made of the policy. Who is
    in a team is said by `teams:` of the project file as it was before the push, else by GitHub. A run that is started
    again counts only while its commit is the newest of the branch.

    Ends with 3 and writes nothing where any of that is missing: not-approved, approval-revoked, head-moved,
    approval-unreadable or guards-open.
    """
    from reconciler.ci import teams
    from reconciler.ci.approval import Asked, approval
    from reconciler.ci.given import gather

    files.require_folder(out)
    files.require_folder(consents)
    screen, job = console(ctx), host.job()
    known = _members(ctx, project, job)
    further = [one.plan for one in gather(host.files(plans)).values() if one.plan]
    with host.api(job) as api:
        found = approval(api, job, Asked(environment, least, known, further, author), host.pausing(settle))
    files.write(out, found.text)
    files.write(consents, teams.dumps(found.consents))
    by = ", ".join(f"@{one.login}" for one in found.approvals) or "its merge"
    screen.say(f"Approved by {by} in {found.pull.url}: change digest {found.change_digest[:12]}.")
    _tell(screen, found.consents)
    summaries.ended(ctx, 0, "Approved.", None)


def _members(ctx: click.Context, project: Path | None, job: Job) -> Mapping[str, Sequence[str]]:
    """The teams of the project file before what was pushed: a pull request does not choose who approves it."""
    from reconciler.ci import before

    found = before.teams(load_project(ctx, project), job.before)
    if found is None:
        raise ApprovalError(
            f"the checkout has no commit {(job.before or '')[:10]}, whose project file says who is in which team",
            reason="approval-unreadable",
            tip="give actions/checkout `fetch-depth: 0`",
        )
    return found


def _tell(screen: Console, found: object) -> None:
    from reconciler.ci.teams import Consents
    from reconciler.render.escape import escape

    assert isinstance(found, Consents)
    for one in found.given:
        screen.say(escape(f"Consent of {one.team}: {', '.join(f'@{name}' for name in one.by)}."))
    for why in found.missing.values():
        screen.say(f"{screen.err.paint('No consent:', 'yellow')} {escape(why)}.")
