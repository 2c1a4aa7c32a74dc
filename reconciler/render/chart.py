"""A price against quantity, drawn: one SVG without scripts, fonts or colours from elsewhere.

It reads in light and in dark surroundings, and a screen reader gets the same facts as its title and description.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from reconciler.model import Curve
from reconciler.pricing.curves import Point
from reconciler.render.bill_text import grouped
from reconciler.render.money import coins

WIDTH, HEIGHT = 640, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 28, 28, 40
_TICKS = 5

_STYLE = """\
svg{color:#1f2328;background:transparent;font:12px system-ui,sans-serif}
.grid{stroke:currentColor;stroke-opacity:.15}
text{fill:currentColor}
path{fill:none;stroke-width:2}
.old{stroke:#6e7781;stroke-dasharray:5 4}
.new{stroke:#0969da}
@media (prefers-color-scheme:dark){svg{color:#e6edf3}.old{stroke:#8b949e}.new{stroke:#4493f8}}"""


@dataclass(frozen=True, slots=True)
class Series:
    """One curve: its name in the legend, and whether it is what was (dashed) or what will be."""

    name: str
    points: tuple[Point, ...]
    old: bool = False


def svg(title: str, currency: str, unit: str, series: Sequence[Series], name: str = "chart") -> str:
    """The chart. ``unit`` names what is counted; amounts are in ``currency``. Every series has two points or more.

    ``name`` tells it from other charts of one page.
    """
    name = escape(name)
    most = max((point.quantity for one in series for point in one.points), default=Decimal(1)) or Decimal(1)
    highest = max((point.total for one in series for point in one.points), default=Decimal(1)) or Decimal(1)
    scale = _Scale(most, _nice(highest))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
        f' aria-labelledby="{name}-title {name}-desc">',
        f'<title id="{name}-title">{escape(title)}</title>',
        f'<desc id="{name}-desc">{escape(_told(currency, unit, series))}</desc>',
        f"<style>{_STYLE}</style>",
        *_grid(scale, currency, unit),
        *_curves(scale, series),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def of_plan(curves: Iterable[Curve]) -> Iterator[tuple[str, str]]:
    """One chart per curve of a plan, before and after, with a name for its file."""
    for curve in curves:
        title = f"{curve.plan}: bill against {curve.feature}, before and after"
        series = [
            Series(name, tuple(map(Point, curve.quantities, totals)), old=name == "before")
            for name, totals in (("before", curve.before), ("after", curve.after))
            if totals
        ]
        name = f"{curve.plan.key}-{curve.phase}-{curve.feature}"
        yield f"{name}.svg", svg(title, curve.currency, curve.feature, series, name)


@dataclass(frozen=True, slots=True)
class _Scale:
    """From quantities and amounts to places on the drawing."""

    most: Decimal
    highest: Decimal

    def x(self, quantity: Decimal) -> str:
        return f"{_LEFT + float(quantity / self.most) * (WIDTH - _LEFT - _RIGHT):.1f}"

    def y(self, total: Decimal) -> str:
        return f"{HEIGHT - _BOTTOM - float(total / self.highest) * (HEIGHT - _TOP - _BOTTOM):.1f}"


def _nice(value: Decimal) -> Decimal:
    """The next number whose fifths are easy to read."""
    step = Decimal(1).scaleb(value.adjusted())
    nice = (Decimal(times) for times in ("1", "1.5", "2", "2.5", "3", "4", "5", "6", "8", "10"))
    return next(step * times for times in nice if step * times >= value)


def _grid(scale: _Scale, currency: str, unit: str) -> Iterator[str]:
    for number in range(_TICKS + 1):
        total, quantity = scale.highest * number / _TICKS, scale.most * number / _TICKS
        x, y = scale.x(quantity), scale.y(total)
        yield f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y}" dy=".35em" text-anchor="end">{_short(total)}</text>'
        yield f'<text x="{x}" y="{HEIGHT - _BOTTOM + 16}" text-anchor="middle">{_short(quantity)}</text>'
    yield f'<text x="8" y="14">{escape(currency)}</text>'
    yield f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{escape(unit)}</text>'


def _curves(scale: _Scale, series: Sequence[Series]) -> Iterator[str]:
    for number, one in enumerate(series):
        kind = "old" if one.old else "new"
        path = " L".join(f"{scale.x(point.quantity)} {scale.y(point.total)}" for point in one.points)
        yield f'<path class="{kind}" d="M{path}"/>'
        x = _LEFT + 16 + number * 180
        yield f'<path class="{kind}" d="M{x} 14 h24"/><text x="{x + 30}" y="14" dy=".35em">{escape(one.name)}</text>'


def _short(number: Decimal) -> str:
    """``1.2M``, ``40k``, ``0.5``: a tick has little room."""
    for size, letter in ((Decimal(1_000_000_000), "G"), (Decimal(1_000_000), "M"), (Decimal(1_000), "k")):
        if number >= size:
            return f"{float(number / size):g}{letter}"
    return f"{float(number):g}"


def _told(currency: str, unit: str, series: Sequence[Series]) -> str:
    """The ends of every curve in words."""
    said = []
    for one in series:
        first, last = one.points[0], one.points[-1]
        said.append(
            f"{one.name}: {coins(first.total)} {currency} for {grouped(first.quantity)} {unit}, "
            f"{coins(last.total)} {currency} for {grouped(last.quantity)}"
        )
    return "; ".join(said)
