"""The JSON Schemas that the repository and every new project ship, by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any


def _manifest() -> dict[str, Any]:
    from reconciler.manifest.schema import schema

    return schema()


def _project() -> dict[str, Any]:
    from reconciler.project.schema import schema

    return schema()


def _plan() -> dict[str, Any]:
    from reconciler.render.schemas import plan

    return plan()


def _report() -> dict[str, Any]:
    from reconciler.render.schemas import report

    return report()


def _drift() -> dict[str, Any]:
    from reconciler.render.drift_schema import drift

    return drift()


def _summary() -> dict[str, Any]:
    from reconciler.render.summary_schema import summary

    return summary()


def _snapshot() -> dict[str, Any]:
    from reconciler.render.snapshot_schema import snapshot

    return snapshot()


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "manifest": _manifest,
    "project": _project,
    "plan": _plan,
    "report": _report,
    "drift": _drift,
    "summary": _summary,
    "snapshot": _snapshot,
}


def schema_text(name: str) -> str:
    """A schema as the file that holds it."""
    return json.dumps(SCHEMAS[name](), indent=2, ensure_ascii=False) + "\n"
