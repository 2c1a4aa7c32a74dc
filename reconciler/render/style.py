"""How text is dressed: colour or none, UTF-8 or ASCII, and the width of a line. Decided once, passed down."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Literal

from reconciler.render.escape import columns

Paint = Literal["bold", "dim", "red", "green", "yellow", "blue", "magenta", "cyan"]

_CODES: dict[Paint, str] = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}


@dataclass(frozen=True, slots=True)
class Style:
    """``width`` is in columns; below 40 it counts as 40, for nothing readable fits into less."""

    colour: bool = False
    unicode: bool = True
    width: int = 100

    @property
    def columns(self) -> int:
        """The width lines are laid out for."""
        return max(40, min(self.width, 140))

    def paint(self, text: str, *paints: Paint) -> str:
        """The text in these colours, or as it is without colour."""
        if not self.colour or not paints or not text:
            return text
        codes = ";".join(_CODES[paint] for paint in paints)
        return f"\x1b[{codes}m{text}\x1b[0m"

    def glyph(self, fancy: str, plain: str) -> str:
        """A symbol, or what stands for it where the terminal is not UTF-8."""
        return fancy if self.unicode else plain

    def fits(self, *parts: str, gap: int = 2) -> bool:
        """Whether the parts stand side by side on one line."""
        return sum(columns(part) for part in parts) + gap * (len(parts) - 1) <= self.columns

    def aside(self, left: str, right: str) -> str:
        """One line with ``right`` at the right edge; the caller made sure that both fit."""
        if not right:
            return left
        return left + " " * max(2, self.columns - columns(left) - columns(right)) + right

    def wrap(self, text: str, *, first: str, rest: str) -> list[str]:
        """A sentence in lines of the width, each behind its prefix. ``text`` must hold no colour."""
        room = max(24, self.columns - columns(rest))
        lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
        return [(first if index == 0 else rest) + line for index, line in enumerate(lines)]
