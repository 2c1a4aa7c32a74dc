"""Places inside a scalar: from a line and a column of its text to where that stands in the file. Pure."""

from __future__ import annotations

from reconciler.reading.tree import FILE_SHIFT, LINE_SHIFT, pack


def mark_inside(source: str, mark: int, text: str, line: int, column: int) -> int:
    """The mark of a place of a scalar's text; ``line`` and ``column`` are from 1, ``mark`` is the scalar's own.

    Where the text does not stand in the source as it is (folded, or with escapes) it is the scalar's.
    """
    file, at = mark >> FILE_SHIFT, mark & (1 << FILE_SHIFT) - 1
    first, start = (at >> LINE_SHIFT) - 1, (at & (1 << LINE_SHIFT) - 1) - 1
    lines, wanted = source.split("\n"), text.rstrip("\n").split("\n")
    if not 0 <= first < len(lines) or not 1 <= line <= len(wanted):
        return mark
    if len(wanted) == 1:
        for quote in (0, 1):
            if lines[first][start + quote :].startswith(text.rstrip("\n")):
                return pack(file, first + 1, start + quote + column)
    if lines[first][start : start + 1] not in ("|", ">"):
        return mark
    return _in_block(lines, file, first + 1, wanted, line, column) or mark


def _in_block(lines: list[str], file: int, first: int, wanted: list[str], line: int, column: int) -> int | None:
    """The same of a block, whose lines stand one by one below its ``|``, as far as they do."""
    row = first + line - 1
    indent = lines[row].find(wanted[line - 1]) if row < len(lines) else -1
    return pack(file, row + 1, indent + column) if indent > 0 else None
