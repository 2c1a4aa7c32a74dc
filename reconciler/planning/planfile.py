"""The saved plan: canonical JSON with two digests. Format: ``schemas/plan.json``, described in ``cli.md``.

``change_digest`` covers what would be done and to whom, so that it is the same for the same change planned twice;
``digest`` covers the whole file and detects damage, not forgery.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import simplejson

from reconciler.errors import ForeignPlanError, PlanFileError
from reconciler.model import (
    Action,
    Address,
    Change,
    FieldChange,
    Guard,
    Location,
    Plan,
    Problem,
    Scheduled,
    Sighting,
    SourceDocument,
    Step,
)
from reconciler.planning import affectedfile, contents, impactfile, planreading, policyfile, rehearsalfile, reratedfile
from reconciler.planning.digest import sha256

FORMAT_VERSION = "1.0"
_APART = ("frozen", "price-test", "notice")
"""Guards that are not about what would be done; those of a policy's own rules (``policy.NAME``) are not either."""


def dumps(plan: Plan) -> str:
    """The plan as a file: sorted keys, two spaces, one newline at the end. Never holds a secret."""
    return simplejson.dumps(tree(plan), indent=2, sort_keys=True, use_decimal=True, ensure_ascii=False) + "\n"


def tree(plan: Plan) -> dict[str, Any]:
    """The plan as plain values, digests included."""
    body = _body(plan)
    if plan.rehearsal is not None:
        body["rehearsal"] = rehearsalfile.tree(plan.rehearsal)
    if plan.impacts:
        body["impacts"] = [impactfile.tree(impact) for impact in plan.impacts]
    if plan.curves:
        body["curves"] = [impactfile.curve_tree(curve) for curve in plan.curves]
    if plan.affected:
        body["affected"] = [affectedfile.tree(one) for one in plan.affected]
    if plan.rerated:
        body["rerated"] = [reratedfile.tree(one) for one in plan.rerated]
    if plan.policy:
        body["policy"] = [policyfile.tree(one) for one in plan.policy]
    if plan.contents:
        body["contents"] = [contents.tree(one) for one in plan.contents]
    body["change_digest"] = change_digest(plan)
    body["digest"] = sha256(body)
    return body


def digest(plan: Plan) -> str:
    """SHA-256 over the whole file, without itself."""
    return str(tree(plan)["digest"])


def change_digest(plan: Plan) -> str:
    """SHA-256 over target identity, changes, steps and guards.

    Without times, commit, tool version, source lines, unrelated observations, the rehearsal and bills; without freeze
    windows, which come and go, price tests, which change nothing, and what the policy says; and whether or not anybody
    has consented yet: what was reviewed and what is applied afterwards, with consent, is one change with one digest.
    """
    changes = [_content(change) for change in plan.changes if change.action is not Action.NO_CHANGE]
    guards = sorted([guard.code, str(guard.address or "")] for guard in _own(plan))
    return sha256(
        {
            "identity": plan.target.identity or plan.target.endpoint,
            "project": plan.project,
            "mode": plan.mode,
            "changes": changes,
            "steps": [_step(step) for step in plan.steps],
            "guards": guards,
        }
    )


def guard_names(plan: Plan) -> tuple[str, ...]:
    """The guards that the change digest covers, as ``CODE:KIND/KEY``, each once."""
    return tuple(dict.fromkeys(guard.name for guard in _own(plan)))


def _own(plan: Plan) -> Iterator[Guard]:
    return (guard for guard in plan.guards if not is_apart(guard))


def is_apart(guard: Guard) -> bool:
    """Whether a guard is not about what would be done, so that the change digest leaves it out."""
    return guard.code in _APART or guard.code.startswith("policy.")


def object_digest(plan: Plan, address: Address) -> str:
    """SHA-256 over what happens to one object: its change and its steps, without locations, notes and order.

    The same whatever else the plan does: an approval names it to hold for exactly this change and no other, whether it
    comes by apply, promote or rollback.
    """
    changes = [_content(change) for change in plan.changes if change.address == address]
    steps = [_step(step) for step in plan.steps if step.address == address]
    for step in steps:
        step.pop("after")
    mode = "apply" if plan.mode in ("promote", "rollback") else plan.mode
    return sha256({"project": plan.project, "mode": mode, "changes": changes, "steps": steps})


def _content(change: Change) -> dict[str, Any]:
    """A change without where it stands and what is remarked on it."""
    tree = change_tree(change)
    tree.pop("location")
    tree.pop("notes")
    for field in tree["fields"]:
        field.pop("location", None)
        field.pop("shared", None)
    return tree


