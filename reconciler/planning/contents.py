"""What the objects that a plan changes hold before and after: for readers who judge whole objects, not differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from reconciler.kinds.registry import KINDS
from reconciler.model import Action, Address, Change, Contents, Desired, Observation, Observed, Plan, Resource, Tree
from reconciler.planning import couplings, paths
from reconciler.planning.assignments import offers
from reconciler.planning.compare import compare, without_choices, without_chosen
from reconciler.planning.options import PlanOptions
from reconciler.planning.secrets import hide
from reconciler.planning.work import Work

_ENDS = frozenset({Action.ARCHIVE, Action.DELETE, Action.RELEASE})
_IN_PLACE = frozenset({"mutable", "singleton-default"})
_NEW = frozenset({Action.CREATE, Action.NO_CHANGE})
"""What is created is told whole by its fields."""


def contents(made: Plan, desired: Desired, observation: Observation, options: PlanOptions) -> tuple[Contents, ...]:
    """Of every change of what is live, in their order."""
    changes = [change for change in made.changes if change.action not in _NEW]
    if not changes:
        return ()
    work = Work(desired, observation, options)
    for resource in desired.resources.values():
        work.match(resource)
    owned = work.index.owned() if any(change.action in _ENDS for change in changes) else {}
    return tuple(_found(work, changes, owned))


def _found(work: Work, changes: list[Change], owned: Mapping[Address, tuple[Observed, ...]]) -> Iterator[Contents]:
    for change in changes:
        resource, ends = work.desired.resources.get(change.address), change.action in _ENDS
        row = _row(work, change, owned)
        if row is None:
            continue
        if ends or resource is None:
            shape = KINDS[row.kind].shape
            yield Contents(change.address, hide(shape, without_choices(shape, _live(work, row))))
        else:
            yield _sides(work, resource, row)


def _row(work: Work, change: Change, owned: Mapping[Address, tuple[Observed, ...]]) -> Observed | None:
    """The live object, the active version, else the newest that is not archived, else the newest."""
    live = work.lives.get(change.address)
    rows = (live.rows if live else ()) or owned.get(change.address, ())
    if "draft_not_wanted" in change.reasons:
        return next((row for row in rows if row.state == "draft"), None)
    for states in (("live", "active"), ("draft",)):
        if found := next((row for row in rows if row.state in states), None):
            return found
    return rows[0] if rows else None


def _sides(work: Work, resource: Resource, row: Observed) -> Contents:
    kind = KINDS[row.kind]
    wanted = couplings.effective(work, resource, work.wanted(resource))
    ours = {name: value for name, value in wanted.items() if name != "addons"}
    live = work.live_spec(row)
    compared = compare(kind, ours, live, resource.management, resource.source.locate, _untold)
    after: dict[str, Tree] = dict(compared.wanted)
    before: dict[str, Any] = without_chosen(kind.shape, ours, live)
    if kind.name == "Plan":
        before, after = _with(before, offers(row)), _with(after, wanted.get("addons"))
    if kind.lifecycle.name in _IN_PLACE and not compared.replaces:
        for change in compared.stuck:  # no update makes these: a warning says so, and the object keeps what it has
            after = cast("dict[str, Tree]", paths.replaced(after, paths.parse(change.path), change.before))
    return Contents(resource.address, hide(kind.shape, before), hide(kind.shape, after))


def _live(work: Work, row: Observed) -> dict[str, Any]:
    found = work.live_spec(row)
    return _with(found, offers(row)) if row.kind == "Plan" else found


def _with(spec: Mapping[str, Tree], addons: Tree) -> dict[str, Tree]:
    """A plan with the add-ons that it offers, sorted by key."""
    items: list[Tree] = addons if isinstance(addons, list) else []
    offered: list[Mapping[str, Tree]] = [item for item in items if isinstance(item, Mapping)]
    ordered = sorted(offered, key=lambda item: str(item.get("addon")))
    return {**spec, "addons": ordered}


def _untold(source: Mapping[str, Tree]) -> None:
    """No secret is read for this: it would be hidden anyway."""
    del source


def tree(found: Contents) -> dict[str, Any]:
    """As plain values, for the plan file."""
    return {"address": str(found.address), "before": found.before, "after": found.after}


def read(item: Mapping[str, Any]) -> Contents:
    """From plain values; raises what indexing raises where something is missing."""
    return Contents(Address.parse(item["address"]), item["before"], item["after"])
