"""Many short items in few lines."""

from __future__ import annotations

from collections.abc import Iterable

_WIDTH = 110


def packed(items: Iterable[str], separator: str = ", ", indent: str = "") -> list[str]:
    """Items one after another, in lines of a readable length."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(separator) + len(item) <= _WIDTH:
            lines[-1] += separator + item
        else:
            if lines:
                lines[-1] += separator.rstrip()
            lines.append(indent + item)
    return lines
