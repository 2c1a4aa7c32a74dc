"""``reconciler ci summary``: the page of the job, and what later steps can use."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.commands.ci import host
from reconciler.cli.common import common_options, examples
from reconciler.cli.console import console

if TYPE_CHECKING:
    from reconciler.ci.document import State


@click.command(
    "summary",
    epilog=examples(
        "reconciler ci summary --plan staging.plan --plan production.plan --summary summary.json",
        "reconciler ci summary --plan production.plan --report production.json",
        "reconciler validate --format json > problems.json; reconciler ci summary --problems problems.json",
    ),
)
@host.plans_option
@host.reports_option
@host.summaries_option
@host.problems_option
@host.link_option
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    plans: tuple[Path, ...],
    reports: tuple[Path, ...],
    summaries: tuple[Path, ...],
    problems: tuple[Path, ...],
    link: str | None,
) -> None:
    """Write the page of the job, and its outputs.

    The Markdown of the problems of files, of the plans, of what was applied and of what failed goes to
    GITHUB_STEP_SUMMARY, else to stdout. The outputs changes, to-create, to-update, to-archive, new-versions, max-class,
    guards-open, plan-path, plan-digest and failure-reason go to GITHUB_OUTPUT, where there is one. With several
    environments counts are sums, and plan-path and plan-digest have a line per environment.
    """
    from reconciler.ci import outputs
    from reconciler.ci import problems as reading
    from reconciler.ci.given import gather, refusals
    from reconciler.ci.sections import Told
    from reconciler.ci.summary import summary
    from reconciler.render import problems_markdown

    screen, job = console(ctx), host.job()
    texts = host.files(plans)
    told_of = host.files(summaries)
    made = gather(texts, host.files(reports), told_of)
    broken = [problem for file in host.files(problems) for problem in reading.loads(file)]
    state: State = "applied" if reports else "planned"
    told = Told(state, job.pull_head or job.sha, job.run_id, job.run_attempt, job.run_url, link, planning=not reports)
    if whole := problems_markdown.problems(broken) or problems_markdown.refusals(refusals(told_of)):
        host.into_summary(screen, job, whole)
    if made:
        host.into_summary(screen, job, summary(made, told))
    if job.output:
        paths = {next(iter(gather([text]))): text.name for text in texts}
        host.append(job.output, outputs.dumps(outputs.of(made, paths), f"reconciler_{secrets.token_hex(16)}"))
