"""Tables for a terminal: each column as wide as its cells; the less important give way where it is narrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.render.escape import columns
from reconciler.render.style import Paint, Style

_GAP = 2


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place of a table; ``text`` is escaped already."""

    text: str
    paint: Paint | None = None


def lines(
    head: Sequence[str], rows: Sequence[Sequence[Cell]], style: Style, *, give_way: Sequence[int] = ()
) -> list[str]:
    """The head and one line per row. ``give_way``: which columns are left out, in this order, until the rest fits."""
    widths = [max(columns(text) for text in (name, *(row[at].text for row in rows))) for at, name in enumerate(head)]
    shown = _that_fit(widths, style, give_way)
    first = style.paint(_line([Cell(name) for name in head], widths, shown, Style()), "bold")
    return [first, *(_line(row, widths, shown, style) for row in rows)]


def _that_fit(widths: Sequence[int], style: Style, give_way: Sequence[int]) -> list[int]:
    shown = [at for at, width in enumerate(widths) if width]
    for dropped in give_way:
        if sum(widths[at] + _GAP for at in shown) - _GAP <= style.columns:
            break
        if dropped in shown:
            shown.remove(dropped)
    return shown


def _line(row: Sequence[Cell], widths: Sequence[int], shown: Sequence[int], style: Style) -> str:
    parts = []
    for at in shown:
        cell = row[at]
        pad = " " * (widths[at] - columns(cell.text))
        parts.append((style.paint(cell.text, cell.paint) if cell.paint else cell.text) + pad)
    return (" " * _GAP).join(parts).rstrip()
