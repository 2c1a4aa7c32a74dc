"""What stands between two values of a text: comments and blank lines, and nothing else that has to stay. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.reading.written import Node

_COMMENT = re.compile(r"(?:^|(?<=[\s,\[{]))#[^\n]*")


@dataclass(frozen=True, slots=True)
class Gap:
    """The comment that ends the line before, and the lines on their own: a comment with its column, or a blank."""

    trailing: str
    lines: tuple[tuple[int, str], ...]

    @property
    def has_comments(self) -> bool:
        """Whether anything has to stay."""
        return bool(self.trailing) or any(text for _, text in self.lines)


def gap(text: str, start: int, end: int) -> Gap:
    """What stands between two offsets; ``start`` is behind something on its line."""
    first, newline, rest = text[start:end].partition("\n")
    lines = []
    for line in rest.split("\n")[:-1] if newline else ():
        comment = line.strip()
        lines.append((len(line) - len(line.lstrip()), comment if comment.startswith("#") else ""))
    tail = rest.rsplit("\n", 1)[-1] if newline else ""
    if tail.strip().startswith("#"):
        lines.append((len(tail) - len(tail.lstrip()), tail.strip()))
    found = _COMMENT.search(first)
    return Gap(found[0].rstrip() if found else "", tuple(lines))


def comments(text: str, documents: list[Node], at: int = 0) -> list[str]:
    """Every comment of a text, in order, from an offset on."""
    found: list[str] = []
    for start, end in sorted(_leaves(documents)):
        if start >= at:
            found += _in(text, at, start)
            at = end
    return found + _in(text, at, len(text))


def _leaves(documents: list[Node]) -> Iterator[tuple[int, int]]:
    for root in documents:
        for node in root.within():
            if node.form in ("scalar", "alias") and node.end > node.start:
                head = node.start
                yield (head, node.end)


def _in(text: str, start: int, end: int) -> list[str]:
    return [match[0].rstrip() for match in _COMMENT.finditer(text, start, end)]
