"""A price against quantity, drawn: one SVG without scripts, fonts or colours from elsewhere.

It reads in light and in dark surroundings, and a screen reader gets the same facts as its title and description.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape as html

from reconciler.model import Curve
from reconciler.pricing.curves import Point
from reconciler.render.bill_text import grouped
from reconciler.render.escape import escape
from reconciler.render.money import coins, plain

WIDTH, HEIGHT = 440, 280
"""So narrow that its text can still be read where a telephone shows all of it."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 24, 40, 42
_TICKS = 5
_LEGEND = 150

_STYLE = """\
svg{color:#1f2328;background:transparent;font:12px system-ui,sans-serif}
.grid{stroke:currentColor;stroke-opacity:.15}
text{fill:currentColor}
path{fill:none;stroke-width:2}
.old{stroke:#6e7781;stroke-dasharray:5 4}
.new{stroke:#0969da}
.gap{fill:#0969da;fill-opacity:.1}
@media (prefers-color-scheme:dark){svg{color:#e6edf3}.old{stroke:#8b949e}.new{stroke:#4493f8}.gap{fill:#4493f8}}"""


@dataclass(frozen=True, slots=True)
class Series:
    """One curve: its name in the legend, and whether it is what was (dashed) or what will be."""

    name: str
    points: tuple[Point, ...]
    old: bool = False


def svg(
    title: str, currency: str, unit: str, series: Sequence[Series], name: str = "chart", *, style: str = _STYLE
) -> str:
    """The chart. ``unit`` names what is counted; amounts are in ``currency``. Every series has two points or more.

    ``name`` tells it from other charts of one page; ``style`` is empty where the page around it has one for its
    classes.
    """
    name = _text(name)
    most = max((point.quantity for one in series for point in one.points), default=Decimal(1)) or Decimal(1)
    highest = max((point.total for one in series for point in one.points), default=Decimal(1)) or Decimal(1)
    scale = _Scale(most, _nice(highest))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
        f' aria-labelledby="{name}-title {name}-desc">',
        f'<title id="{name}-title">{_text(title)}</title>',
        f'<desc id="{name}-desc">{_text(_told(currency, unit, series))}</desc>',
        *([f"<style>{style}</style>"] if style else []),
        *_grid(scale, currency, unit),
        *_between(scale, series),
        *_curves(scale, series),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def of_plan(curves: Iterable[Curve]) -> Iterator[tuple[str, str]]:
    """One chart per curve of a plan, before and after, with a name for its file."""
    for curve in curves:
        name = "-".join(part for part in (curve.plan.key, curve.phase, curve.feature) if part)
        yield f"{name}.svg", of_curve(curve, name)


def of_curve(curve: Curve, name: str, *, style: str = _STYLE) -> str:
    """The chart of one curve, before and after; a side without a price is not drawn."""
    title = f"{curve.plan}: bill against {curve.feature}, before and after"
    series = [
        Series(side, tuple(map(Point, curve.quantities, totals)), old=side == "before")
        for side, totals in (("before", curve.before), ("after", curve.after))
        if totals
    ]
    return svg(title, curve.currency, curve.feature, series, name, style=style)


def _text(text: str) -> str:
    """Text of others, harmless inside the drawing."""
    return html(escape(text))


@dataclass(frozen=True, slots=True)
class _Scale:
    """From quantities and amounts to places on the drawing."""

    most: Decimal
    highest: Decimal

    def x(self, quantity: Decimal) -> str:
        return f"{_LEFT + quantity / self.most * (WIDTH - _LEFT - _RIGHT):.1f}"

    def y(self, total: Decimal) -> str:
        return f"{HEIGHT - _BOTTOM - total / self.highest * (HEIGHT - _TOP - _BOTTOM):.1f}"

    def line(self, points: Iterable[Point]) -> str:
        return " L".join(f"{self.x(point.quantity)} {self.y(point.total)}" for point in points)


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
    yield f'<text x="{_LEFT - 8}" y="14" dy=".35em" text-anchor="end">{_text(currency)}</text>'
    yield f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{_text(unit)}</text>'


def _between(scale: _Scale, series: Sequence[Series]) -> Iterator[str]:
    """What lies between two curves, lightly filled: small differences are seen, too."""
    if len(series) == 2:  # before and after
        around = scale.line((*series[0].points, *reversed(series[1].points))).replace(" L", " ")
        yield f'<polygon class="gap" points="{around}"/>'


def _curves(scale: _Scale, series: Sequence[Series]) -> Iterator[str]:
    for number, one in enumerate(series):
        kind = "old" if one.old else "new"
        yield f'<path class="{kind}" d="M{scale.line(one.points)}"/>'
        x = _LEFT + 12 + number * _LEGEND
        yield f'<path class="{kind}" d="M{x} 14 h24"/><text x="{x + 30}" y="14" dy=".35em">{_text(one.name)}</text>'


def _short(number: Decimal) -> str:
    """``1.2M``, ``40k``, ``0.5``: a tick has little room."""
    for size, letter in ((Decimal(1_000_000_000), "G"), (Decimal(1_000_000), "M"), (Decimal(1_000), "k")):
        if number >= size:
            return f"{plain(_few(number / size))}{letter}"
    return plain(_few(number))


def _few(number: Decimal) -> Decimal:
    """Six digits."""
    return number if not number else number.quantize(Decimal(1).scaleb(min(0, number.adjusted() - 5)))


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
