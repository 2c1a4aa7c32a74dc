"""Problems of files as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from reconciler.model import Problem
from reconciler.render.plain import location
from reconciler.render.problems_text import Checked, in_order

FORMAT_VERSION = "1.0"


def dumps(found: Iterable[Problem], checked: Checked | None = None) -> str:
    """All problems in order, with what was checked; one newline at the end."""
    ordered = in_order(found)
    errors = sum(problem.severity == "error" for problem in ordered)
    document: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "problems": [_problem(problem) for problem in ordered],
        "errors": errors,
        "warnings": len(ordered) - errors,
        "valid": errors == 0,
    }
    if checked is not None:
        document["checked"] = {"files": checked.files, "environments": checked.environments}
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "rule": problem.rule,
        "severity": problem.severity,
        "message": problem.message,
        "why": problem.why,
        "location": location(problem.location),
        "span": problem.span,
        "address": str(problem.address) if problem.address else None,
    }
