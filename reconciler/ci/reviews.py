"""Reviews of a pull request: who stands by which approval, and who may give one.

A reviewer's latest word counts: an approval, a request for changes, or nothing where it was dismissed; a comment is no
word. An approval is of one commit, and counts for no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.ci.api import Api
from reconciler.ci.job import Job
from reconciler.ci.pulls import Pull
from reconciler.errors import ApprovalError, HostError

_WORDS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
_WRITERS = ("admin", "write", "maintain")


@dataclass(frozen=True, slots=True)
class Review:
    """One review: by whom, when, of which commit, and its page. ``person``: no app, however it may write."""

    id: int
    login: str
    state: str
    commit: str
    url: str
    at: str = ""
    person: bool = True


def approvals(api: Api, job: Job, pull: Pull, least: int, since: str | None = None) -> list[Review]:
    """The approvals that count for what was merged, one per reviewer, by name.

    ``since`` is when the plan was made that they have to have seen: what was given before it is of another one.
    Raises ``ApprovalError`` where there are fewer than ``least``, or where somebody who may write asks for changes.
    """
    found = [_review(item) for item in api.pages(job.path("pulls", pull.number, "reviews"))]
    latest = _latest(found)
    given: list[Review] = []
    early: list[Review] = []
    refusing, without = [], []
    for review in sorted(latest.values(), key=lambda one: one.login):
        if review.login == pull.author or review.state == "DISMISSED":
            continue
        if not review.person or not _may_write(api, job, review.login):
            without.append(review)
        elif review.state == "CHANGES_REQUESTED":
            refusing.append(review)
        elif review.state == "APPROVED" and review.commit == pull.head:
            (early if _before(review.at, since) else given).append(review)
    if refusing:
        raise _refused(found, refusing)
    if len(given) < least:
        raise _missing(pull, list(latest.values()), without, early, len(given), least)
    return given


def _before(at: str, since: str | None) -> bool:
    """Whether a moment is before another; one that cannot be read is."""
    if since is None:
        return False
    try:
        return datetime.fromisoformat(at) < datetime.fromisoformat(since)
    except (ValueError, TypeError):
        return True


def _latest(found: Iterable[Review]) -> dict[str, Review]:
    """The host lists reviews in the order of time, and numbers them so."""
    return {one.login: one for one in sorted(found, key=lambda one: one.id) if one.state in _WORDS}


def _refused(found: Iterable[Review], refusing: list[Review]) -> ApprovalError:
    names = ", ".join(f"@{one.login}" for one in refusing)
    before = {one.login for one in found if one.state == "APPROVED"}
    text, tip = f"{names} asks for changes", "settle it in the pull request, then run this job again"
    if before & {one.login for one in refusing}:
        return ApprovalError(f"{text} after having approved", reason="approval-revoked", tip=tip)
    return ApprovalError(text, reason="not-approved", tip=tip)


def _missing(
    pull: Pull, latest: list[Review], without: list[Review], early: list[Review], count: int, least: int
) -> ApprovalError:
    dismissed = [one.login for one in latest if one.state == "DISMISSED"]
    earlier = [one.login for one in latest if one.state == "APPROVED" and one.commit != pull.head]
    head = f"what was merged ({pull.head[:10]})"
    said = f"{count} of {least} approvals are of {head}" if count else f"nobody approved {head}"
    told = [f"the review of {_names(dismissed)} was dismissed"] if dismissed else []
    told += [f"{_names(earlier)} approved an earlier commit"] if earlier else []
    told += [f"{_names([one.login for one in early])} approved before this plan was made"] if early else []
    told += [f"{_names([one.login for one in without])} may not write here"] if without else []
    tip = f"approve pull request {pull.number}, also after the merge, then run this job again"
    message = "; ".join([said, *told])
    if dismissed:
        return ApprovalError(message, reason="approval-revoked", tip=tip)
    return ApprovalError(message, reason="not-approved", tip=tip)


def _names(logins: Iterable[str]) -> str:
    return ", ".join(f"@{login}" for login in sorted(logins))


def _may_write(api: Api, job: Job, login: str) -> bool:
    """Whether the word of this person counts: in a public repository anybody can approve. Cannot tell means no."""
    try:
        found = api.find(job.path("collaborators", login, "permission"))
    except HostError as error:
        if error.status == 403 and not error.passing:
            return False
        raise
    return isinstance(found, dict) and (found.get("permission") in _WRITERS or found.get("role_name") in _WRITERS)


def _review(item: Any) -> Review:  # noqa: ANN401 - JSON
    try:
        user = item["user"] or {}
        return Review(
            int(item["id"]),
            str(user.get("login", "")),
            str(item["state"]).upper(),
            str(item["commit_id"] or ""),
            str(item["html_url"]),
            str(item.get("submitted_at") or ""),
            user.get("type") == "User",
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise HostError(f"a review without {error}") from None
