"""A plan and its changes as the variables of an expression. What is a number becomes a float here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from reconciler.model import Action, Address, Change, ChangeClass, FieldChange, Impact, Plan, Tree
from reconciler.policy.percentages import ENDLESS, fall, of_field, rise

Facts = Mapping[str, Any]


class Case:
    """What rules are asked about: the changes of a plan, and the plan. Every fact is gathered once."""

    def __init__(self, plan: Plan, at: datetime) -> None:
        self._plan, self._at = plan, at
        self._bills: dict[Address, list[Facts]] = {}
        for impact in plan.impacts:
            self._bills.setdefault(impact.plan, []).append(_bill(impact))
        self._subscriptions = {one.plan: one.subscriptions for one in plan.affected}
        changing = (change for change in plan.changes if change.action is not Action.NO_CHANGE)
        self.changes: dict[Address, Facts] = {change.address: self._change(change) for change in changing}

    @cached_property
    def plan(self) -> Facts:
        """The facts of ``plan``."""
        classes = sorted({ChangeClass(name) for one in self.changes.values() for name in one["classes"]}, key=_rank)
        counts = [one["subscriptions"] for one in self.changes.values()]
        return {
            "environment": self._plan.target.environment,
            "project": self._plan.project,
            "mode": self._plan.mode,
            "complete": self._plan.complete,
            "at": self._at,
            "summary": self._plan.summary,
            "max_class": classes[-1].value if classes else "",
            "classes": [found.value for found in classes],
            "percent": max((one["percent"] for one in self.changes.values()), default=0.0),
            "subscriptions": None if None in counts else sum(counts),
            "changes": list(self.changes.values()),
        }

    def _change(self, change: Change) -> Facts:
        return {
            "class": change.change_class.value if change.change_class else "",
            "classes": [found.value for found in change.classes],
            "action": change.action.value,
            "actions": list(change.actions),
            "kind": change.address.kind,
            "key": change.address.key,
            "address": str(change.address),
            "percent": float(rise(change)),
            "fall": float(fall(change)),
            "fields": list(_fields(change)),
            "reasons": list(change.reasons),
            "before_version": change.before_version or 0,
            "after_version": change.after_version or 0,
            "subscriptions": self._on(change),
            "bills": self._bills.get(change.address, []),
        }

    def _on(self, change: Change) -> int | None:
        """Active subscriptions that a change is about; of an add-on that is live nobody asks."""
        if change.address.kind == "Addon" and change.action is not Action.CREATE:
            return None
        return self._subscriptions.get(change.address, 0)


def _rank(found: ChangeClass) -> int:
    return found.rank


def _fields(change: Change) -> Iterator[Facts]:
    for field in change.fields:
        yield {
            "path": field.path,
            "before": _value(field, field.before),
            "after": _value(field, field.after),
            "percent": float(of_field(change, field)),
            "currency": field.currency or "",
        }


def _value(field: FieldChange, value: Tree) -> Any:  # noqa: ANN401 - a plain value
    if field.currency and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return _plain(value)


def _plain(value: Tree) -> Any:  # noqa: ANN401 - a plain value
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int | Decimal):
        return float(Decimal(value))
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value]


def _bill(impact: Impact) -> Facts:
    before, after, more = ENDLESS, ENDLESS, ENDLESS
    if impact.each is not None:
        before, after, more = impact.each.before, impact.each.after, impact.each.difference
    known = impact.each is not None and before > 0
    return {
        "customer": impact.customer,
        "currency": impact.currency,
        "before": float(before),
        "after": float(after),
        "difference": float(more),
        "percent": float(100 * more / before) if known else float(ENDLESS if more > 0 else more),
    }
