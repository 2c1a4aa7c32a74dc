"""How two catalogues differ, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import simplejson

from reconciler.model import Between, Catalogue, Difference, FieldChange, Side
from reconciler.render.plain import location

FORMAT_VERSION = "1.0"


def dumps(found: Sequence[Between]) -> str:
    """Every comparison of a run, in order: one, or one per environment that ``--to`` matches."""
    document = {"format_version": FORMAT_VERSION, "comparisons": [_between(one) for one in found]}
    return simplejson.dumps(document, indent=2, use_decimal=True, ensure_ascii=False) + "\n"


def _between(found: Between) -> dict[str, Any]:
    return {
        "from": _catalogue(found.source),
        "to": _catalogue(found.target),
        "capped": list(found.capped),
        "equal": not found.differences,
        "differences": [_difference(one) for one in found.differences],
        "summary": {**found.counts, "same": found.same, "left_out": found.left_out},
    }


def _catalogue(side: Catalogue) -> dict[str, Any]:
    return {"name": side.name, "endpoint": side.endpoint, "identity": side.identity}


def _difference(found: Difference) -> dict[str, Any]:
    one_sided = "only_in_from" if found.target is None else "only_in_to" if found.source is None else None
    return {
        "address": str(found.address),
        "kind": found.address.kind,
        "key": found.address.key,
        "difference": one_sided or "different",
        "from": _side(found.source),
        "to": _side(found.target),
        "classes": [item.value for item in found.classes],
        "fields": [_field(change) for change in found.fields],
    }


def _side(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {
        "managed": side.managed,
        "project": side.project,
        "state": side.state,
        "version": side.version,
        "location": location(side.location),
    }


def _field(change: FieldChange) -> dict[str, Any]:
    return {"path": change.path, "from": change.after, "to": change.before, "currency": change.currency}
