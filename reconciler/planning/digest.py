"""Canonical JSON and the digests made of it: same content, same bytes, whatever the order it was built in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import simplejson

from reconciler.model import Observed, Tree

CONTENT_LENGTH = 32
"""Hex characters of ``reconciler.content``: enough to tell drafts apart, short enough for a v3 label (63)."""


def dumps(value: object) -> str:
    """Canonical JSON: sorted keys, no spaces, exact numbers, text as it is."""
    return simplejson.dumps(
        value, sort_keys=True, separators=(",", ":"), use_decimal=True, ensure_ascii=False, namedtuple_as_object=False
    )


def sha256(value: object) -> str:
    """The SHA-256 of a value's canonical JSON, in hex."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()


def content(spec: Mapping[str, Tree], predecessor: str | None) -> str:
    """The ``reconciler.content`` of a plan or add-on version: its canonical spec and the version it succeeds.

    Assignments are left out: a draft is created before anything is attached to it.
    """
    own = {name: value for name, value in spec.items() if name != "addons"}
    return sha256({"spec": own, "after": predecessor or "none"})[:CONTENT_LENGTH]


def fingerprint(rows: tuple[Observed, ...], specs: tuple[Mapping[str, Tree], ...]) -> str:
    """What was seen of one address: every row's id, state, version, marker, content and assignments.

    ``specs`` are the canonical specs of the rows, with secrets already taken out.
    """
    return sha256(
        [
            {
                "id": row.id,
                "state": row.state,
                "version": row.version,
                "marker": [row.marker.project, row.marker.key, row.marker.content] if row.marker else None,
                "spec": spec,
                "assignments": sorted(
                    [item.addon_id, item.from_phase, item.max_quantity, dict(item.metadata)] for item in row.assignments
                )
                if row.assignments
                else [],
            }
            for row, spec in sorted(zip(rows, specs, strict=True), key=lambda pair: pair[0].id)
        ]
    )[:32]
