"""What is touched and what it depends on: from a plan's steps, and from what its objects name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from reconciler.kinds import markers as m
from reconciler.kinds.references import references
from reconciler.kinds.registry import KINDS
from reconciler.model import Action, Address, Change, FieldChange, Plan, Step, Tree
from reconciler.render import facts

MOST = 60
"""So many touched objects are drawn: nobody follows the lines of more."""

_REF = re.compile(r"\{(?P<address>[^{}#]+/[^{}#]+)#id\}")

Edge = tuple[Address, Address]
"""From what comes first to what needs it."""


@dataclass(frozen=True, slots=True)
class Graph:
    """``touched`` are drawn, ``around`` stand for what they need and is not touched itself (several in one box).

    ``named`` are the edges where one object names the other, ``ordered`` those that only say which step comes first.
    ``alone`` have no edge; ``left_out`` says how many touched objects there is no room for.
    """

    touched: tuple[Change, ...]
    around: tuple[tuple[Address, ...], ...]
    named: tuple[Edge, ...]
    ordered: tuple[Edge, ...]
    alone: tuple[Address, ...]
    left_out: int


def graph(plan: Plan, most: int = MOST) -> Graph:
    """The graph of a plan: of many objects, those whose change is gravest."""
    every = {change.address: change for change in plan.changes if change.action is not Action.NO_CHANGE}
    named = _named(plan)
    ordered = _ordered(plan.steps) - named - {(other, one) for one, other in named}
    connected = {address for edge in named | ordered for address in edge}
    alone = tuple(address for address in every if address not in connected)
    shown = _gravest([change for change in every.values() if change.address in connected], most)
    kept = {change.address for change in shown}
    named = {edge for edge in named if edge[1] in kept and (edge[0] in kept or edge[0] not in every)}
    ordered = {edge for edge in ordered if edge[0] in kept and edge[1] in kept}
    around = _around(named, kept)
    first = {address: group[0] for group in around for address in group}
    folded = {(first.get(one, one), other) for one, other in named}
    left_out = len(every) - len(alone) - len(shown)
    return Graph(shown, around, tuple(sorted(folded)), tuple(sorted(ordered)), alone, left_out)


def _gravest(changes: list[Change], most: int) -> tuple[Change, ...]:
    grave = sorted(changes, key=lambda change: -(change.change_class.rank if change.change_class else 0))[:most]
    chosen = {change.address for change in grave}
    return tuple(change for change in changes if change.address in chosen)


def _around(named: Set[Edge], kept: Set[Address]) -> tuple[tuple[Address, ...], ...]:
    """What is named and not touched; what the same objects name is one group per kind."""
    users: dict[Address, set[Address]] = {}
    for one, other in named:
        if one not in kept:
            users.setdefault(one, set()).add(other)
    groups: dict[tuple[str, frozenset[Address]], list[Address]] = {}
    for address in sorted(users):
        groups.setdefault((address.kind, frozenset(users[address])), []).append(address)
    return tuple(map(tuple, groups.values()))


def _ordered(steps: tuple[Step, ...]) -> set[Edge]:
    by_id = {step.id: step.address for step in steps}
    pairs = ((by_id[before], step.address) for step in steps for before in step.after if before in by_id)
    return {(one, other) for one, other in pairs if one != other}


def _named(plan: Plan) -> set[Edge]:
    """What objects name: in the bodies that are sent, in the add-ons that are attached, in the fields that change."""
    known = {sighting.address for sighting in plan.observed} | {change.address for change in plan.changes}
    found = {(named, step.address) for step in plan.steps for named in _of_step(step)}
    found |= {
        (named, change.address)
        for change in plan.changes
        for field in change.fields
        for named in _of_field(change, field)
    }
    return {(one, other) for one, other in found if one in known and one != other}


def _of_step(step: Step) -> Iterator[Address]:
    body: Mapping[str, Tree] = step.body or {}
    if step.address.kind in KINDS:
        yield from (named for _, named in references(KINDS[step.address.kind].shape, body))
    yield from _ids(body)
    if step.verb in ("attach", "reattach"):
        yield Address("Addon", step.id.rpartition(":")[2])


def _ids(value: Tree) -> Iterator[Address]:
    """``{"$ref": "Feature/tokens#id"}``, wherever it stands."""
    match value:
        case {"$ref": str(text)}:
            found = _REF.fullmatch(f"{{{text}}}")
            if found:
                yield Address.parse(found["address"])
        case Mapping():
            for entry in value.values():
                yield from _ids(entry)
        case list() | tuple():
            for entry in value:
                yield from _ids(entry)


def _of_field(change: Change, field: FieldChange) -> Iterator[Address]:
    """What the new value of a field names."""
    ref = facts.marker_at(change.address.kind, field.path, m.Ref)
    values = field.after if isinstance(field.after, list | tuple) else (field.after,)
    if ref is not None:
        yield from (Address(ref.kind, value) for value in values if isinstance(value, str))
