"""The graph of a plan as boxes and lines on a sheet, for the template that draws them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.model import Address, Change
from reconciler.render.escape import columns, escape
from reconciler.render.html.graph import Graph
from reconciler.render.html.layout import Layout, lay_out
from reconciler.render.html.objects import LABELS, SYMBOLS
from reconciler.render.html.text import anchor

_WIDTH, _HEIGHT, _ACROSS, _DOWN, _EDGE = 176, 46, 56, 14, 12
_LETTERS = 22
"""What fits into a box."""


@dataclass(frozen=True, slots=True)
class Box:
    """One object, or several that are only needed: those have no symbol and lead nowhere."""

    x: int
    y: int
    kind: str
    label: str
    symbol: str
    slug: str
    title: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Line:
    """What is needed leads to what needs it; ``named`` where one names the other, else only the order of steps."""

    path: str
    named: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything on the sheet, in pixels, and the same in words: who needs what."""

    width: int
    height: int
    box: tuple[int, int]
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    said: tuple[tuple[str, tuple[str, ...]], ...]
    alone: tuple[str, ...]
    left_out: int

    @property
    def around(self) -> bool:
        """Whether a box is there that is not touched."""
        return any(not box.anchor for box in self.boxes)

    @property
    def ordered(self) -> bool:
        """Whether a line is there that only says what comes first."""
        return any(not line.named for line in self.lines)


def draw(graph: Graph) -> Drawing:
    """Lay the graph out and put everything into its place."""
    nodes: list[Change | tuple[Address, ...]] = [*graph.around, *graph.touched]
    numbers = {_address(node): number for number, node in enumerate(nodes)}
    pairs = [(edge, True) for edge in graph.named] + [(edge, False) for edge in graph.ordered]
    edges = [(numbers[one], numbers[other]) for (one, other), _ in pairs]
    layout = lay_out(len(nodes), edges)
    spots = dict(_spots(layout))
    lines = (Line(_curve(route, spots), named) for route, (_, named) in zip(layout.routes, pairs, strict=True))
    return Drawing(
        len(layout.layers) * (_WIDTH + _ACROSS) - _ACROSS + 2 * _EDGE,
        round(layout.height * (_HEIGHT + _DOWN)) - _DOWN + 2 * _EDGE,
        (_WIDTH, _HEIGHT),
        tuple(_box(node, spots[number][0], spots[number][1] - _HEIGHT // 2) for number, node in enumerate(nodes)),
        tuple(lines),
        tuple(_said(graph)),
        tuple(map(str, graph.alone)),
        graph.left_out,
    )


def _address(node: Change | tuple[Address, ...]) -> Address:
    return node.address if isinstance(node, Change) else node[0]


def _spots(layout: Layout) -> Iterator[tuple[int, tuple[int, int]]]:
    """The middle of every node's left edge."""
    for rank, layer in enumerate(layout.layers):
        for node in layer:
            middle = _EDGE + layout.rows[node] * (_HEIGHT + _DOWN) - _DOWN / 2
            yield node, (_EDGE + rank * (_WIDTH + _ACROSS), round(middle))


def _curve(route: tuple[int, ...], spots: Mapping[int, tuple[int, int]]) -> str:
    """From the right edge of the first box to the left edge of the last, through the stand-ins between."""
    x, y = spots[route[0]][0] + _WIDTH, spots[route[0]][1]
    parts = [f"M{x} {y}"]
    for number, node in enumerate(route[1:], 2):
        left, middle = spots[node]
        half = (x + left) // 2
        parts.append(f"C{half} {y} {half} {middle} {left} {middle}")
        if number < len(route):
            parts.append(f"H{left + _WIDTH}")
        x, y = left + _WIDTH, middle
    return " ".join(parts)


def _box(node: Change | tuple[Address, ...], x: int, y: int) -> Box:
    if isinstance(node, Change):
        address, label = node.address, LABELS[node.action]
        slug = node.action.value.replace("_", "-")
        symbol = SYMBOLS[node.action]
        return Box(x, y, address.kind, _short(address.key), symbol, slug, f"{address}: {label}", anchor(address))
    kind = node[0].kind if len(node) == 1 else f"{len(node)} × {node[0].kind}"
    label = ", ".join(address.key for address in node)
    return Box(x, y, kind, _short(label), "", "around", f"{', '.join(map(str, node))}: not touched", "")


def _short(text: str) -> str:
    """As much as fits into a box."""
    shown = escape(text)
    if columns(shown) <= _LETTERS:
        return shown
    while columns(shown) > _LETTERS - 1:
        shown = shown[:-1]
    return f"{shown}…"


def _said(graph: Graph) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every object with what it needs, in words."""
    groups = {group[0]: group for group in graph.around}
    for change in graph.touched:
        needed = [one for one, other in (*graph.named, *graph.ordered) if other == change.address]
        names = tuple(str(name) for one in needed for name in groups.get(one, (one,)))
        if names:
            yield str(change.address), names
