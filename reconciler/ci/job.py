"""The job that runs this: what GitHub Actions says in its variables, read once and kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from reconciler.errors import HostError, UsageError

TIP = "these commands run in a job of GitHub Actions; elsewhere set the variable yourself"


@dataclass(frozen=True, slots=True)
class Job:
    """Which run of which repository this is, and what it was started by.

    ``event`` is the payload of what started it. ``sha`` is the commit that was checked out, which for a pull request
    is a test merge; ``output`` and ``summary`` are the paths of the files that the runner reads afterwards.
    """

    repository: str
    api_url: str = "https://api.github.com"
    graphql_url: str = "https://api.github.com/graphql"
    server_url: str = "https://github.com"
    event: Mapping[str, Any] = field(default_factory=dict, repr=False)
    sha: str = ""
    run_id: int = 0
    run_attempt: int = 1
    token: str = field(default="", repr=False)
    output: str | None = None
    summary: str | None = None

    @property
    def order(self) -> tuple[int, int]:
        """What tells an earlier run from a later one."""
        return self.run_id, self.run_attempt

    @property
    def run_url(self) -> str:
        """The page of this run."""
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}"

    @property
    def default_branch(self) -> str:
        """The branch that pull requests are merged into."""
        return str(_inside(self.event, "repository", "default_branch") or "main")

    @property
    def repository_id(self) -> int | None:
        """The number of this repository, which no fork has."""
        found = _inside(self.event, "repository", "id")
        return found if isinstance(found, int) else None

    @property
    def pull_number(self) -> int | None:
        """The pull request that started this, None where none did."""
        found = _inside(self.event, "pull_request", "number")
        return found if isinstance(found, int) else None

    @property
    def pull_head(self) -> str | None:
        """The newest commit of the pull request when this, or the run that this follows, was started."""
        followed = _inside(self.event, "workflow_run", "head_sha")
        found = _inside(self.event, "pull_request", "head", "sha") or followed
        return found if isinstance(found, str) else None

    @property
    def before(self) -> str | None:
        """The commit that the branch was at before this push; None where nothing was pushed, or to a new branch."""
        found = self.event.get("before")
        return found if isinstance(found, str) and found.strip("0") else None

    def path(self, *parts: str | int) -> str:
        """The path of something in this repository, every part quoted."""
        return "/".join(["/repos", *self.repository.split("/"), *(quote(str(part), safe="") for part in parts)])


def _inside(tree: object, *names: str) -> object:
    for name in names:
        tree = tree.get(name) if isinstance(tree, Mapping) else None
    return tree


def job_of(environ: Mapping[str, str], read: Callable[[str], str]) -> Job:
    """The job that these variables describe; ``read`` gives the text of a file.

    Raises ``UsageError`` where they describe none, ``HostError`` where they make no sense.
    """
    repository = _needed(environ, "GITHUB_REPOSITORY")
    if repository.count("/") != 1:
        raise UsageError(f"GITHUB_REPOSITORY is `{repository}`, not OWNER/NAME")
    api = _address(environ, "GITHUB_API_URL", "https://api.github.com")
    return Job(
        repository=repository,
        api_url=api,
        graphql_url=_address(environ, "GITHUB_GRAPHQL_URL", f"{api.removesuffix('/v3')}/graphql"),
        server_url=_address(environ, "GITHUB_SERVER_URL", "https://github.com"),
        event=_event(environ, read),
        sha=environ.get("GITHUB_SHA", ""),
        run_id=_number(environ, "GITHUB_RUN_ID", 0),
        run_attempt=_number(environ, "GITHUB_RUN_ATTEMPT", 1),
        token=environ.get("GITHUB_TOKEN", ""),
        output=environ.get("GITHUB_OUTPUT") or None,
        summary=environ.get("GITHUB_STEP_SUMMARY") or None,
    )


def _needed(environ: Mapping[str, str], name: str) -> str:
    if not environ.get(name):
        raise UsageError(f"{name} is not set", tip=TIP)
    return environ[name]


def _address(environ: Mapping[str, str], name: str, default: str) -> str:
    found = (environ.get(name) or default).rstrip("/")
    if urlsplit(found).scheme not in ("http", "https") or not urlsplit(found).hostname:
        raise UsageError(f"{name} is not an http(s) address")
    return found


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal():
        raise UsageError(f"{name} is `{text}`, not a number")
    return int(text)


def _event(environ: Mapping[str, str], read: Callable[[str], str]) -> Mapping[str, Any]:
    path = environ.get("GITHUB_EVENT_PATH")
    if not path:
        return {}
    try:
        found = json.loads(read(path))
    except (OSError, ValueError, RecursionError) as error:
        raise HostError(f"the event {path} of this job cannot be read: {error}") from None
    return found if isinstance(found, dict) else {}
