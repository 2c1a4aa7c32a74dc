"""Environments as JSON: as they are written, and what was found behind them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from reconciler.model import EnvironmentCheck, Policy
from reconciler.project import EnvironmentFacts
from reconciler.render.plain import location

FORMAT_VERSION = "1.0"


def listed(facts: Iterable[EnvironmentFacts]) -> str:
    """``env list``: every environment, no secret."""
    return _dumps([_facts(one) for one in facts])


def checked(found: Iterable[EnvironmentCheck]) -> str:
    """``env check``: every environment with what answers there."""
    return _dumps([_check(one) for one in found])


def _dumps(environments: list[dict[str, Any]]) -> str:
    document = {"format_version": FORMAT_VERSION, "environments": environments}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _facts(one: EnvironmentFacts) -> dict[str, Any]:
    declared = one.declared
    limits = declared.limits
    return {
        "name": one.name,
        "default": one.default,
        "description": declared.description,
        "endpoint": declared.endpoint,
        "api": declared.api,
        "extends": declared.extends,
        "promotesFrom": declared.promotes_from,
        "protected": declared.protected,
        "identity": declared.identity,
        "overlays": list(declared.overlays),
        "varFiles": list(declared.var_files),
        "prune": bool(declared.prune),
        "limits": {
            "maxChangesPercent": limits.max_changes_percent,
            "maxRemovals": limits.max_removals,
            "catalogWrites": limits.catalog_writes,
            "maxSubscribersAffected": limits.max_subscribers_affected,
            "maxBillIncreasePercent": limits.max_bill_increase_percent,
        },
        "policy": _policy(declared.policy),
        "credentials": [{"for": item.use, "source": item.source, "present": item.present} for item in one.credentials],
        "withheld": list(declared.withheld),
        "location": location(declared.location),
    }


def _policy(policy: Policy) -> dict[str, Any]:
    classes = {
        found.value: {"effect": needs.effect, "team": needs.team, "notice": needs.notice}
        for found, needs in sorted(policy.classes.items(), key=lambda item: item[0].rank)
    }
    rules = [{"name": rule.name, "when": rule.when, "effect": rule.effect, "team": rule.team} for rule in policy.rules]
    return {"classes": classes, "rules": rules}


def _check(one: EnvironmentCheck) -> dict[str, Any]:
    last = one.last_run
    return {
        "name": one.name,
        "endpoint": one.endpoint,
        "reachable": one.reachable,
        "error": one.error,
        "identity": one.identity,
        "pinned": one.pinned,
        "matches": one.matches,
        "protected": one.protected,
        "sameAs": list(one.same_as),
        "objects": {kind: dict(counts) for kind, counts in one.counts.items()},
        "foreignProjects": dict(one.others),
        "withheld": list(one.withheld),
        "requests": one.requests,
        "lastApply": {"startedAt": last.started_at, "steps": dict(last.states)} if last else None,
        "writtenTo": one.written_to,
        "notWritten": one.not_written,
        "exitCode": one.exit_code,
    }
