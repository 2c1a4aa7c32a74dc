"""How two plans differ, as plain values and back: what a summary holds of a plan that was not approved. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model import Address, Change, Fact, FieldChange, FieldPair, ObjectPair, Replanned
from reconciler.planning import planfile, planreading


def tree(found: Replanned) -> dict[str, Any]:
    """The differences as plain values."""
    return {
        "environment": found.environment,
        "approved": {"created_at": found.created_at, "change_digest": found.digest},
        "now": {"change_digest": found.now},
        "objects": [_pair(pair) for pair in found.objects],
        "guards": {"new": list(found.guards_new), "gone": list(found.guards_gone)},
        "facts": [{"name": fact.name, "approved": fact.approved, "now": fact.now} for fact in found.facts],
        "causes": list(found.causes),
    }


def read(item: Mapping[str, Any]) -> Replanned:
    """The differences that plain values stand for. Raises what indexing raises where something is missing."""
    return Replanned(
        item["environment"],
        item["approved"]["created_at"],
        item["approved"]["change_digest"],
        item["now"]["change_digest"],
        tuple(_read_pair(pair) for pair in item["objects"]),
        tuple(item["guards"]["new"]),
        tuple(item["guards"]["gone"]),
        tuple(Fact(fact["name"], fact["approved"], fact["now"]) for fact in item["facts"]),
        tuple(item["causes"]),
    )


def _pair(pair: ObjectPair) -> dict[str, Any]:
    return {
        "address": str(pair.address),
        "fate": pair.fate,
        "approved": _change(pair.approved),
        "now": _change(pair.now),
        "fields": [
            {"path": field.path, "approved": _field(field.approved), "now": _field(field.now)} for field in pair.fields
        ],
        "requests": pair.requests,
    }


def _change(change: Change | None) -> dict[str, Any] | None:
    return planfile.change_tree(change) if change else None


def _field(field: FieldChange | None) -> dict[str, Any] | None:
    return planfile.field_tree(field) if field else None


def _read_pair(item: Mapping[str, Any]) -> ObjectPair:
    return ObjectPair(
        Address.parse(item["address"]),
        _read_change(item["approved"]),
        _read_change(item["now"]),
        tuple(
            FieldPair(field["path"], _read_field(field["approved"]), _read_field(field["now"]))
            for field in item["fields"]
        ),
        bool(item["requests"]),
    )


def _read_change(item: Mapping[str, Any] | None) -> Change | None:
    return planreading.read_change(item) if item else None


def _read_field(item: Mapping[str, Any] | None) -> FieldChange | None:
    return planreading.read_field(item) if item else None
