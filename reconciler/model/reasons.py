"""Why a command did not end well, as slugs for machines: of errors, and of runs that are no errors."""

from __future__ import annotations

from typing import NamedTuple


class Reason(NamedTuple):
    """A slug, the exit code that it comes with, and what it means."""

    slug: str
    exit_code: int
    meaning: str


PARTLY_APPLIED = "partly-applied"
NOT_VERIFIED = "not-verified"
WRITES_REFUSED = "writes-refused"
OVERTAKEN = "overtaken"
INTERRUPTED = "interrupted"
UNEXPECTED = "unexpected"

REASONS: tuple[Reason, ...] = (
    Reason("failed", 1, "something that no other word is for; the message tells"),
    Reason("files-invalid", 1, "files with problems"),
    Reason("manifests-invalid", 1, "manifests, overlays or templates with problems"),
    Reason("project-invalid", 1, "reconciler.yaml, an environment or a variable cannot be used"),
    Reason("not-editable", 1, "a value of a manifest cannot be changed where it stands"),
    Reason("plan-unreadable", 1, "a file cannot be read as a plan or a summary"),
    Reason("secret-missing", 1, "a token or secret source gives nothing"),
    Reason("server-failed", 1, "the server, or the way to it, failed"),
    Reason("unreachable", 1, "no answer came: connection, time-out, TLS, proxy"),
    Reason("rate-limited", 1, "the server limits the rate and has accepted nothing for too long"),
    Reason("server-refused", 1, "the server answered with an error status"),
    Reason("unauthorized", 1, "the server does not take the token, or not for this (401, 403)"),
    Reason("protocol", 1, "what answers is not the API"),
    Reason("host-failed", 1, "where the pull request lives (GitHub), or the way to it, failed"),
    Reason("not-rateable", 1, "a price, a quantity or a period cannot be rated faithfully"),
    Reason("rehearsal-failed", 1, "tried out on a copy, the plan was refused or led elsewhere"),
    Reason(WRITES_REFUSED, 1, "every write of the run was refused: nothing is applied"),
    Reason(UNEXPECTED, 1, "a fault of this tool"),
    Reason("refused", 3, "refused for what the message tells"),
    Reason("guards-open", 3, "a consent is missing, a limit is hit, or no consent helps"),
    Reason("stale", 3, "the live catalogue moved since the plan was made"),
    Reason("plan-foreign", 3, "the plan was made for another target, or by a newer version"),
    Reason("plan-expired", 3, "the plan is older than it may be"),
    Reason("plan-changed", 3, "what would be done now is not what was approved"),
    Reason("plan-damaged", 3, "the plan file was changed after it was made"),
    Reason("from-snapshot", 3, "the plan was made from a snapshot, and is not for applying"),
    Reason("snapshot", 3, "a snapshot is damaged, or of another catalogue than is planned for"),
    Reason("untrusted", 3, "a pull request says what only the trusted project may say"),
    Reason("bundle", 3, "a bundle is not what its digest says, or is nowhere to be found"),
    Reason("not-proven", 3, "what is to be promoted is not live where it comes from, or not for long enough"),
    Reason("not-reviewed", 3, "what was merged is not what was reviewed, or nobody approved it"),
    Reason("approval-unreadable", 3, "the comment or the plan that was approved is missing, edited or out of date"),
    Reason("head-moved", 3, "what was merged is not the commit that was planned and reviewed"),
    Reason("approval-revoked", 3, "an approval was dismissed, or the reviewer asks for changes now"),
    Reason("not-approved", 3, "nobody approved it: no review does, or who was asked did not answer `yes`"),
    Reason("not-pinned", 3, "a protected environment names no namespace"),
    Reason("wrong-namespace", 3, "another namespace answers than the environment names"),
    Reason("same-namespace", 3, "two environments are one namespace"),
    Reason("not-due", 3, "the plan is of a later day"),
    Reason("secret-differs", 3, "a secret that the plan could not compare differs from the live one"),
    Reason("read-only", 3, "the run may only read, and there is something to write"),
    Reason("uncommitted", 3, "a file that would be changed has changes that are not committed"),
    Reason(OVERTAKEN, 3, "somebody else changed every object first: nothing was written"),
    Reason(PARTLY_APPLIED, 4, "at least one write is done or may be, and something failed: run it again"),
    Reason(NOT_VERIFIED, 5, "applied, but reading back does not show what was meant"),
    Reason("usage", 64, "the command line, or a call, makes no sense"),
    Reason(INTERRUPTED, 130, "stopped by Ctrl-C or by the runner"),
)
"""Every slug, by exit code."""
