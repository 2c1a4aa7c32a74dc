"""A bill and a curve for machines. Amounts are text: they are exact."""

from __future__ import annotations

import json

from reconciler.model import Tree
from reconciler.pricing import Bill, DetailedLine, Item, Totals
from reconciler.pricing.curves import Point
from reconciler.render.money import plain


def bill(found: Bill) -> str:
    """The lines with their detailed lines and discounts, and the totals."""
    return _dumps({"currency": found.currency, "lines": [_item(item) for item in found.items], **_totals(found.totals)})


def points(found: tuple[Point, ...], currency: str) -> str:
    """Quantities and what they cost."""
    shown = [{"quantity": plain(point.quantity), "total": plain(point.total)} for point in found]
    return _dumps({"currency": currency, "points": shown})


def _dumps(tree: Tree) -> str:
    return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"


def line(item: Item) -> dict[str, Tree]:
    """One line of a bill: which card in which period, how much of it, and what it comes to."""
    period = item.due.service
    return {
        "card": item.due.card.key,
        "phase": item.due.phase.key,
        "name": item.rated.name,
        "from": period.start.isoformat(),
        "to": period.end.isoformat(),
        "quantity": plain(item.rated.quantity),
        "total": plain(item.rated.totals.total),
    }


def _item(item: Item) -> Tree:
    return {
        **line(item),
        "free": plain(item.rated.free.quantity) if item.rated.free else None,
        "detailed": [_detail(detail) for detail in item.rated.detailed],
        **_totals(item.rated.totals),
    }


def _detail(detail: DetailedLine) -> Tree:
    return {
        "name": detail.name,
        "category": detail.category,
        "quantity": plain(detail.quantity),
        "unit_amount": plain(detail.unit_amount),
        "discounts_taken": [{"reason": one.reason, "amount": plain(one.amount)} for one in detail.discounts],
        **_totals(detail.totals),
    }


def _totals(totals: Totals) -> dict[str, Tree]:
    return {
        "amount": plain(totals.amount),
        "charges": plain(totals.charges),
        "discounts": plain(totals.discounts),
        "total": plain(totals.total),
    }
