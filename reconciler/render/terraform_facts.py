"""What a plan tells that Terraform has no word for, beside its shape: classes, guards, bills, digests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reconciler.model import Amounts, Change, FieldChange, Guard, Impact, Plan, Ruling, exact_number
from reconciler.planning import planfile
from reconciler.render import facts
from reconciler.render.plain import location
from reconciler.render.terraform_values import name_of, ordered
from reconciler.render.values import SECRET

FORMAT_VERSION = "1.0"


def tree(plan: Plan) -> dict[str, Any]:
    """The facts; ``changes`` are by the addresses of ``resource_changes``."""
    return {
        "format_version": FORMAT_VERSION,
        "tool": plan.tool,
        "project": plan.project,
        "environment": plan.target.environment,
        "endpoint": plan.target.endpoint,
        "identity": plan.target.identity,
        "mode": plan.mode,
        "commit": plan.source.commit,
        "dirty": plan.source.dirty,
        "snapshot": plan.source.snapshot,
        "snapshot_at": plan.source.snapshot_at,
        "valid_until": plan.valid_until,
        "change_digest": planfile.change_digest(plan),
        "summary": plan.summary,
        "changes": {name_of(change.address).address: _change(change) for change in plan.changes},
        "guards": [_guard(guard) for guard in plan.guards],
        "policy": [_ruling(ruling) for ruling in plan.policy],
        "impacts": [_impact(impact) for impact in plan.impacts],
        "affected": [
            {"address": name_of(one.plan).address, "subscriptions": one.subscriptions} for one in plan.affected
        ],
        "warnings": [
            {"rule": one.rule, "message": one.message, "location": location(one.location)} for one in plan.warnings
        ],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "address": str(change.address),
        "kind": change.address.kind,
        "key": change.address.key,
        "action": change.action.value,
        "class": change.change_class.value if change.change_class else None,
        "classes": [found.value for found in change.classes],
        "reasons": list(change.reasons),
        "title": change.title,
        "notes": list(change.notes),
        "before_version": change.before_version,
        "after_version": change.after_version,
        "location": location(change.location),
        "fields": [_field(change, field) for field in change.fields],
    }


def _field(change: Change, field: FieldChange) -> dict[str, Any]:
    """``percent`` is a number of a price that rises or falls, null where there is nothing to compare."""
    hidden = facts.is_secret(change.address.kind, field.path)
    before, after = (SECRET if hidden and value is not None else value for value in (field.before, field.after))
    old, new = exact_number(field.before), exact_number(field.after)
    return {
        "path": field.path,
        "before": ordered(before),
        "after": ordered(after),
        "currency": field.currency,
        "percent": _percent(old, new) if field.currency else None,
        "note": field.note,
        "location": location(field.location),
    }


def _percent(before: Decimal | None, after: Decimal | None) -> Decimal | None:
    if before is None or after is None or before == 0:
        return None
    return round((after - before) / abs(before) * 100, 1)


def _guard(guard: Guard) -> dict[str, Any]:
    return {
        "name": guard.name,
        "code": guard.code,
        "address": name_of(guard.address).address if guard.address else None,
        "message": guard.message,
        "consentable": guard.consentable,
        "status": guard.status,
        "consent": guard.consent,
        "team": guard.team,
    }


def _ruling(ruling: Ruling) -> dict[str, Any]:
    return {
        "rule": ruling.rule,
        "effect": ruling.effect,
        "address": name_of(ruling.address).address if ruling.address else None,
        "message": ruling.message,
        "status": ruling.status,
        "team": ruling.team,
        "unblock": ruling.unblock,
    }


def _impact(impact: Impact) -> dict[str, Any]:
    return {
        "address": name_of(impact.plan).address,
        "customer": impact.customer,
        "currency": impact.currency,
        "period": impact.period,
        "each": _amounts(impact.each),
        "yearly": _amounts(impact.yearly),
    }


def _amounts(found: Amounts | None) -> dict[str, str] | None:
    return {"before": f"{found.before:f}", "after": f"{found.after:f}"} if found else None
