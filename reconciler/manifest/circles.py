"""Where each names at most one other: who comes back to itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def circles(names: Iterable[T], following: Callable[[T], T | None]) -> dict[T, tuple[T, ...]]:
    """Of every name that leads back to itself: the way there, beginning and ending with it. Linear in the names."""
    found: dict[T, tuple[T, ...]] = {}
    seen: set[T] = set()
    for start in names:
        way: dict[T, None] = {}
        here: T | None = start
        while here is not None and here not in seen:
            seen.add(here)
            way[here] = None
            here = following(here)
        if here is not None and here in way:
            ring = list(way)[list(way).index(here) :]
            for at, name in enumerate(ring):
                found[name] = (*ring[at:], *ring[:at], name)
    return found
