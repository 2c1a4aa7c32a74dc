"""Bounds on how much one run may change. No consent lifts them: the project file does, in a reviewed change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.model import Action, Guard, Plan

MINIMUM_POPULATION = 10
"""Below this many live objects a percentage says nothing: the first changes of a small catalogue pass."""

_REMOVALS = (Action.ARCHIVE, Action.DELETE, Action.REPLACE)
_CHANGES = (Action.UPDATE, Action.NEW_VERSION, *_REMOVALS)


@dataclass(frozen=True, slots=True)
class Bounds:
    """``max_changes_percent`` of the objects that are live now; ``max_removals`` counts delete, archive and replace.

    None: no bound.
    """

    max_changes_percent: int | None = None
    max_removals: int | None = None


def exceeded(plan: Plan, bounds: Bounds, population: int) -> Iterator[Guard]:
    """The bounds that a plan breaks. ``population`` is how many of the declared objects are live already."""
    removals = sum(change.action in _REMOVALS and not _left_over(change.reasons) for change in plan.changes)
    if bounds.max_removals is not None and removals > bounds.max_removals:
        yield Guard(
            "max_removals",
            None,
            f"{removals} objects would be archived, deleted or replaced; the environment allows "
            f"{bounds.max_removals} (limits.maxRemovals in reconciler.yaml)",
            consentable=False,
        )
    changed = sum(change.action in _CHANGES for change in plan.changes)
    percent = 100 * changed // population if population else 0
    if (
        bounds.max_changes_percent is not None
        and population >= MINIMUM_POPULATION
        and percent > bounds.max_changes_percent
    ):
        yield Guard(
            "max_changes_percent",
            None,
            f"{changed} of {population} live objects would change ({percent} %); the environment allows "
            f"{bounds.max_changes_percent} % (limits.maxChangesPercent in reconciler.yaml)",
            consentable=False,
        )


def _left_over(reasons: tuple[str, ...]) -> bool:
    """Our own draft that nobody ever saw is no removal."""
    return "draft_not_wanted" in reasons
