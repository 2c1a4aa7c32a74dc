"""Bounds on how much one run may change. No consent lifts them: the project file does, in a reviewed change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from reconciler.model import Action, Guard, Impact, Plan, Rerated

MINIMUM_POPULATION = 10
"""Below this many live objects a percentage says nothing: the first changes of a small catalogue pass."""

_ENDLESS = Decimal("Infinity")
_REMOVALS = (Action.ARCHIVE, Action.DELETE, Action.REPLACE)
_CHANGES = (Action.UPDATE, Action.NEW_VERSION, *_REMOVALS)


@dataclass(frozen=True, slots=True)
class Bounds:
    """``max_changes_percent`` of the objects that are live now; ``max_removals`` counts delete, archive and replace.

    ``max_subscribers_affected`` counts the active subscriptions to plans that get a new version or end;
    ``max_bill_increase_percent`` is about each bill that the plan shows. None: no bound.
    """

    max_changes_percent: int | None = None
    max_removals: int | None = None
    max_subscribers_affected: int | None = None
    max_bill_increase_percent: int | None = None


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

    yield from _subscribers(plan, bounds.max_subscribers_affected)
    yield from _bills(plan, bounds.max_bill_increase_percent)


def _subscribers(plan: Plan, most: int | None) -> Iterator[Guard]:
    """What cannot be counted counts as too many: a bound that nobody can check protects nobody."""
    if most is None or not plan.affected:
        return
    where = "(limits.maxSubscribersAffected in reconciler.yaml)"
    untold = [str(one.plan) for one in plan.affected if one.subscriptions is None]
    total = sum(one.subscriptions or 0 for one in plan.affected)
    if untold:
        text = f"the server does not tell who subscribes to {', '.join(untold)}; the environment allows {most} {where}"
        yield Guard("max_subscribers_affected", None, text, consentable=False)
    elif total > most:
        text = f"{total} active subscriptions are to plans that change; the environment allows {most} {where}"
        yield Guard("max_subscribers_affected", None, text, consentable=False)


def _bills(plan: Plan, most: int | None) -> Iterator[Guard]:
    """One guard per plan, for its steepest bill; what was free and is not any more rises without end."""
    if most is None:
        return
    where = f"the environment allows {most} % (limits.maxBillIncreasePercent in reconciler.yaml)"
    for address in dict.fromkeys(impact.plan for impact in plan.impacts):
        of_plan = [impact for impact in plan.impacts if impact.plan == address]
        worst = max(of_plan, key=_rise)
        if _rise(worst) > most:
            yield Guard("max_bill_increase_percent", address, f"{address}: {_risen(worst)}; {where}", consentable=False)
    for found in plan.rerated:
        if found.newly_charged or found.steepest > most:
            said = f"{found.plan}: {_rerated(found)}; {where}"
            yield Guard("max_bill_increase_percent", found.plan, said, consentable=False)


def _rerated(found: Rerated) -> str:
    if found.newly_charged:
        return f"{found.newly_charged} real customers who paid nothing would pay something"
    return f"the bill of a real customer rises by {found.steepest:.1f} %"


def _rise(impact: Impact) -> Decimal:
    """By how many per cent a bill rises; without end where it was nothing, or is not known."""
    if impact.each is None:
        return _ENDLESS
    before, more = impact.each.before, impact.each.difference
    if more <= 0:
        return Decimal(0)
    return 100 * more / before if before > 0 else _ENDLESS


def _risen(impact: Impact) -> str:
    if impact.each is None:
        return f"the bill of {impact.customer} cannot be computed ({impact.reason})"
    before, after = impact.each.before, impact.each.after
    percent = f", {_rise(impact):.1f} % more" if before > 0 else ""
    return f"the bill of {impact.customer} goes from {before:f} to {after:f} {impact.currency}{percent}"


def _left_over(reasons: tuple[str, ...]) -> bool:
    """Our own draft that nobody ever saw is no removal."""
    return "draft_not_wanted" in reasons
