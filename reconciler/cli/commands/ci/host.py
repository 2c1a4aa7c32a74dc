"""The job and its host, for the commands of ``reconciler ci``: the only place that reads the job's variables."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli.console import Console
from reconciler.cli.options import FILE
from reconciler.errors import PlanFileError, UsageError

if TYPE_CHECKING:
    from reconciler.ci.api import Api
    from reconciler.ci.given import File
    from reconciler.ci.job import Job

F = TypeVar("F", bound=Callable[..., Any])

plans_option = click.option(
    "--plan", "plans", type=FILE, multiple=True, help="A plan that `plan -o` saved. Repeatable."
)
reports_option = click.option(
    "--report", "reports", type=FILE, multiple=True, help="A report that `apply --report` wrote. Repeatable."
)
summaries_option = click.option(
    "--summary", "summaries", type=FILE, multiple=True, help="What a command wrote with --summary. Repeatable."
)
problems_option = click.option(
    "--problems", type=FILE, multiple=True, help="What `validate --format json` printed. Repeatable."
)
link_option = click.option("--link", metavar="URL", help="Where the whole plan is, such as the page of the artifact.")
author_option = click.option(
    "--author", metavar="LOGIN", help="Whose comments are ours. Default: who the token belongs to."
)
settle_option = click.option(
    "--settle",
    metavar="SECONDS",
    type=click.FloatRange(0, 60),
    default=2.0,
    show_default=True,
    envvar="RECONCILER_SETTLE",
    help="How long to wait, more or less, before looking whether others wrote at the same moment.",
)


def job() -> Job:
    """The job that this runs in. Raises ``UsageError`` outside of one."""
    from reconciler.ci.job import job_of

    return job_of(os.environ, lambda path: Path(path).read_text(encoding="utf-8"))


@contextmanager
def api(of: Job) -> Iterator[Api]:
    """A connection to the host of a job."""
    from reconciler.ci.api import Api

    opened = Api(of)
    try:
        yield opened
    finally:
        opened.close()


def pausing(settle: float) -> Callable[[], None]:
    """Waits about as long as is asked for: jobs that began at one moment must not go on at one."""
    return lambda: time.sleep(settle * random.uniform(0.5, 1.5))  # noqa: S311 - spreads jobs, guards nothing


def files(paths: Iterable[Path]) -> list[File]:
    """The texts of files. Raises ``PlanFileError`` for one that cannot be read."""
    from reconciler.ci.given import File

    found = []
    for path in paths:
        try:
            found.append(File(str(path), path.read_text(encoding="utf-8")))
        except OSError as error:
            raise PlanFileError(f"{path} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise PlanFileError(f"{path} is not text") from None
    return found


def append(path: str, text: str) -> None:
    """Add to a file of the runner. Raises ``UsageError`` where that is not possible."""
    try:
        with Path(path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def into_summary(screen: Console, of: Job, text: str) -> None:
    """Markdown to the page of the job, else to stdout."""
    if of.summary:
        append(of.summary, text)
    else:
        screen.data(text)


def notice(screen: Console, text: str) -> None:
    """A line that GitHub shows on the page of the run."""
    screen.data(f"::notice::{escaped(text)}\n")


def escaped(text: str) -> str:
    """A text inside a workflow command, which ends with its line."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
