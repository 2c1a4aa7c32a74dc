"""The JSON Schema of ``--summary``, and of ``--format json`` over several environments."""

from __future__ import annotations

from typing import get_args

from reconciler.model import REASONS, Fate
from reconciler.render.schema_parts import ADDRESS, DIALECT, TEXT, Schema, array, nullable, record
from reconciler.render.schemas import change, field

_CODE: Schema = {"enum": [0, 1, 2, 3, 4, 5, 64, 130]}

_CHANGE, _FIELD = (nullable({"$ref": f"#/$defs/{name}"}) for name in ("change", "field"))


def summary() -> Schema:
    """What became of every environment of a run, and why."""
    meanings = "; ".join(f"{reason.slug}: {reason.meaning}" for reason in REASONS)
    reason = nullable({**TEXT, "pattern": "^[a-z]+(-[a-z]+)*$", "description": meanings})
    one = record(
        {
            "environment": nullable({**TEXT, "description": "Null where the run ended before it was known."}),
            "exit_code": nullable({**_CODE, "description": "Null where it was not started."}),
            "said": {**TEXT, "description": "A line for a table."},
            "error": nullable({**TEXT, "description": "All of the message; null where nothing failed."}),
            "reason": reason,
            "differences": nullable(_differences()),
            "result": {"description": "With --format json what the command prints for one environment, else null."},
        },
        optional=("reason", "differences"),
    )
    body = record(
        {
            "format_version": {"type": "string", "pattern": r"^1\.[0-9]+$"},
            "shard": nullable({**TEXT, "description": "INDEX/TOTAL of --shard."}),
            "environments": array(one),
            "exit_code": {**_CODE, "description": "The most serious of all."},
            "reason": reason,
        },
        optional=("reason",),
    )
    parts = {"change": change(), "field": field()}
    return {"$schema": DIALECT, "title": "A summary of reconciler", **body, "$defs": parts}


def _differences() -> Schema:
    """How the plan of now differs from the approved one."""
    text = array(TEXT)
    fields = record({"path": TEXT, "approved": _FIELD, "now": _FIELD})
    pair = record(
        {
            "address": ADDRESS,
            "fate": {"enum": list(get_args(Fate)), "description": "Only now, only approved, or in both."},
            "approved": _CHANGE,
            "now": _CHANGE,
            "fields": array(fields),
            "requests": {"type": "boolean", "description": "What is shown is the same, what would be sent is not."},
        }
    )
    return record(
        {
            "environment": TEXT,
            "approved": record({"created_at": TEXT, "change_digest": TEXT}),
            "now": record({"change_digest": TEXT}),
            "objects": array(pair),
            "guards": record({"new": text, "gone": text}),
            "facts": array(record({"name": TEXT, "approved": TEXT, "now": TEXT})),
            "causes": array({**TEXT, "description": "Why the plans differ, most likely first."}),
        },
        description="With the reason plan-changed: how what would be done now differs from what was approved.",
    )
