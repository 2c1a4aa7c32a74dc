"""JSON Schema of what ``drift`` finds. Enumerations come from the model itself."""

from __future__ import annotations

from typing import get_args

from reconciler.model import ChangeClass, Origin, What
from reconciler.render.schema_parts import (
    ADDRESS,
    COUNT,
    DIALECT,
    INSTANT,
    LOCATION,
    SOURCE,
    TARGET,
    TEXT,
    VERSION,
    Schema,
    array,
    nullable,
    record,
)


def drift() -> Schema:
    """The schema of what ``drift`` finds."""
    origin: Schema = {"enum": list(get_args(Origin)), "description": "Which side moved since the base."}
    field = record(
        {
            "path": TEXT,
            "origin": origin,
            "declared": {"description": "The declared value; null where there is none."},
            "live": {"description": "The live value; null where there is none."},
            "currency": nullable(TEXT),
            "note": nullable(TEXT),
            "location": LOCATION,
        }
    )
    found = record(
        {
            "address": ADDRESS,
            "kind": TEXT,
            "key": TEXT,
            "what": {"enum": list(get_args(What))},
            "origin": origin,
            "title": TEXT,
            "version": nullable(COUNT),
            "classes": array({"enum": [kind.value for kind in ChangeClass]}),
            "healable": {"type": "boolean", "description": "Whether `drift --heal` puts it back: it is no money."},
            "fields": array(field),
            "location": LOCATION,
            "notes": array(TEXT),
        }
    )
    body = record(
        {
            "format_version": VERSION,
            "tool": TEXT,
            "created_at": INSTANT,
            "project": TEXT,
            "environment": TEXT,
            "target": TARGET,
            "source": SOURCE,
            "base": nullable({**TEXT, "description": "What was last applied; null where nobody said."}),
            "clean": {"type": "boolean"},
            "complete": {"type": "boolean", "description": "False when only a part was looked at."},
            "unchanged": {**COUNT, "description": "How many objects are as declared."},
            "objects": array(found),
            "summary": record(dict.fromkeys(get_args(Origin), COUNT)),
            "warnings": array(record({"rule": TEXT, "message": TEXT, "location": LOCATION})),
        }
    )
    return {"$schema": DIALECT, "title": "Drift, as reconciler finds it", **body}
