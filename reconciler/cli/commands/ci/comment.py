"""``reconciler ci comment``: the one comment of a pull request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.commands.ci import host
from reconciler.cli.common import common_options, examples
from reconciler.cli.console import console

if TYPE_CHECKING:
    from reconciler.ci.document import State


@click.command(
    "comment",
    epilog=examples(
        "reconciler ci comment --state stale                        a new push: earlier plans are out of date",
        "reconciler ci comment --state planned --plan production.plan --summary summary.json",
        "reconciler ci comment --state applying -e production       after the merge",
        "reconciler ci comment --state applied --report production.json",
        "reconciler ci comment --state failed -e production --summary summary.json",
    ),
)
@click.option(
    "--state",
    required=True,
    type=click.Choice(["planned", "stale", "applying", "applied", "failed"]),
    help="Where the plans are in their life.",
)
@host.plans_option
@host.reports_option
@host.summaries_option
@host.link_option
@click.option(
    "-e",
    "--env",
    "environments",
    multiple=True,
    metavar="ENV",
    help="An environment of which there is no file. Repeatable.",
)
@click.option("--pull", type=click.IntRange(1), metavar="NUMBER", help="The pull request. Default: that of the job.")
@click.option("--mention", is_flag=True, help="Name teams that have to consent so that they are notified.")
@host.author_option
@host.settle_option
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    state: State,
    plans: tuple[Path, ...],
    reports: tuple[Path, ...],
    summaries: tuple[Path, ...],
    link: str | None,
    environments: tuple[str, ...],
    pull: int | None,
    mention: bool,
    author: str | None,
    settle: float,
) -> None:
    """Keep the one comment of a pull request.

    It has a section per environment and a table over all of them; a job writes the environments that its files are of
    and leaves the others as they are. Jobs may write at the same moment, and a run of an earlier commit never replaces
    what a later one said. An environment whose plan failed, or that -e names and no file is of, is shown as failed.

    On a pull request's event the pull request is that one, on a push it is the one that was merged as the commit. A
    fork's token may not comment, and nobody may in a locked conversation: then the text goes to the summary of the job,
    and the command ends with 0.
    """
    from reconciler.ci.comment import Asked, comment
    from reconciler.ci.given import gather

    screen, job = console(ctx), host.job()
    made = gather(host.files(plans), host.files(reports), host.files(summaries))
    asked = Asked(state, made, environments, link, author, mention, pull)
    with host.api(job) as api:
        said = comment(api, job, asked, host.pausing(settle))
    for text in said.notices:
        host.notice(screen, text)
    if said.instead is not None:
        host.into_summary(screen, job, said.instead)
    if said.url:
        screen.say(f"Comment: {said.url}")
