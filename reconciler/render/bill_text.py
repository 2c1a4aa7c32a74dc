"""A bill for people: each line, how it comes about, and what it adds up to."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from reconciler.pricing import AmountDiscount, Bill, DetailedLine, Item
from reconciler.pricing.curves import Point
from reconciler.render import table
from reconciler.render.escape import escape
from reconciler.render.money import coins, plain
from reconciler.render.style import Style


def bill(found: Bill, style: Style) -> str:
    """One block per line of the invoice, with its date where there are several, and the total as the last line."""
    several = len({item.due.service.start for item in found.items}) > 1
    rows: list[tuple[str, str]] = []
    for item in found.items:
        rows += _item(item, several=several)
    if not found.items:
        rows.append(("nothing is billed", "0.00"))
    rows.append(("Total", f"{coins(found.total)} {found.currency}"))
    return "\n".join(
        _line(left, right, style, last=number == len(rows)) for number, (left, right) in enumerate(rows, 1)
    )


def _line(left: str, right: str, style: Style, *, last: bool) -> str:
    text = style.aside(left, right) if right else left
    return style.paint(text, "bold") if last or not left.startswith(" ") else style.paint(text, "dim")


def _item(item: Item, *, several: bool) -> Iterator[tuple[str, str]]:
    period = item.due.service
    dates = f"  {period.start:%Y-%m-%d} to {period.end:%Y-%m-%d}" if several else ""
    yield f"{escape(item.rated.name)}{dates}", coins(item.rated.totals.total)
    if item.rated.free is not None:
        yield f"    {grouped(item.rated.free.quantity)} units free", ""
    for detail in item.rated.detailed:
        if detail.name != item.rated.name or detail.discounts:  # a plain fee is told already
            yield from _detail(detail, item.rated.name)


def _detail(detail: DetailedLine, name: str) -> Iterator[tuple[str, str]]:
    if not detail.quantity:
        return
    what = detail.name.removeprefix(name).removeprefix(": ") or "fee"
    times = "" if detail.quantity == 1 else f"{grouped(detail.quantity)} x {plain(detail.unit_amount)} = "
    yield f"    {escape(what)}: {times}{coins(detail.totals.amount + detail.totals.charges)}", ""
    for discount in detail.discounts:
        yield f"      {_reason(discount)}: -{coins(discount.amount)}", ""


def _reason(discount: AmountDiscount) -> str:
    if discount.reason == "ratecard_percentage" and discount.percentage is not None:
        return f"{plain(discount.percentage)} % off"
    return escape(discount.description or "maximum spend")


def points(found: tuple[Point, ...], currency: str, style: Style) -> str:
    """A curve as a table: the quantity, the bill, and what one more unit costs on the way there."""
    rows = []
    for number, point in enumerate(found):
        rows.append(
            [
                table.Cell(grouped(point.quantity)),
                table.Cell(f"{coins(point.total)} {currency}"),
                table.Cell(_slope(found[number - 1], point) if number else ""),
            ]
        )
    return "\n".join(table.lines(("QUANTITY", "BILL", "PER UNIT"), rows, style))


def _slope(before: Point, after: Point) -> str:
    if after.quantity == before.quantity:
        return ""
    slope = (after.total - before.total) / (after.quantity - before.quantity)
    return plain(slope.quantize(Decimal("0.000001")))


def grouped(number: Decimal) -> str:
    """``1,200,000.5``: long quantities are read in groups of three."""
    whole, dot, fraction = plain(number).partition(".")
    return f"{int(whole):,}{dot}{fraction}"
