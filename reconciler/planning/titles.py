"""The sentences of a plan: one header per object, in Terraform's words."""

from __future__ import annotations

from reconciler.model import Action, Address


def title(address: Address, action: Action) -> str:
    """The header of a change of an object without versions."""
    ends = {
        Action.ADOPT: "exists already and will be adopted: from now on it is managed here",
        Action.CREATE: "will be created",
        Action.UPDATE: "will be updated in place",
        Action.REPLACE: "must be replaced",
        Action.ARCHIVE: "will be archived",
        Action.DELETE: "will be deleted",
        Action.RELEASE: "will be released: it stays as it is, and is no longer managed here",
        Action.NO_CHANGE: "is as declared",
        Action.NEW_VERSION: "will be published as a new version",
    }
    return f"{address} {ends[action]}"


def published(address: Address, before: int | None, after: int) -> str:
    """The header of a version that will be active."""
    if before is None:
        return f"{address} will be created and published as version {after}"
    stay = "existing subscriptions" if address.kind == "Plan" else "existing purchases"
    return f"{address} will be published as version {after}; {stay} stay on version {before}"


def drafted(address: Address, active: int | None, after: int) -> str:
    """The header of a version that will stand as a draft."""
    beside = f" beside version {active}, which stays active" if active is not None else ""
    return f"{address} will be created as a draft, version {after}{beside}"
