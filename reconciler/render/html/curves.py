"""What a customer pays against what they use, old and new: the drawing, and the same as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from reconciler.model import Curve, Plan
from reconciler.render import chart
from reconciler.render.bill_text import grouped
from reconciler.render.html.text import anchor
from reconciler.render.money import coins, percent


@dataclass(frozen=True, slots=True)
class Spot:
    """The bill at one quantity; a side is None where there is no price."""

    quantity: str
    before: str | None
    after: str | None
    difference: str
    share: str


@dataclass(frozen=True, slots=True)
class CurveView:
    """One chart. ``said`` tells in a sentence where the difference is largest."""

    address: str
    anchor: str
    phase: str
    feature: str
    currency: str
    drawing: Markup
    said: str
    spots: tuple[Spot, ...]


def views(plan: Plan) -> tuple[CurveView, ...]:
    """Every price for usage that the plan changes."""
    return tuple(_view(curve, f"curve-{number}") for number, curve in enumerate(plan.curves, 1))


def _view(curve: Curve, name: str) -> CurveView:
    drawing = Markup(chart.of_curve(curve, name, style=""))  # noqa: S704 - the chart escapes what it is given
    spots = tuple(_spot(curve, at) for at in _bends(curve))
    address = curve.plan
    return CurveView(
        str(address), anchor(address), curve.phase, curve.feature, curve.currency, drawing, _said(curve), spots
    )


def _bends(curve: Curve) -> list[int]:
    """The ends, and where either side is no straight line: between them a table would tell nothing."""
    last = len(curve.quantities) - 1
    told = [at for at in range(last + 1) if at == last or not _is_beside(curve, at)]
    sides = [side for side in (curve.before, curve.after) if side]
    bent = (
        at for near, at, far in _triples(told) if any(_turns(curve.quantities, side, near, at, far) for side in sides)
    )
    return list(dict.fromkeys((0, *bent, last)))


def _triples(items: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Every item that has two neighbours, between them."""
    return zip(items, items[1:], items[2:], strict=False)


def _is_beside(curve: Curve, at: int) -> bool:
    """Whether this is the first unit behind an edge, and costs nothing that the edge itself does not tell."""
    near = at > 0 and curve.quantities[at] - curve.quantities[at - 1] == 1
    return near and all(side[at] == side[at - 1] for side in (curve.before, curve.after) if side)


def _turns(quantities: Sequence[Decimal], totals: Sequence[Decimal], near: int, at: int, far: int) -> bool:
    """Whether the slope before differs from the slope after, without dividing."""
    one, other = quantities[at] - quantities[near], quantities[far] - quantities[at]
    return (totals[at] - totals[near]) * other != (totals[far] - totals[at]) * one


def _spot(curve: Curve, at: int) -> Spot:
    before = curve.before[at] if curve.before else None
    after = curve.after[at] if curve.after else None
    difference = "" if before is None or after is None else signed(after - before)
    return Spot(
        grouped(curve.quantities[at]),
        None if before is None else coins(before),
        None if after is None else coins(after),
        difference,
        percent(before, after),
    )


def _said(curve: Curve) -> str:
    if not (curve.before and curve.after):
        return "new: nothing to compare with" if curve.after else "no longer sold"
    rows = zip(curve.quantities, curve.before, curve.after, strict=True)
    quantity, before, after = max(rows, key=lambda row: abs(row[2] - row[1]))
    if before == after:
        return "the same at every quantity drawn"
    share = percent(before, after)
    told = f"{signed(after - before)} {curve.currency}{f' ({share})' if share else ''}"
    return f"differs most at {grouped(quantity)}: {told}"


def signed(number: Decimal) -> str:
    """``+2.00``, ``-0.72``, ``0.00``."""
    return f"{'+' if number > 0 else ''}{coins(number)}"
