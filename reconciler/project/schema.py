"""The JSON Schema of ``reconciler.yaml`` (draft 2020-12), made from its models. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.project.document import EnvironmentFile, ProjectDocument
from reconciler.reading.jsonschema import DIALECT, PREFIX, definitions


def schema() -> dict[str, Any]:
    """The schema of a project file, and of an environment in a file of its own."""
    named = definitions((ProjectDocument, EnvironmentFile))
    return {
        "$schema": DIALECT,
        "title": "A project of reconciler, or one of its environments",
        "type": "object",
        "if": {"properties": {"kind": {"const": "Project"}}, "required": ["kind"]},
        "then": {"$ref": PREFIX + "ProjectDocument"},
        "else": {"$ref": PREFIX + "EnvironmentFile"},
        "$defs": {name: named[name] for name in sorted(named)},
    }
