"""Who is affected: counts and sums, never a customer; and what real customers would have paid."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from reconciler.model import Address, Affected, Plan
from reconciler.render import affected_markdown
from reconciler.render.review.fitting import Block
from reconciler.render.review.said import counted

_WEIGHT = 40


def blocks(plan: Plan, priced: Set[Address]) -> list[Block]:
    """Who stays where, what no longer is given, what real bills would have been.

    ``priced`` have a table of prices, which says how many stay: where that is all there is to say, nothing is.
    """
    known = [one for one in plan.affected if one.plan in priced and one == Affected(one.plan, one.versions)]
    told = {one.plan for one in known if one.versions is None or len(one.versions) <= 1}
    found = affected_markdown.lines(replace(plan, affected=tuple(one for one in plan.affected if one.plan not in told)))
    if not found:
        return []
    said = _summed(plan.affected)
    return [Block(_WEIGHT, (lambda: found, lambda: ["", f"**Who is affected**: {said}."]), "who is affected")]


def _summed(found: Sequence[Affected]) -> str:
    told = sum(one.subscriptions or 0 for one in found)
    unknown = sum(one.subscriptions is None for one in found)
    less = sum(bool(one.reduced or one.withdrawn) for one in found)
    parts = [f"{counted(told, 'active subscription')} of {counted(len(found), 'plan')}; they stay where they are"]
    parts += [f"of {counted(unknown, 'plan')} the server does not tell"] if unknown else []
    parts += [f"{counted(less, 'plan gives', 'plans give')} new subscribers less"] if less else []
    return "; ".join(parts)
