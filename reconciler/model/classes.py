"""What happens to an object, and how much that can hurt."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What happens to one object; the order is the one in which summaries count."""

    ADOPT = "adopt"
    CREATE = "create"
    UPDATE = "update"
    NEW_VERSION = "new_version"
    REPLACE = "replace"
    ARCHIVE = "archive"
    DELETE = "delete"
    RELEASE = "release"
    NO_CHANGE = "no_change"


class ChangeClass(StrEnum):
    """How much a change can hurt, mildest first. Everything from ``price-lowering`` on needs consent."""

    COSMETIC = "cosmetic"
    OPERATIONAL = "operational"
    ADDITIVE = "additive"
    PRICE_LOWERING = "price-lowering"
    ENTITLEMENT_REDUCING = "entitlement-reducing"
    PRICE_RAISING = "price-raising"
    BILLING_BEHAVIOUR = "billing-behaviour"
    METERING_SEMANTIC = "metering-semantic"
    DESTRUCTIVE = "destructive"

    @property
    def rank(self) -> int:
        """Position in the order of severity, 0 = mildest."""
        return tuple(ChangeClass).index(self)


NEEDS_NO_CONSENT = frozenset({ChangeClass.COSMETIC, ChangeClass.OPERATIONAL, ChangeClass.ADDITIVE})
