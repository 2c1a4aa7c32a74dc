"""What JSON Schemas are put together from."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
ADDRESS: Schema = {"type": "string", "pattern": "^[A-Za-z]+/.+$", "description": "KIND/KEY"}
EXACT: Schema = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
"""A number as text, with every digit."""

HEX: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
INSTANT: Schema = {"type": "string", "description": "RFC 3339, UTC; empty where it is not known"}
VERSION: Schema = {"type": "string", "pattern": r"^1\.[0-9]+$"}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def array(schema: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": schema}


def record(properties: dict[str, Schema], *, optional: tuple[str, ...] = (), description: str = "") -> Schema:
    """An object whose properties are all there but the optional ones; later minor versions may add more."""
    schema: Schema = {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }
    return {**schema, "description": description} if description else schema


LOCATION = nullable(
    record(
        {"file": TEXT, "line": {"type": "integer", "minimum": 0}, "column": {"type": "integer", "minimum": 0}},
        description="Lines and columns count from 1; the file is relative to the project.",
    )
)

TARGET = record(
    {"endpoint": TEXT, "identity": nullable(TEXT), "api": TEXT},
    description="The address, and which namespace answered there.",
)
SOURCE = record(
    {
        "manifests": TEXT,
        "commit": nullable(TEXT),
        "dirty": nullable({"type": "boolean"}),
        "bundle": nullable({**HEX, "description": "The digest of the bundle that is declared."}),
        "promoted_from": nullable({"type": "string", "description": "Where the bundle was proven."}),
        "revision": nullable({"type": "string", "description": "The commit that is gone back to."}),
        "snapshot": nullable({**HEX, "description": "The digest of the snapshot that was planned against."}),
        "snapshot_at": nullable({"type": "string", "format": "date-time", "description": "When that was taken."}),
    },
    optional=("bundle", "promoted_from", "revision", "snapshot", "snapshot_at"),
    description="The digest of the manifests, their commit, and whether files differed from it.",
)
