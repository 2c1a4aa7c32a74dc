"""What the policy says, inside a saved plan: covered by the file's digest, not by the change digest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from reconciler.model import Address, Location, Ruling


def tree(one: Ruling) -> dict[str, Any]:
    """As plain values."""
    at = one.location
    return {
        "rule": one.rule,
        "effect": one.effect,
        "address": str(one.address) if one.address else None,
        "message": one.message,
        "status": one.status,
        "team": one.team,
        "unblock": one.unblock,
        "location": {"file": at.file, "line": at.line, "column": at.column} if at else None,
        "announced": one.announced.isoformat() if one.announced else None,
    }


def read(item: Mapping[str, Any]) -> Ruling:
    """From plain values; raises what indexing raises where something is missing."""
    return Ruling(
        rule=item["rule"],
        effect=item["effect"],
        address=Address.parse(item["address"]) if item["address"] else None,
        message=item["message"],
        status=item["status"],
        team=item["team"],
        unblock=item["unblock"],
        location=Location.read(item["location"]),
        announced=date.fromisoformat(item["announced"]) if item.get("announced") else None,
    )
