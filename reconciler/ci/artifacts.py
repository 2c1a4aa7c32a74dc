"""Artifacts of runs: the plans of a pull request, and what the default branch keeps for others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reconciler.ci import archive
from reconciler.ci.api import Api
from reconciler.ci.job import Job
from reconciler.errors import HostError

PLANS = "reconciler-plans-"
"""How the name of an artifact with plans begins: ``reconciler-plans-ENVIRONMENT-COMMIT``."""

TRUSTED_EVENTS = ("push", "schedule", "workflow_dispatch")
"""What starts a run that executes nothing but what is on its own branch: no pull request's code, no other run's
files."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One artifact; ``run`` made it, from ``branch`` of the repository ``head_repository``."""

    id: int
    name: str
    expired: bool
    run: int
    branch: str
    head_repository: int
    created_at: str


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a workflow, and the commit of the branch that it was started for."""

    id: int
    event: str
    head: str
    status: str
    conclusion: str
    repository: int
    head_repository: int
    url: str


def plans_name(environment: str, head: str) -> str:
    """What the artifact with the plan of an environment for a commit is called."""
    return f"{PLANS}{environment}-{head}"


def repository_id(api: Api, job: Job) -> int:
    """The number of this repository, as the host says: names can be taken over by others."""
    return _number(api.get(job.path()), "id")


def default_branch(api: Api, job: Job) -> str:
    """The branch that this repository's pull requests go to, as the host says: not every event tells."""
    found = api.get(job.path())
    name = found.get("default_branch") if isinstance(found, dict) else None
    if not isinstance(name, str) or not name:
        raise HostError("the host names no `default_branch`")
    return name


def run(api: Api, job: Job, number: int) -> Run | None:
    """One run; None where it is gone."""
    item = api.find(job.path("actions", "runs", number))
    if item is None:
        return None
    try:
        return Run(
            number,
            str(item["event"]),
            str(item["head_sha"]),
            str(item["status"]),
            str(item["conclusion"] or ""),
            _number(item["repository"], "id"),
            _number(item["head_repository"] or {"id": 0}, "id"),
            str(item["html_url"]),
        )
    except (KeyError, TypeError) as error:
        raise HostError(f"a run without {error}") from None


def tip(api: Api, job: Job, branch: str) -> str:
    """The newest commit of a branch; a tag of the same name is none. Raises ``HostError``."""
    found = api.get(job.path("branches", branch))
    try:
        return str(found["commit"]["sha"])
    except (KeyError, TypeError):
        raise HostError(f"the host names no commit of the branch {branch}") from None


def _is_on(api: Api, job: Job, commit: str, newest: str) -> bool:
    """Whether a commit is part of what a branch has: a tag can have a branch's name, and not its commits."""
    found = api.find(job.path("compare", f"{commit}...{newest}"))
    return isinstance(found, dict) and found.get("status") in ("ahead", "identical")


def of_run(api: Api, job: Job, number: int) -> list[Artifact]:
    """The artifacts of a run that are still there, the newest first."""
    return _newest_first(api.pages(job.path("actions", "runs", number, "artifacts"), "artifacts"))


def newest(api: Api, job: Job, name: str, branch: str) -> Artifact | None:
    """The newest artifact of a name that a trusted run of a branch of this repository made; None where there is none.

    A fork can neither run on a push of this repository nor have its number: what it uploads is never taken. Nor is what
    a tag's run uploads, for whoever may write can name a tag like the branch.
    """
    own = repository_id(api, job)
    for one in _newest_first(api.pages(job.path("actions", "artifacts"), "artifacts", name=name)):
        if one.name != name or one.branch != branch or one.head_repository != own:
            continue
        made = run(api, job, one.run)
        trusted = made and made.event in TRUSTED_EVENTS and made.repository == made.head_repository == own
        if made and trusted and _is_on(api, job, made.head, tip(api, job, branch)):
            return one
    return None


def read(api: Api, job: Job, artifact: Artifact) -> dict[str, bytes]:
    """The files of an artifact. Raises ``HostError``."""
    data = api.download(job.path("actions", "artifacts", artifact.id, "zip"), archive.LARGEST)
    return archive.files(data, artifact.name)


def _newest_first(items: Iterator[Any]) -> list[Artifact]:
    found = [one for one in map(_artifact, items) if not one.expired]
    return sorted(found, key=lambda one: (one.created_at, one.id), reverse=True)


def _artifact(item: Any) -> Artifact:  # noqa: ANN401 - JSON
    try:
        made = item["workflow_run"] or {}
        return Artifact(
            _number(item, "id"),
            str(item["name"]),
            bool(item["expired"]),
            int(made.get("id") or 0),
            str(made.get("head_branch") or ""),
            int(made.get("head_repository_id") or 0),
            str(item.get("created_at") or ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise HostError(f"an artifact without {error}") from None


def _number(item: Any, name: str) -> int:  # noqa: ANN401 - JSON
    try:
        return int(item[name])
    except (KeyError, TypeError, ValueError):
        raise HostError(f"the host names no `{name}`") from None


def is_of(artifact: Artifact, head: str) -> bool:
    """Whether it has plans of a commit."""
    return bool(re.fullmatch(rf"{re.escape(PLANS)}(.+-)?{re.escape(head)}", artifact.name))
