"""Objects of a plan as Terraform's readers know resources: addresses, values before and after, what is unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.kinds import markers as m
from reconciler.kinds.registry import KINDS
from reconciler.model import Action, Address, Change, Plan, Tree
from reconciler.render import facts
from reconciler.render.escape import escape
from reconciler.render.values import SECRET

PROVIDER = "openmeter.io/reconciler/openmeter"
"""Host, namespace and type, as providers are named; there is none to install."""

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_PART = re.compile(r"\.?([^.\[\]]+)|\[([^\]]*)\]")
_VERSIONED = frozenset({"Plan", "Addon"})
_ENDS = frozenset({Action.ARCHIVE, Action.DELETE, Action.RELEASE})


@dataclass(frozen=True, slots=True)
class Name:
    """A resource: ``openmeter_plan.pro``; a key that is no identifier is an index: ``openmeter_plan.this["a b"]``."""

    type: str
    name: str
    address: str
    index: str | None = None


@dataclass(frozen=True, slots=True)
class Values:
    """One object on both sides. None: it is not there. ``unknown`` and the sensitive ones are trees of true."""

    before: dict[str, Any] | None
    after: dict[str, Any] | None
    unknown: dict[str, Any] = field(default_factory=dict)
    before_sensitive: dict[str, Any] | bool = False
    after_sensitive: dict[str, Any] | bool = False
    replace_paths: list[list[str | int]] = field(default_factory=list)
    ident: str | None = None


def name_of(address: Address) -> Name:
    """How an object is called there."""
    kind = f"openmeter_{_CAPITAL.sub('_', escape(address.kind)).lower()}"
    if _IDENTIFIER.fullmatch(address.key):
        return Name(kind, address.key, f"{kind}.{address.key}")
    quoted = escape(address.key).replace("\\", "\\\\").replace('"', '\\"')
    return Name(kind, "this", f'{kind}.this["{quoted}"]', escape(address.key))


def values_of(plan: Plan, change: Change) -> Values:
    """The object before and after, as completely as the plan tells."""
    ident = _ident(plan, change.address)
    found = next((one for one in plan.contents if one.address == change.address), None)
    old, new = (found.before, found.after) if found else _from_fields(change)
    before = None if change.action is Action.CREATE else _whole(change, old, change.before_version, ident)
    after = None if change.action in _ENDS else _whole(change, new or {}, change.after_version, ident)
    unknown: dict[str, Any] = {}
    if after is not None and _makes_another(change):
        after.pop("id", None)
        unknown = {"id": True}
    return Values(
        before,
        after,
        unknown,
        _sensitive(change.address.kind, before),
        _sensitive(change.address.kind, after),
        [_steps(one.path) for one in change.fields if one.forces == "replace"],
        ident,
    )


def _ident(plan: Plan, address: Address) -> str | None:
    """The id of the live object: of the version that is archived, not of a draft that goes with it."""
    steps = [step for step in plan.steps if step.address == address and step.target_id]
    archived = [step for step in steps if step.verb == "archive"]
    return next((step.target_id for step in (*archived, *steps)), None)


def _makes_another(change: Change) -> bool:
    """Whether the server will give what comes an id of its own: also a further version has one."""
    return change.action in (Action.CREATE, Action.REPLACE, Action.NEW_VERSION)


def _whole(change: Change, spec: Mapping[str, Tree], version: int | None, ident: str | None) -> dict[str, Any]:
    known: dict[str, Any] = {"key": change.address.key}
    if ident is not None and change.action is not Action.NEW_VERSION:
        known["id"] = ident
    if change.address.kind in _VERSIONED:
        known["version"] = version
    return {name: ordered(value) for name, value in sorted({**spec, **known}.items())}


def ordered(value: Any) -> Any:  # noqa: ANN401 - a tree
    """The same with the fields of every map sorted, as Terraform has them and a plan file too."""
    if isinstance(value, Mapping):
        return {name: ordered(item) for name, item in sorted(value.items())}
    return [ordered(item) for item in value] if isinstance(value, list | tuple) else value


def _from_fields(change: Change) -> tuple[dict[str, Tree], dict[str, Tree] | None]:
    """What the changed fields tell: all of what is created; of other objects the fields that differ, nested."""
    sides: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for one in change.fields:
        hidden = facts.is_secret(change.address.kind, one.path)
        for side, value in zip(sides, (one.before, one.after), strict=True):
            if value is not None or hidden:
                _put(side, one.path, SECRET if hidden else value)
    return sides


def _put(tree: dict[str, Any], path: str, value: Tree) -> None:
    """A value at its path; items of lists are named by their key, for nothing tells what stands around them."""
    *parents, last = _names(path)
    for name in parents:
        inner = tree.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        tree = inner
    tree[last] = value


def _names(path: str) -> list[str]:
    return [match[1] if match[1] is not None else match[2] for match in _PART.finditer(path)] or [path]


def _steps(path: str) -> list[str | int]:
    return [int(name) if name.isdigit() else name for name in _names(path)]


def _sensitive(kind: str, values: Mapping[str, Any] | None) -> dict[str, Any] | bool:
    """Which values are hidden: true for each, or false where there is no object."""
    if values is None:
        return False
    fields = KINDS[kind].shape.fields if kind in KINDS else {}
    return {name: True for name in values if name in fields and fields[name].has(m.Secret)}
