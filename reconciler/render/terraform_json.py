"""A plan in the shape of ``terraform show -json``: policies for conftest and OPA and viewers of plans read it as it is.

Source: Terraform's documentation, *JSON Output Format*, format 1.2. How our actions are told there:

====================  =======================================================================================
create                ``["create"]``
update                ``["update"]``
new version           ``["update"]``: the object stays, ``version`` moves, existing subscriptions keep theirs
replace               ``["delete", "create"]`` or ``["create", "delete"]``, in the order in which it is done
archive, delete       ``["delete"]``; our own left-over draft beside something active is a ``deposed`` object
adopt                 ``["update"]`` or ``["no-op"]``, with ``importing``
release               ``["forget"]``: it stays as it is, and is no longer managed
====================  =======================================================================================

``before`` and ``after`` are the objects' specs as a manifest has them, with ``key``, ``id`` and ``version``. Only what
the plan changes is there, for a plan does not know the rest whole. What Terraform has no word for (class, guards,
bills, how much is as declared) stands under ``reconciler``, by the same addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import simplejson

from reconciler.model import Action, Change, Guard, Plan
from reconciler.render import terraform_facts
from reconciler.render.escape import escape
from reconciler.render.terraform_values import PROVIDER, Name, Values, name_of, values_of

FORMAT_VERSION = "1.2"
STATE_VERSION = "1.0"
TERRAFORM_VERSION = "1.9.8"
"""The release whose shape this is; readers ask for one. What made the plan is ``reconciler.tool``."""

_ACTIONS: dict[Action, tuple[str, ...]] = {
    Action.CREATE: ("create",),
    Action.UPDATE: ("update",),
    Action.NEW_VERSION: ("update",),
    Action.ARCHIVE: ("delete",),
    Action.DELETE: ("delete",),
    Action.RELEASE: ("forget",),
}
_REMOVES = frozenset({"archive", "delete"})


def dumps(plan: Plan) -> str:
    """The document in ASCII on one line, as Terraform prints it: some readers take no more than a line."""
    return simplejson.dumps(tree(plan), separators=(",", ":"), use_decimal=True, ensure_ascii=True) + "\n"


def tree(plan: Plan) -> dict[str, Any]:
    """The document as plain values."""
    changes = [change for change in plan.changes if change.action is not Action.NO_CHANGE]
    every = [(change, name_of(change.address), values_of(plan, change)) for change in changes]
    return {
        "format_version": FORMAT_VERSION,
        "terraform_version": TERRAFORM_VERSION,
        "planned_values": {"root_module": _module(_after(every))},
        "resource_changes": [_resource_change(*one) for one in every],
        "output_changes": {},
        "prior_state": {
            "format_version": STATE_VERSION,
            "terraform_version": TERRAFORM_VERSION,
            "values": {"root_module": _module(_before(every))},
        },
        "configuration": _configuration(plan, [name for change, name, _ in every if _is_declared(change)]),
        "checks": [*_checks(plan)],
        "timestamp": plan.created_at,
        "applyable": not (plan.is_empty or plan.open_guards or plan.source.snapshot),
        "complete": plan.complete,
        "errored": False,
        "reconciler": terraform_facts.tree(plan),
    }


def _resource_change(change: Change, name: Name, values: Values) -> dict[str, Any]:
    told: dict[str, Any] = {
        "actions": list(actions(change)),
        "before": values.before,
        "after": values.after,
        "after_unknown": values.unknown,
        "before_sensitive": values.before_sensitive,
        "after_sensitive": values.after_sensitive,
    }
    if change.action is Action.REPLACE:
        told["replace_paths"] = values.replace_paths
    if change.action is Action.ADOPT:
        told["importing"] = {"id": values.ident or ""}
    found = {**_resource(name), "change": told}
    if "draft_not_wanted" in change.reasons:
        found["deposed"] = "draft"
    if reason := _reason(change):
        found["action_reason"] = reason
    return found


def actions(change: Change) -> tuple[str, ...]:
    """What a policy looks for: every form that removes something live has ``delete`` in it."""
    match change.action:
        case Action.REPLACE:
            first = change.actions[0] if change.actions else "delete"
            return ("create", "delete") if first == "create" else ("delete", "create")
        case Action.UPDATE | Action.ADOPT if _REMOVES & set(change.actions):
            return ("create", "delete")  # the successor is there already, what it replaces is deleted now
        case Action.ADOPT:
            return ("update",) if change.fields else ("no-op",)
        case _:
            return _ACTIONS[change.action]


def _reason(change: Change) -> str | None:
    """Terraform's own keyword where it has one."""
    found = actions(change)
    if len(found) > 1:
        return "replace_because_cannot_update"
    return "delete_because_no_resource_config" if found == ("delete",) and _is_gone(change) else None


