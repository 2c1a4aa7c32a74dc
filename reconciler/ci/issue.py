"""``ci issue``: one issue per environment about its drift: opened, kept, closed when clean, opened again.

It is found by its label, its author and its hidden first line. Two jobs that open one at the same moment end with the
older one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reconciler.ci import drift_issue
from reconciler.ci.api import Api
from reconciler.ci.comments import identity
from reconciler.ci.drift_issue import Found
from reconciler.ci.job import Job
from reconciler.errors import HostError

LABEL = "reconciler-drift"
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue about drift in an environment."""

    number: int
    environment: str
    digest: str
    open: bool
    url: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the issue of an environment, in a word, and its page."""

    environment: str
    what: str
    url: str | None = None


def keep(api: Api, job: Job, found: Found, pause: Callable[[], None], author: str | None = None) -> Kept:
    """Bring the issue of an environment to what was found. Where nothing could be found out it stays as it is.

    Raises ``HostError``.
    """
    login = identity(api, job, author)
    if found.clean:
        return _closed(api, job, found, login)
    if not found.differs:
        return Kept(found.environment, "left: it is not known whether anything differs")
    did = "is up to date"
    for _ in range(_ROUNDS):
        known = _issues(api, job, found.environment, login)
        opened = [one for one in known if one.open]
        for other in opened[1:]:
            _drop(api, job, other, opened[0])
        if not opened:
            did = _opened(api, job, found, known[-1] if known else None)
            pause()
        elif opened[0].digest != found.digest:
            _tell(api, job, opened[0], found)
            return Kept(found.environment, "updated", opened[0].url)
        else:
            return Kept(found.environment, did, opened[0].url)
    raise HostError(f"the issue about {found.environment} is not there after it was opened", passing=True)


def _issues(api: Api, job: Job, environment: str, login: str) -> list[Issue]:
    """Every issue of ours about an environment, the oldest first."""
    items = api.pages(job.path("issues"), state="all", labels=LABEL)
    found = [issue for item in items if (issue := _issue(item, login)) and issue.environment == environment]
    return sorted(found, key=lambda one: one.number)


def _issue(item: Any, login: str) -> Issue | None:  # noqa: ANN401 - JSON
    user, body = item.get("user") or {}, item.get("body")
    marked = drift_issue.marked(body.replace("\r\n", "\n")) if isinstance(body, str) else None
    if user.get("login") != login or marked is None:
        return None
    return Issue(int(item["number"]), *marked, open=item["state"] == "open", url=str(item["html_url"]))


def _opened(api: Api, job: Job, found: Found, closed: Issue | None) -> str:
    """Open a new one, or the last one that was closed. What became of it is seen when they are listed again."""
    title, body = drift_issue.title(found), drift_issue.body(found, job.run_url)
    try:
        if closed is None:
            api.send("POST", job.path("issues"), {"title": title, "body": body, "labels": [LABEL]})
            return "opened"
        api.send("PATCH", job.path("issues", closed.number), {"state": "open", "title": title, "body": body})
        _say(api, job, closed, f"Live differs again, found by [this run](<{job.run_url}>).")
        return "opened again"
    except HostError as error:
        if not error.passing:
            raise
        return "opened"


def _tell(api: Api, job: Job, issue: Issue, found: Found) -> None:
    body = drift_issue.body(found, job.run_url)
    api.send("PATCH", job.path("issues", issue.number), {"title": drift_issue.title(found), "body": body})
    _say(api, job, issue, f"What differs is not the same any more, found by [this run](<{job.run_url}>).")


def _drop(api: Api, job: Job, issue: Issue, kept: Issue) -> None:
    """An issue cannot be deleted: it is closed, and says which one goes on."""
    body = f"This goes on in #{kept.number}."
    change = {"state": "closed", "state_reason": "not_planned", "body": body}
    api.send("PATCH", job.path("issues", issue.number), change)


def _closed(api: Api, job: Job, found: Found, login: str) -> Kept:
    opened = [one for one in _issues(api, job, found.environment, login) if one.open]
    for issue in opened:
        change = {"state": "closed", "state_reason": "completed"}
        answer = api.send("PATCH", job.path("issues", issue.number), change)
        if not isinstance(answer, dict) or answer.get("state") != "closed":
            raise HostError(f"issue {issue.number} is not closed although the host accepted it")
        _say(api, job, issue, f"Live is as declared again, found by [this run](<{job.run_url}>).")
    return Kept(found.environment, "closed" if opened else "clean, as before", opened[0].url if opened else None)


def _say(api: Api, job: Job, issue: Issue, text: str) -> None:
    api.send("POST", job.path("issues", issue.number, "comments"), {"body": text})
