"""What customers would pay, before and after: scenarios or made-up customers; of many those that move most."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from reconciler.model import Impact
from reconciler.render.impact_text import period
from reconciler.render.markdown import code, sentence, table
from reconciler.render.money import coins, percent
from reconciler.render.review.fitting import Block
from reconciler.render.review.naming import clipped
from reconciler.render.review.said import counted

_WEIGHT = 30
_FEW = 10


def blocks(impacts: Sequence[Impact]) -> list[Block]:
    """One block, or none where no bill changes."""
    moved = [impact for impact in impacts if impact.each is None or impact.each.difference]
    if not moved:
        return []
    most = sorted(moved, key=_movement)[:_FEW]
    forms = [lambda: _table(moved, "")]
    if len(moved) > _FEW:
        forms.append(lambda: _table(most, f" The {_FEW} of {len(moved):,} that move most:"))
    forms.append(lambda: ["", f"**Bills**: those of {counted(len(moved), 'customer')} change."])
    return [Block(_WEIGHT, tuple(forms), "the table of bills")]


def _movement(impact: Impact) -> Decimal:
    """Sorts by how much of a bill moves, the most first; what could not be computed is first of all."""
    if impact.each is None or not impact.each.before:
        return Decimal("-Infinity")
    return -abs(impact.each.difference / impact.each.before)


def _table(rows: Sequence[Impact], note: str) -> list[str]:
    made_up = "" if not any(row.generated for row in rows) else " Customers are made up where no scenario names a plan."
    periods = {row.period for row in rows}
    often = f", {period(periods.pop())}" if len(periods) == 1 else ""
    head = ("customer", "on", "old", "new", "change", "in a year")
    cells = [_row(row, told=not often) for row in rows]
    when = sentence(often) if often else ""
    if often and len({row.plan for row in rows}) == 1:
        said = f"**What a new customer of {cells[0][1]} would pay{when}**{made_up}{note}"
        return ["", said, "", *table((head[0], *head[2:]), [(row[0], *row[2:]) for row in cells], right=(1, 2, 3, 4))]
    return ["", f"**What a new customer would pay{when}**{made_up}{note}", "", *table(head, cells, right=(2, 3, 4, 5))]


def _row(impact: Impact, *, told: bool) -> tuple[str, ...]:
    plan = code(impact.plan.key) + (f" {sentence(period(impact.period))}" if told else "")
    customer = sentence(clipped(impact.customer)) if impact.generated else code(clipped(impact.customer))
    if impact.each is None:
        return customer, plan, "", "", sentence(clipped(impact.reason or "not known", 200)), ""
    each, currency = impact.each, sentence(clipped(impact.currency, 12))
    share = percent(each.before, each.after)
    difference = f"**{signed(each.difference)}**{f' ({share})' if share else ''}"
    yearly = signed(impact.yearly.difference) if impact.yearly is not None else ""
    return customer, plan, coins(each.before), f"{coins(each.after)} {currency}", difference, yearly


def signed(number: Decimal) -> str:
    """``+14.58``."""
    return f"{'+' if number > 0 else ''}{coins(number)}"
