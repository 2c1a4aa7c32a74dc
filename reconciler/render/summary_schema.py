"""The JSON Schema of ``--summary``, and of ``--format json`` over several environments."""

from __future__ import annotations

from reconciler.model import REASONS
from reconciler.render.schema_parts import DIALECT, TEXT, Schema, array, nullable, record

_CODE: Schema = {"enum": [0, 1, 2, 3, 4, 5, 64, 130]}


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
            "result": {"description": "With --format json what the command prints for one environment, else null."},
        },
        optional=("reason",),
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
    return {"$schema": DIALECT, "title": "A summary of reconciler", **body}
