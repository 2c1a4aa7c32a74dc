"""The rehearsal inside a saved plan: covered by the file's digest, not by the change digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model import Address, Location, Refusal, Rehearsal


def tree(rehearsal: Rehearsal) -> dict[str, Any]:
    """As plain values."""
    return {
        "accepted": rehearsal.accepted,
        "total": rehearsal.total,
        "refusals": [_refusal(refusal) for refusal in rehearsal.refusals],
        "second_empty": rehearsal.second_empty,
        "differences": list(rehearsal.differences),
        "left_out": [str(address) for address in rehearsal.left_out],
    }


def read(item: Mapping[str, Any]) -> Rehearsal:
    """From plain values; raises what indexing raises where something is missing."""
    return Rehearsal(
        accepted=item["accepted"],
        total=item["total"],
        refusals=tuple(_read_refusal(refusal) for refusal in item["refusals"]),
        second_empty=item["second_empty"],
        differences=tuple(item["differences"]),
        left_out=tuple(Address.parse(text) for text in item["left_out"]),
    )


def _refusal(refusal: Refusal) -> dict[str, Any]:
    place = refusal.location
    return {
        "step": refusal.step,
        "address": str(refusal.address),
        "message": refusal.message,
        "location": {"file": place.file, "line": place.line, "column": place.column} if place else None,
        "status": refusal.status,
    }


def _read_refusal(item: Mapping[str, Any]) -> Refusal:
    return Refusal(
        step=item["step"],
        address=Address.parse(item["address"]),
        message=item["message"],
        location=Location.read(item["location"]),
        status=item["status"],
    )
