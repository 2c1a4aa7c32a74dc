"""The comments of a pull request that this tool wrote, and whose they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.ci.api import Api
from reconciler.ci.document import MARK
from reconciler.ci.job import Job
from reconciler.errors import HostError

_BOT = "github-actions[bot]"
"""Who the token of a job is, where nothing tells."""
_TRACES = (MARK.strip(), "<!-- reconciler:section ")


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment: its number, which grows with time, its text and its page."""

    id: int
    body: str
    url: str


def identity(api: Api, job: Job, author: str | None = None) -> str:
    """The login whose comments are ours: what is given, else what the host says of the token.

    The token of a job may not ask ``GET /user``; GraphQL tells its ``viewer``, as ``github-actions[bot]``.
    """
    if author:
        return author
    try:
        found = api.query(job.graphql_url, "query { viewer { login } }")
        login = found["viewer"]["login"]
    except (HostError, KeyError, TypeError):
        return _BOT
    return login if isinstance(login, str) and login else _BOT


def ours(api: Api, job: Job, number: int, author: str) -> list[Comment]:
    """This tool's comments of a pull request, the oldest first. What others wrote is none, whatever it contains."""
    found = [_comment(item) for item in api.pages(job.path("issues", number, "comments")) if _is_ours(item, author)]
    return sorted(found, key=lambda one: one.id)


def _is_ours(item: Any, author: str) -> bool:  # noqa: ANN401 - JSON
    if not isinstance(item, dict):
        raise HostError("a comment that is none")
    body, user = item.get("body"), item.get("user")
    login = user.get("login") if isinstance(user, dict) else None
    return login == author and isinstance(body, str) and any(trace in body for trace in _TRACES)


def _comment(item: Any) -> Comment:  # noqa: ANN401 - JSON
    try:
        return Comment(int(item["id"]), str(item["body"]), str(item.get("html_url", "")))
    except (KeyError, TypeError, ValueError) as error:
        raise HostError(f"a comment without {error}") from None


def create(api: Api, job: Job, number: int, body: str) -> None:
    """Write a new one."""
    api.send("POST", job.path("issues", number, "comments"), {"body": body})


def change(api: Api, job: Job, comment: Comment, body: str) -> None:
    """Replace the text of one."""
    api.send("PATCH", job.path("issues", "comments", comment.id), {"body": body})


def delete(api: Api, job: Job, comment: Comment) -> None:
    """Take one away."""
    api.send("DELETE", job.path("issues", "comments", comment.id))
