"""The JSON Schema of a snapshot. Pure."""

from __future__ import annotations

from reconciler.kinds.registry import KINDS
from reconciler.render.schema_parts import ADDRESS, COUNT, DIALECT, TEXT, Schema, array, nullable, record


def snapshot() -> Schema:
    """What ``reconciler snapshot`` writes and ``plan --from-snapshot`` reads."""
    body = record(
        {
            "kind": {"const": "Snapshot"},
            "format_version": {"type": "string", "pattern": r"^1\.[0-9]+$"},
            "tool": TEXT,
            "created_at": {"type": "string", "format": "date-time", "description": "When the catalogue was read."},
            "project": TEXT,
            "environment": TEXT,
            "target": record(
                {"endpoint": TEXT, "identity": nullable(TEXT), "api": TEXT},
                description="The address, and which namespace answered.",
            ),
            "objects": record(
                {kind: array(_row(kind)) for kind in KINDS},
                description="Every live object by kind; of plans and add-ons every version.",
            ),
            "apps": array({"type": "object"}),
            "last_versions": {
                "type": "object",
                "additionalProperties": COUNT,
                "description": "The highest version number ever used, by KIND/KEY.",
            },
            "capped": array({"enum": list(KINDS)}),
            "looked_for": array(ADDRESS),
            "answers": array(_answer()),
            "digest": {
                "type": "string",
                "pattern": "^sha256:[0-9a-f]{64}$",
                "description": "SHA-256 over the canonical JSON of everything else: sorted keys, no spaces.",
            },
        },
        description="A live catalogue at one moment. No secret is in it, and of customers only how many there are.",
    )
    return {"$schema": DIALECT, "title": "A snapshot of reconciler", **body}


def _row(kind: str) -> Schema:
    wire: Schema = {"type": "object", "description": "The object as the API shows it, without secrets."}
    if kind != "Plan":
        return record({"wire": wire})
    offered = record(
        {
            "addon_key": TEXT,
            "addon_id": TEXT,
            "addon_version": COUNT,
            "from_phase": TEXT,
            "max_quantity": nullable(COUNT),
            "metadata": {"type": "object", "additionalProperties": TEXT},
        }
    )
    return record({"wire": wire, "assignments": nullable(array(offered))})


def _answer() -> Schema:
    pair: Schema = {"type": "array", "prefixItems": [COUNT, COUNT], "minItems": 2, "maxItems": 2}
    return record(
        {
            "topic": TEXT,
            "kind": TEXT,
            "key": TEXT,
            "reply": {"anyOf": [COUNT, TEXT, array(pair)]},
        },
        description="What no list tells: subscriptions per plan version, customers per billing profile.",
    )
