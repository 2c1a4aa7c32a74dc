"""Pull requests: the one that a job is about, and the one that a commit was merged by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reconciler.ci.api import Api
from reconciler.ci.job import Job
from reconciler.errors import HostError

_LOOKS = 4


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request. ``head`` is its newest commit, of a merged one the commit that was merged.

    ``own``: its branch is of this very repository, not of a fork.
    """

    number: int
    head: str
    author: str
    url: str
    own: bool
    merged: bool
    base: str
    merge_commit: str | None


def get(api: Api, job: Job, number: int) -> Pull:
    """A pull request as it is now. Raises ``HostError``."""
    return _pull(api.get(job.path("pulls", number)))


def merged_as(api: Api, job: Job, pause: Callable[[], None]) -> Pull | None:
    """The pull request that became the commit of this job, by a merge, a squash or a rebase; None where there is none.

    Of several that contain the commit it is the one whose merge made it. A host that has only just merged may not
    know yet: it is asked a few times, with a ``pause`` in between.
    """
    for look in range(_LOOKS):
        if look:
            pause()
        found = [_pull(item) for item in api.pages(job.path("commits", job.sha, "pulls"))]
        merged = [one for one in found if one.merged and one.base == job.default_branch and one.merge_commit == job.sha]
        if merged:
            return get(api, job, max(one.number for one in merged))
    return None


def _pull(item: Any) -> Pull:  # noqa: ANN401 - JSON
    try:
        head, base = item["head"], item["base"]
        there = (head["repo"] or {}).get("id")
        return Pull(
            number=int(item["number"]),
            head=str(head["sha"]),
            author=str((item["user"] or {}).get("login", "")),
            url=str(item["html_url"]),
            own=there is not None and there == base["repo"]["id"],
            merged=item["merged_at"] is not None,
            base=str(base["ref"]),
            merge_commit=item["merge_commit_sha"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise HostError(f"a pull request without {error}") from None
