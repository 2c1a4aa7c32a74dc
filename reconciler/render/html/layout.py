"""Where the boxes of a small directed graph stand: layers from left to right, few crossings, the same every time.

The classic way (Sugiyama): every node stands one layer behind the last it depends on, an edge across several layers
gets a stand-in in each, and a few sweeps put every node near the middle of its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

_SWEEPS = 8
_THIN = 0.4
"""How much of a row a stand-in takes."""

Edge = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """Layers of nodes, each from top to bottom; a number from ``count`` on is a stand-in of an edge.

    ``routes`` are the nodes and stand-ins that each edge goes along, in the order of the edges given. ``rows`` tells
    how far down the middle of each stands, in rows; ``height`` how many there are.
    """

    layers: tuple[tuple[int, ...], ...]
    routes: tuple[tuple[int, ...], ...]
    rows: Mapping[int, float]
    height: float


def lay_out(count: int, edges: Sequence[Edge]) -> Layout:
    """Place the nodes 0 to ``count``; an edge that closes a circle does not count for the layers."""
    ranks = _ranks(count, _without_circles(count, edges))
    routes, layers = _routed(count, edges, ranks)
    _untangle(count, layers, [pair for route in routes for pair in pairwise(route)])
    height = max((_tall(count, layer) for layer in layers), default=0)
    return Layout(tuple(map(tuple, layers)), tuple(routes), _rows(count, layers), height)


def _without_circles(count: int, edges: Sequence[Edge]) -> list[Edge]:
    """The edges without those that lead back to where a walk from the first node on came from."""
    following: dict[int, list[int]] = {node: [] for node in range(count)}
    for one, other in edges:
        following[one].append(other)
    state, kept = [0] * count, []
    for start in range(count):
        walk = [(start, iter(following[start]))] if not state[start] else []
        state[start] = state[start] or 1
        while walk:
            node, rest = walk[-1]
            for other in rest:
                if state[other] != 1:
                    kept.append((node, other))
                if not state[other]:
                    state[other] = 1
                    walk.append((other, iter(following[other])))
                    break
            else:
                state[node] = 2
                walk.pop()
    return kept


def _ranks(count: int, edges: Iterable[Edge]) -> list[int]:
    """The longest way to each node."""
    following: dict[int, list[int]] = {node: [] for node in range(count)}
    waiting = [0] * count
    for one, other in edges:
        following[one].append(other)
        waiting[other] += 1
    ranks, ready = [0] * count, [node for node in range(count) if not waiting[node]]
    for node in ready:
        for other in following[node]:
            ranks[other] = max(ranks[other], ranks[node] + 1)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return ranks


def _routed(count: int, edges: Sequence[Edge], ranks: Sequence[int]) -> tuple[list[tuple[int, ...]], list[list[int]]]:
    layers: list[list[int]] = [[] for _ in range(max(ranks, default=0) + 1)]
    for node in range(count):
        layers[ranks[node]].append(node)
    routes, free = [], count
    for one, other in edges:
        between = range(ranks[one] + 1, ranks[other])
        for rank in between:
            layers[rank].append(free + rank - ranks[one] - 1)
        routes.append((one, *range(free, free + len(between)), other))
        free += len(between)
    return routes, layers


def _untangle(count: int, layers: list[list[int]], pairs: Sequence[Edge]) -> None:
    """Sort every layer by the middle of its neighbours in the layer before, then after, and so on."""
    left: dict[int, list[int]] = {}
    right: dict[int, list[int]] = {}
    for one, other in pairs:
        right.setdefault(one, []).append(other)
        left.setdefault(other, []).append(one)
    for sweep in range(_SWEEPS):
        near = right if sweep % 2 else left
        for layer in reversed(layers) if sweep % 2 else layers:
            rows = _rows(count, layers)
            layer.sort(key=lambda node, near=near, rows=rows: _middle(node, near.get(node, ()), rows))  # type: ignore[misc]


def _middle(node: int, near: Iterable[int], rows: Mapping[int, float]) -> float:
    found = [rows[other] for other in near]
    return fmean(found) if found else rows[node]


def _rows(count: int, layers: Sequence[Sequence[int]]) -> dict[int, float]:
    """Every layer in the middle of the tallest."""
    tallest, rows = max((_tall(count, layer) for layer in layers), default=0), {}
    for layer in layers:
        down = (tallest - _tall(count, layer)) / 2
        for node in layer:
            size = _size(count, node)
            rows[node] = down + size / 2
            down += size
    return rows


def _tall(count: int, layer: Sequence[int]) -> float:
    return sum(_size(count, node) for node in layer)


def _size(count: int, node: int) -> float:
    return 1 if node < count else _THIN
