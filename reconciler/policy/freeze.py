"""Freeze windows: times in which nothing that concerns money changes. No consent opens one; the project file does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from reconciler.model import NEEDS_NO_CONSENT, Action, ChangeClass, Guard, Plan, Window

FROZEN = "frozen"
"""The code of the guard."""


def frozen(plan: Plan, windows: Iterable[Window], moment: datetime) -> Iterator[Guard]:
    """One guard per change of a plan that no open window lets through at a moment.

    Every class is held up that would need consent on a real server; what is cosmetic, operational or only adds
    something goes through. Of several windows the one that ends last is named.
    """
    holding = max((one for one in windows if one.holds(moment)), key=lambda one: one.end, default=None)
    if holding is None:
        return
    until = holding.end.isoformat().replace("+00:00", "Z")
    for change in plan.changes:
        held = [item for item in change.classes if item not in NEEDS_NO_CONSENT]
        if held and change.action is not Action.NO_CHANGE:
            why = f"{change.address}: {_worst(held)} changes are frozen until {until}, because {holding.because}"
            yield Guard(FROZEN, change.address, f"{why} (`freeze` of {plan.target.environment})", consentable=False)


def _worst(classes: list[ChangeClass]) -> str:
    return max(classes, key=lambda item: item.rank).value
