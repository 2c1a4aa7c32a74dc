"""Who is affected inside a saved plan: counts only, covered by the file's digest, not by the change digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model import Address, Affected, Reduced


def tree(one: Affected) -> dict[str, Any]:
    """As plain values."""
    versions = None if one.versions is None else [{"version": v, "subscriptions": n} for v, n in one.versions]
    return {
        "plan": str(one.plan),
        "subscriptions": one.subscriptions,
        "versions": versions,
        "reduced": [
            {"where": item.where, "feature": item.feature, "before": item.before, "after": item.after}
            for item in one.reduced
        ],
        "withdrawn": list(one.withdrawn),
    }


def read(item: Mapping[str, Any]) -> Affected:
    """From plain values; raises what indexing raises where something is missing."""
    versions = item["versions"]
    return Affected(
        Address.parse(item["plan"]),
        None if versions is None else tuple((each["version"], each["subscriptions"]) for each in versions),
        tuple(Reduced(each["where"], each["feature"], each["before"], each["after"]) for each in item["reduced"]),
        tuple(item["withdrawn"]),
    )
