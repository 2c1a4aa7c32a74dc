"""A copy in memory of what was observed, to try a plan on: the sandbox, filled with the live bodies.

No live secret goes into it: each is replaced by a value of its form that stands for it.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from reconciler.kinds import markers as m
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired, Observation, Observed, Plan, Tree
from reconciler.sandbox import Sandbox

_COLLECTIONS = {
    "Meter": "meters",
    "Feature": "features",
    "Addon": "addons",
    "Plan": "plans",
    "NotificationChannel": "channels",
    "NotificationRule": "rules",
    "BillingProfile": "profiles",
}
_LONG_AGO = "2000-01-01T00:00:00Z"

Body = dict[str, Any]


def stand_in(name: str) -> str:
    """A value of the form of a signing secret, always the same for the same name and secret to nobody."""
    return "whsec_" + b64encode(sha256(name.encode()).digest()).decode()


def stand_in_for(source: Mapping[str, Tree]) -> str:
    """A value in place of the one that a secret source would give; the source is not read."""
    return stand_in(json.dumps(source, sort_keys=True))


def likeness(observation: Observation, desired: Desired, plan: Plan) -> Sandbox:
    """A sandbox that shows what was observed. ``plan`` tells which tax codes there have to be."""
    sandbox = Sandbox(":memory:")
    subscribed, pinned = _counted(observation, "subscribers"), _counted(observation, "overrides")
    sandbox.restore(_bodies(observation, desired, plan), subscribed=subscribed, pinned=pinned)
    return sandbox


def _counted(observation: Observation, topic: str) -> list[str]:
    """What was asked about under a topic and has anybody."""
    answers = observation.answers.items()
    return sorted(asked.key for asked, count in answers if asked.topic == topic and isinstance(count, int) and count)


def _bodies(observation: Observation, desired: Desired, plan: Plan) -> dict[str, list[Body]]:
    plain = _plain_texts(desired)
    bodies = {
        collection: [_masked(row, plain) for row in observation.objects.get(kind, ())]
        for kind, collection in _COLLECTIONS.items()
    }
    for address, version in observation.last_versions.items():
        shown = (row.version or 0 for row in observation.objects.get(address.kind, ()) if row.key == address.key)
        if version > max(shown, default=0):
            bodies[_COLLECTIONS[address.kind]].append(_deleted(address, version))
    bodies["plan_addons"] = [*_assignments(observation)]
    bodies["apps"] = [dict(app) for app in observation.apps]
    # API v1 shows no tax codes: those that the plan names by id are taken to be there.
    bodies["tax_codes"] = [{"id": ident} for ident in dict.fromkeys(_tax_codes([step.body for step in plan.steps]))]
    return bodies


def _plain_texts(desired: Desired) -> frozenset[Tree]:
    """What stands in a manifest is no secret, even where a secret might stand."""
    return frozenset(
        value
        for resource in desired.resources.values()
        for name in _secret_fields(resource.address.kind)
        if isinstance(values := resource.spec.get(name), Mapping)
        for value in values.values()
        if isinstance(value, str)
    )


def _secret_fields(kind: str) -> tuple[str, ...]:
    return tuple(name for name, field in KINDS[kind].shape.fields.items() if field.has(m.Secret))


def _masked(row: Observed, plain: frozenset[Tree]) -> Body:
    body = dict(row.wire)
    for name in _secret_fields(row.kind):
        value = body.get(name)
        if isinstance(value, Mapping):
            body[name] = {key: item if item in plain else stand_in(f"{row.id}/{key}") for key, item in value.items()}
        elif value is not None:
            body[name] = stand_in(row.id)
    return body


def _deleted(address: Address, version: int) -> Body:
    """A deleted version, of which only the number is known: the server never gives it out again."""
    ident = sha256(f"{address}/{version}".encode()).hexdigest()[:24].upper()
    times = dict.fromkeys(("createdAt", "updatedAt", "effectiveFrom", "effectiveTo", "deletedAt"), _LONG_AGO)
    own = {"id": f"00{ident}", "key": address.key, "version": version, "status": "archived", "name": address.key}
    return {**own, **times, "currency": "USD", "phases": [], "rateCards": [], "instanceType": "single"}


def _assignments(observation: Observation) -> Iterator[Body]:
    for plan in observation.objects.get("Plan", ()):
        for item in plan.assignments or ():
            quantity = {} if item.max_quantity is None else {"maxQuantity": item.max_quantity}
            own = {"addon": {"id": item.addon_id}, "fromPlanPhase": item.from_phase, **quantity}
            yield {"planId": plan.id, **own, **({"metadata": dict(item.metadata)} if item.metadata else {})}


def _tax_codes(tree: object) -> Iterator[str]:
    """The ids of tax codes anywhere in a tree."""
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            if name == "taxCodeId" and isinstance(value, str):
                yield value
            else:
                yield from _tax_codes(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _tax_codes(value)
