"""Drift as JSON; its schema is ``schemas/drift.json``."""

from __future__ import annotations

from typing import Any

import simplejson

from reconciler.model import Drift, Drifted, DriftField
from reconciler.render.plain import location

FORMAT_VERSION = "1.0"


def dumps(found: Drift) -> str:
    """The drift as a file: sorted keys, two spaces, one newline at the end. Never holds a secret."""
    return simplejson.dumps(tree(found), indent=2, sort_keys=True, ensure_ascii=False, use_decimal=True) + "\n"


def tree(found: Drift) -> dict[str, Any]:
    """The drift as plain values."""
    target = found.target
    return {
        "format_version": FORMAT_VERSION,
        "tool": found.tool,
        "created_at": found.created_at,
        "project": found.project,
        "environment": target.environment,
        "target": {"endpoint": target.endpoint, "identity": target.identity, "api": target.api},
        "source": {
            "manifests": found.source.manifests,
            "commit": found.source.commit,
            "dirty": found.source.dirty,
        },
        "base": found.base,
        "clean": found.clean,
        "complete": found.complete,
        "unchanged": found.unchanged,
        "objects": [_object(one) for one in found.objects],
        "summary": {origin: found.count(origin) for origin in ("outside", "manifest", "both", "unknown")},
        "warnings": [
            {"rule": one.rule, "message": one.message, "location": location(one.location)} for one in found.warnings
        ],
    }


def _object(one: Drifted) -> dict[str, Any]:
    return {
        "address": str(one.address),
        "kind": one.address.kind,
        "key": one.address.key,
        "what": one.what,
        "origin": one.origin,
        "title": one.title,
        "version": one.version,
        "classes": [kind.value for kind in one.classes],
        "healable": one.healable,
        "fields": [_field(field) for field in one.fields],
        "location": location(one.location),
        "notes": list(one.notes),
    }


def _field(field: DriftField) -> dict[str, Any]:
    change = field.change
    return {
        "path": change.path,
        "origin": field.origin,
        "declared": change.before,
        "live": change.after,
        "currency": change.currency,
        "note": change.note,
        "location": location(change.location),
    }
