"""Bills before and after a plan, as a table in the terminal: what a reviewer of a price wants to know."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from reconciler.model import Impact
from reconciler.render import table
from reconciler.render.escape import escape
from reconciler.render.money import coins, percent
from reconciler.render.style import Paint, Style

_PERIODS = {"P1M": "a month", "P1Y": "a year", "P1W": "a week", "P3M": "a quarter", "P1D": "a day"}


def period(cadence: str) -> str:
    """``a month`` for ``P1M``; what has no word stands as it is."""
    return _PERIODS.get(cadence, f"per {cadence}")


def lines(found: tuple[Impact, ...], style: Style) -> list[str]:
    """One table per plan, with an empty line after each; nothing where no bill changes."""
    out: list[str] = []
    for plan, group in groupby(found, key=lambda impact: impact.plan):
        out += _of_plan(str(plan), list(group), style)
    return out


def _of_plan(plan: str, found: list[Impact], style: Style) -> Iterator[str]:
    note = "  (made-up customers: no scenario names this plan)" if found[0].generated else ""
    yield from style.wrap(
        f"Bills {period(found[0].period)} on {escape(plan)}, new subscribers{note}", first="", rest=""
    )
    told = [impact for impact in found if impact.each is None or impact.each.difference]
    rows = [_row(impact, style) for impact in told or found]
    for line in table.lines(("", "BEFORE", "AFTER", "", "", "A YEAR"), rows, style, give_way=(5, 4)):
        yield f"  {line}".rstrip()
    if told and len(told) < len(found):
        same = ", ".join(escape(impact.customer) for impact in found if impact not in told)
        yield from style.wrap(f"The same bill as before: {same}.", first="  ", rest="  ")
    yield ""


def _row(impact: Impact, style: Style) -> list[table.Cell]:
    name = table.Cell(escape(impact.customer))
    if impact.each is None:
        return [name, *(table.Cell("") for _ in range(4)), table.Cell(escape(impact.reason or "not known"))]
    each, currency = impact.each, impact.currency
    more = each.difference
    paint: Paint | None = "red" if more > 0 else "green" if more < 0 else None
    sign = "+" if more > 0 else ""
    yearly = ""
    if impact.yearly is not None and impact.yearly.difference:
        yearly = f"{'+' if impact.yearly.difference > 0 else ''}{coins(impact.yearly.difference)} {currency}"
    return [
        name,
        table.Cell(coins(each.before)),
        table.Cell(f"{coins(each.after)} {currency}"),
        table.Cell(f"{sign}{coins(more)}" if more else style.glyph("=", "="), paint),
        table.Cell(percent(each.before, each.after), paint),
        table.Cell(yearly),
    ]
