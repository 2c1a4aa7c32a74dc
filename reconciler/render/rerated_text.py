"""What a change would have done to the last bills of real customers, in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from reconciler.model import Mover, Rerated
from reconciler.render import table, words
from reconciler.render.escape import escape
from reconciler.render.money import coins, percent
from reconciler.render.style import Paint, Style


def lines(found: tuple[Rerated, ...], style: Style) -> list[str]:
    """A few lines per plan, with an empty line after each; nothing where nobody asked."""
    out: list[str] = []
    for one in found:
        head = f"Real usage of {escape(str(one.plan))}, last closed billing period, as if on the new version:"
        out += [*style.wrap(head, first="", rest="  "), *_of_plan(one, style), ""]
    return out


def _of_plan(one: Rerated, style: Style) -> Iterator[str]:
    counted = words.plural(one.subscriptions, "active subscription")
    sampled = f"; {one.looked_at:,} of them looked at, evenly spread (--impact-cap)"
    rest = sampled if one.looked_at < one.subscriptions else ""
    yield from style.wrap(f"{counted}{rest}; {one.rated:,} rated", first="  ", rest="    ")
    for reason, count in one.unrated:
        yield from style.wrap(f"{count:,} not rated: {escape(reason)}", first="    ", rest="      ")
    if one.spread is None:
        return
    yield from style.wrap(_sum(one, style), first="  ", rest="    ")
    yield from style.wrap(f"{one.more:,} pay more, {one.less:,} less, {one.same:,} the same", first="  ", rest="    ")
    spread = [
        ("least", one.spread.least),
        ("median", one.spread.median),
        ("nine of ten at most", one.spread.ninth),
        ("most", one.spread.most),
    ]
    told = ", ".join(f"{name} {_signed(value)}" for name, value in spread)
    yield from style.wrap(f"Difference: {told} {one.currency}", first="  ", rest="    ")
    if one.movers:
        yield "  Moved most:"
        rows = [_row(mover, one.currency) for mover in one.movers]
        for line in table.lines(("", "BEFORE", "AFTER", "", ""), rows, style, give_way=(4,)):
            yield f"    {line}".rstrip()


def _sum(one: Rerated, style: Style) -> str:
    difference = one.after - one.before
    share = percent(one.before, one.after)
    total = f"{_signed(difference)} {one.currency}{f' ({share})' if share else ''}"
    return f"Sum: {coins(one.before)} -> {coins(one.after)} {one.currency}, {style.paint(total, *_paints(difference))}"


def _row(mover: Mover, currency: str) -> list[table.Cell]:
    more = mover.difference
    paint = (_paints(more) or (None,))[0]
    name = f"{mover.key} ({mover.name})" if mover.name else mover.key
    return [
        table.Cell(escape(name)),
        table.Cell(coins(mover.before)),
        table.Cell(f"{coins(mover.after)} {currency}"),
        table.Cell(_signed(more), paint),
        table.Cell(percent(mover.before, mover.after), paint),
    ]


def _paints(difference: Decimal) -> tuple[Paint, ...]:
    return ("red",) if difference > 0 else ("green",) if difference < 0 else ()


def _signed(number: Decimal) -> str:
    return f"{'+' if number > 0 else ''}{coins(number)}"
