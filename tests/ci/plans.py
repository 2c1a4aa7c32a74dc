"""Plans to comment on, small and made up, and what commands write beside them."""

from __future__ import annotations

import json
from dataclasses import replace

from reconciler.ci.given import File, gather
from reconciler.model import (
    Action,
    Address,
    Change,
    ChangeClass,
    FieldChange,
    Guard,
    Location,
    Plan,
    PlanSource,
    Step,
    Target,
)
from reconciler.planning import planfile


def raised(key="pro", new="0.0000025"):
    return Change(
        Address("Plan", key),
        Action.NEW_VERSION,
        ("create", "publish"),
        (ChangeClass.PRICE_RAISING,),
        ("active_plan_is_immutable",),
        (
            FieldChange(
                "phases[main].rateCards[tokens].price.amount",
                "0.000002",
                new,
                Location("catalog/ratecards.yaml", 10, 3),
                "USD",
            ),
        ),
        Location("catalog/plans.yaml", 4, 1),
        f"Plan/{key} will be published as version 5",
    )


def renamed(key="sso", size=1):
    return Change(
        Address("Plan", key),
        Action.UPDATE,
        ("update",),
        (ChangeClass.COSMETIC,),
        fields=(FieldChange("description", f"{key} " * size, f"{key}! " * size, Location("catalog/plans.yaml", 9, 3)),),
        location=Location("catalog/plans.yaml", 8, 1),
        title=f"Plan/{key} will be updated in place",
    )


def plan(*changes, environment="production", team=None):
    """A plan of these changes; those that need consent have a guard of a team."""
    return Plan(
        target=Target(environment, f"https://{environment}.example", f"01J9{environment}"),
        project="acme",
        changes=changes,
        steps=tuple(
            Step(f"s{at}", change.address, "create", "POST", "/api/v1/plans", {"key": change.address.key})
            for at, change in enumerate(changes)
        ),
        guards=tuple(
            Guard(str(change.change_class), change.address, "needs a decision", True, team=team)
            for change in changes
            if change.change_class.rank > ChangeClass.ADDITIVE.rank
        ),
        unchanged=12,
        source=PlanSource("abc", "4e1c0d99", False),
        created_at="2026-11-21T10:00:00Z",
        valid_until="2026-11-24T10:00:00Z",
        tool="reconciler 0.1.0",
    )


def consented(made, by="team"):
    """The same change after somebody consented."""
    return replace(made, guards=tuple(replace(one, status="consented", consent=by) for one in made.guards))


def file(made, name="x.plan"):
    return File(name, planfile.dumps(made))


def summary(environment, code=1, said="no", error="no", reason="manifests-invalid"):
    turn = {"environment": environment, "exit_code": code, "said": said, "error": error, "reason": reason}
    tree = {"format_version": "1.0", "shard": None, "environments": [turn | {"result": None}], "exit_code": code}
    return File("summary.json", json.dumps(tree))


def report(environment, *states, code=0):
    steps = [
        {"id": f"s{at}", "address": f"Plan/p{at}", "state": state, "error": "400 no" if state == "failed" else None}
        for at, state in enumerate(states)
    ]
    return File("report.json", json.dumps({"environment": environment, "steps": steps, "exit_code": code}))


def made(*plans, reports=(), summaries=()):
    return gather([file(one) for one in plans], reports, summaries)