def _is_gone(change: Change) -> bool:
    return bool({"removed_from_manifests", "declared_absent", "declared_archived", "destroyed"} & set(change.reasons))


def _is_declared(change: Change) -> bool:
    return change.action not in (Action.ARCHIVE, Action.DELETE, Action.RELEASE)


def _resource(name: Name) -> dict[str, Any]:
    found: dict[str, Any] = {
        "address": name.address,
        "mode": "managed",
        "type": name.type,
        "name": name.name,
        "provider_name": PROVIDER,
    }
    if name.index is not None:
        found["index"] = name.index
    return found


Told = tuple[Change, Name, Values]


def _module(resources: Iterator[dict[str, Any]]) -> dict[str, Any]:
    found = list(resources)
    return {"resources": found} if found else {}


def _before(every: list[Told]) -> Iterator[dict[str, Any]]:
    for _, name, values in every:
        if values.before is not None:
            yield {**_resource(name), "schema_version": 0, **_state(values.before, values.before_sensitive)}


def _after(every: list[Told]) -> Iterator[dict[str, Any]]:
    for _, name, values in every:
        if values.after is not None:
            yield {**_resource(name), "schema_version": 0, **_state(values.after, values.after_sensitive)}


def _state(values: Mapping[str, Any], sensitive: Any) -> dict[str, Any]:  # noqa: ANN401 - false, or a tree of true
    return {"values": values, "sensitive_values": sensitive or {}}


def _configuration(plan: Plan, names: list[Name]) -> dict[str, Any]:
    """What is declared, by address; what it says stands in ``planned_values``."""
    provider = {
        "name": "openmeter",
        "full_name": PROVIDER,
        "expressions": {"endpoint": {"constant_value": plan.target.endpoint}},
    }
    resources = [
        {
            "address": name.address if name.index is None else f"{name.type}.{name.name}",
            "mode": "managed",
            "type": name.type,
            "name": name.name,
            "provider_config_key": "openmeter",
            "expressions": {},
            "schema_version": 0,
        }
        for name in names
    ]
    return {"provider_config": {"openmeter": provider}, "root_module": {"resources": resources} if resources else {}}


def _checks(plan: Plan) -> Iterator[dict[str, Any]]:
    """Guards as Terraform tells its own conditions: one check per object, failed while one of them is open."""
    changed = {change.address for change in plan.changes}
    grouped: dict[str, list[Guard]] = {}
    for guard in plan.guards:
        own = guard.address is not None and guard.address in changed
        grouped.setdefault(str(guard.address) if own else guard.name, []).append(guard)
    for name, guards in grouped.items():
        first = guards[0]
        told: dict[str, Any] = {"kind": "check", "name": escape(name), "to_display": f"check.{escape(name)}"}
        if first.address is not None and first.address in changed:
            at = name_of(first.address)
            told = {"kind": "resource", "mode": "managed", "type": at.type, "name": at.name, "to_display": at.address}
        problems = [{"message": guard.message} for guard in guards if guard.status == "open"]
        status = "fail" if problems else "pass"
        instance: dict[str, Any] = {"address": {"to_display": told["to_display"]}, "status": status}
        yield {
            "address": told,
            "status": status,
            "instances": [instance | ({"problems": problems} if problems else {})],
        }
