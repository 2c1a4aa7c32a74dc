"""Making a text short enough: what gives way, in which order, and what never does.

A block has forms from the fullest to the shortest. The block of the lowest weight gives way first, of several the
longest. What is never left out has a last resort instead: as much of it as fits, and a sentence that says how much
does not, which belongs at the top of the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Remainder:
    """As much as fits of what is never left out. ``missing`` says what does not: ``1,204 of 3,000 price changes``."""

    lines: list[str]
    missing: str


Form = Callable[[], list[str]]


@dataclass(frozen=True)
class Block:
    """One part of a text. ``said`` names it where it is shortened; ``last`` makes do with so many characters."""

    weight: int
    forms: tuple[Form, ...]
    said: str = ""
    last: Callable[[int], Remainder] | None = None

    @cached_property
    def made(self) -> list[list[str]]:
        """Every form that was looked at so far."""
        return [self.forms[0]()]

    def at(self, level: int) -> list[str]:
        """One form; made when it is needed."""
        while len(self.made) <= level:
            self.made.append(self.forms[len(self.made)]())
        return self.made[level]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was made of the blocks. ``shortened`` names those that say less than they could."""

    lines: list[str]
    shortened: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def size(lines: Iterable[str]) -> int:
    """Characters with their line ends."""
    return sum(len(line) + 1 for line in lines)


def fit(blocks: Sequence[Block], room: int) -> Fitted:
    """The blocks in their order in no more than so many characters, if that is possible at all."""
    levels = [0] * len(blocks)
    sizes = [size(block.at(0)) for block in blocks]
    while sum(sizes) > room:
        ready = [at for at, block in enumerate(blocks) if levels[at] + 1 < len(block.forms)]
        if not ready:
            return _crammed(blocks, levels, sizes, room)
        at = min(ready, key=lambda at: (blocks[at].weight, -sizes[at]))
        levels[at] += 1
        sizes[at] = size(blocks[at].at(levels[at]))
    lines = [line for block, level in zip(blocks, levels, strict=True) for line in block.at(level)]
    return Fitted(lines, _shortened(blocks, levels))


def _shortened(blocks: Sequence[Block], levels: Sequence[int]) -> tuple[str, ...]:
    return tuple(block.said for block, level in zip(blocks, levels, strict=True) if level and block.said)


def _crammed(blocks: Sequence[Block], levels: Sequence[int], sizes: Sequence[int], room: int) -> Fitted:
    """Nothing gives way any more: those that have a last resort share what the others leave."""
    lasting = [at for at, block in enumerate(blocks) if block.last is not None]
    left = room - sum(length for at, length in enumerate(sizes) if at not in lasting)
    remainders: dict[int, Remainder] = {}
    for count, at in zip(range(len(lasting), 0, -1), sorted(lasting, key=lambda at: sizes[at]), strict=True):
        last = blocks[at].last
        if last is not None and sizes[at] > left // count:
            remainders[at] = last(max(0, left // count))
            left -= size(remainders[at].lines)
        else:
            left -= sizes[at]
    lines = [
        line
        for at, block in enumerate(blocks)
        for line in (remainders[at].lines if at in remainders else block.at(levels[at]))
    ]
    missing = tuple(remainders[at].missing for at in sorted(remainders))
    return Fitted(lines, _shortened(blocks, levels), missing)
