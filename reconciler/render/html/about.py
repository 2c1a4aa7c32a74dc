"""Which plan this is: digests, target, commit, and how long it is good for."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import Plan
from reconciler.planning import planfile


def facts(plan: Plan) -> tuple[tuple[str, str], ...]:
    """What identifies the plan, as name and value; what it does not know is left out."""
    return tuple((name, value) for name, value in _facts(plan) if value)


def _facts(plan: Plan) -> Iterator[tuple[str, str]]:
    source, target = plan.source, plan.target
    yield "Change digest", planfile.change_digest(plan)
    yield "Plan digest", planfile.digest(plan)
    yield "Environment", target.environment
    yield "Address", target.endpoint
    yield "Namespace", target.identity or ""
    yield "Project", plan.project
    yield "Commit", f"{source.commit or ''}{_dirty(source.dirty)}"
    yield "Gone back to", source.revision or ""
    yield "Bundle", source.bundle or ""
    yield "Promoted from", source.promoted_from or ""
    yield "Manifests", source.manifests
    yield "Snapshot", source.snapshot or ""
    yield "Secrets", "written again" if plan.write_secrets else ""
    yield "Made", plan.created_at
    yield "Valid until", plan.valid_until
    yield "Made by", plan.tool


def _dirty(dirty: bool | None) -> str:
    return {True: ", with uncommitted changes", False: "", None: ""}[dirty]
