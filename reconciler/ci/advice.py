"""What somebody who finds a failed apply in a pull request can do about it."""

from __future__ import annotations

from reconciler.ci.given import Made
from reconciler.model.reasons import PARTLY_APPLIED

_REFUSED = 3
_ANEW = "a new pull request, of an empty commit if need be: its plan is what would be done now"
_AGAIN = "Run the job again: it does what is left, and nothing twice."
CUT_OFF = f"It ended before it could say how far it came, so something may be written; its log tells more. {_AGAIN}"
"""Of an apply that left neither a report nor a summary: the runner went away, or somebody killed it."""
_WAYS = {
    "plan-changed": "Both plans stand below. To have what would be done now: a new pull request, of an empty commit if "
    "need be. To have what was approved: put live back as it was then, and run the job again.",
    "guards-open": "Who can open what is open stands below; once they approved, run the job again.",
    "approval-revoked": "Settle it with the reviewer; once they approve, run the job again.",
    "not-approved": f"To have it: {_ANEW}.",
    "head-moved": f"To have it: {_ANEW}.",
    "approval-unreadable": f"To have it: {_ANEW}.",
    PARTLY_APPLIED: _AGAIN,
}
"""By the reason of the failure; one that is not here says in its own message what to do."""


def after(made: Made) -> str | None:
    """Whether anything was written, and what to do now; None where that is not known, or not special."""
    if made.turn is None or made.failure is None:
        return None
    written = "Nothing was written." if made.turn.code == _REFUSED else ""
    return " ".join(part for part in (written, _WAYS.get(made.reason or "", "")) if part) or None
