"""The report of a run as JSON; its schema is ``schemas/report.json``."""

from __future__ import annotations

import json
from typing import Any, get_args

from reconciler.model import Location, Report, StepResult, StepState
from reconciler.render.plain import location

FORMAT_VERSION = "1.0"


def dumps(report: Report) -> str:
    """The report as a file: sorted keys, two spaces, one newline at the end. Never holds a body or a secret."""
    return json.dumps(tree(report), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def tree(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    plan = report.plan
    declared = {change.address: change.location for change in plan.changes}
    return {
        "format_version": FORMAT_VERSION,
        "tool": plan.tool,
        "started_at": report.started_at,
        "seconds": round(report.seconds, 3),
        "requests": report.requests,
        "project": plan.project,
        "environment": plan.target.environment,
        "target": {"endpoint": plan.target.endpoint, "identity": plan.target.identity, "api": plan.target.api},
        "source": {"manifests": plan.source.manifests, "commit": plan.source.commit, "dirty": plan.source.dirty},
        "mode": plan.mode,
        "plan_digest": report.plan_digest,
        "summary": plan.summary,
        "steps": [_step(result, declared.get(result.step.address)) for result in report.results],
        "totals": {state: report.count(state) for state in get_args(StepState)},
        "mismatches": list(report.mismatches),
        "interrupted": report.interrupted,
        "exit_code": report.exit_code,
    }


def _step(result: StepResult, declared: Location | None) -> dict[str, Any]:
    step = result.step
    return {
        "id": step.id,
        "address": str(step.address),
        "verb": step.verb,
        "method": step.method,
        "path": step.path,
        "state": result.state,
        "status": result.status,
        "request_id": result.request_id,
        "seconds": round(result.seconds, 3),
        "created_id": result.created_id,
        "error": result.error,
        "tip": result.tip,
        "notes": list(result.notes),
        "overtaken": result.overtaken,
        "location": location(declared),
    }