def _body(plan: Plan) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "tool": plan.tool,
        "created_at": plan.created_at,
        "valid_until": plan.valid_until,
        "project": plan.project,
        "environment": plan.target.environment,
        "target": {"endpoint": plan.target.endpoint, "identity": plan.target.identity, "api": plan.target.api},
        "source": {
            "manifests": plan.source.manifests,
            "commit": plan.source.commit,
            "dirty": plan.source.dirty,
            "bundle": plan.source.bundle,
            "promoted_from": plan.source.promoted_from,
            "revision": plan.source.revision,
            "snapshot": plan.source.snapshot,
            "snapshot_at": plan.source.snapshot_at,
        },
        "complete": plan.complete,
        "mode": plan.mode,
        "write_secrets": plan.write_secrets,
        "not_before": _instant(plan.not_before) if plan.not_before else None,
        "changes": [change_tree(change) for change in plan.changes],
        "shared": [
            {**_document(shared), "changes": [str(address) for address in hit]} for shared, hit in plan.shared.items()
        ],
        "steps": [_step(step) for step in plan.steps],
        "observed": [_sighting(sighting) for sighting in plan.observed],
        "guards": [_guard(guard) for guard in plan.guards],
        "warnings": [_warning(problem) for problem in plan.warnings],
        "scheduled": [_scheduled(item) for item in plan.scheduled],
        "summary": plan.summary,
        "errored": False,
    }


def change_tree(change: Change) -> dict[str, Any]:
    """A change as plain values."""
    return {
        "address": str(change.address),
        "kind": change.address.kind,
        "key": change.address.key,
        "action": change.action.value,
        "actions": list(change.actions),
        "class": change.change_class.value if change.change_class else None,
        "classes": [item.value for item in change.classes],
        "reasons": list(change.reasons),
        "fields": [field_tree(field) for field in change.fields],
        "location": _location(change.location),
        "title": change.title,
        "notes": list(change.notes),
        "unchanged": change.unchanged,
        "before_version": change.before_version,
        "after_version": change.after_version,
    }


def field_tree(field: FieldChange) -> dict[str, Any]:
    """A field that differs as plain values."""
    found: dict[str, Any] = {"path": field.path, "before": field.before, "after": field.after}
    extras = {"currency": field.currency, "note": field.note, "forces": field.forces}
    found |= {name: value for name, value in extras.items() if value is not None}
    if field.location is not None:
        found["location"] = _location(field.location)
    if field.shared is not None:
        found["shared"] = _document(field.shared)
    return found


def _document(found: SourceDocument) -> dict[str, Any]:
    return {"address": str(found.address), "location": _location(found.location)}


def _location(location: Location | None) -> dict[str, Any] | None:
    return {"file": location.file, "line": location.line, "column": location.column} if location else None


def _step(step: Step) -> dict[str, Any]:
    return {
        "id": step.id,
        "address": str(step.address),
        "verb": step.verb,
        "method": step.method,
        "path": step.path,
        "body": step.body,
        "after": list(step.after),
        "target_id": step.target_id,
        "may_refuse": step.may_refuse,
    }


def _sighting(sighting: Sighting) -> dict[str, Any]:
    return {
        "address": str(sighting.address),
        "fingerprint": sighting.fingerprint,
        "absent": sighting.absent,
        "note": sighting.note,
    }


def _guard(guard: Guard) -> dict[str, Any]:
    return {
        "code": guard.code,
        "address": str(guard.address) if guard.address else None,
        "message": guard.message,
        "consentable": guard.consentable,
        "status": guard.status,
        "consent": guard.consent,
        "change": guard.change,
        "team": guard.team,
        "location": _location(guard.location),
    }


def _warning(problem: Problem) -> dict[str, Any]:
    return {
        "rule": problem.rule,
        "message": problem.message,
        "location": _location(problem.location),
        "address": str(problem.address) if problem.address else None,
    }


def _scheduled(item: Scheduled) -> dict[str, Any]:
    return {"address": str(item.address), "at": _instant(item.at), "location": _location(item.location)}


def _instant(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def loads(text: str) -> Plan:
    """Read a saved plan.

    Raises ``PlanFileError`` for what is no plan, ``ForeignPlanError`` for a newer major format and for a file that
    was damaged or edited (its digest does not match).
    """
    try:
        body = simplejson.loads(text, use_decimal=True)
    except RecursionError:
        raise PlanFileError("this is not a plan file: it is nested too deeply") from None
    except ValueError as error:
        raise PlanFileError(f"this is not a plan file: {error}") from None
    if not isinstance(body, dict) or not isinstance(body.get("format_version"), str):
        raise PlanFileError("this is not a plan file: it has no `format_version`")
    _check_version(body["format_version"])
    stated = body.pop("digest", None)
    if stated != sha256(body):
        raise _damaged("digest")
    try:
        plan = planreading.read(body)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PlanFileError(f"this is not a plan file: {type(error).__name__} at {error}") from None
    if change_digest(plan) != body.get("change_digest"):
        raise _damaged("change digest")
    return plan


def loads_named(name: str, text: str) -> Plan:
    """The same of a file, which every error names."""
    try:
        return loads(text)
    except (PlanFileError, ForeignPlanError) as error:
        raise type(error)(f"{name}: {error.message}", tip=error.tip, reason=error.reason) from None


def _damaged(what: str) -> ForeignPlanError:
    message = f"the plan file was changed after it was made (its {what} does not match)"
    return ForeignPlanError(message, reason="plan-damaged")


def _check_version(version: str) -> None:
    major = version.partition(".")[0]
    if major != FORMAT_VERSION.partition(".")[0]:
        raise ForeignPlanError(
            f"the plan file has format {version}; this reconciler reads {FORMAT_VERSION}",
            tip="use the version of reconciler that made it, or make a new plan",
        )
