"""One document in the canonical style: two columns a level, lists indented below their key, one space before comments.

What is written in a block stays a block, what is written in braces stays in braces; comments, blank lines (one at a
time), anchors and the wording of every text stay. Pure.
"""

from __future__ import annotations

import re

from reconciler.reading import writing
from reconciler.reading.gaps import Gap, comments, gap
from reconciler.reading.splicing import dashes
from reconciler.reading.writing import WIDTH
from reconciler.reading.written import Node

STEP = 2
_HEADER = re.compile(r"([|>])([-+]?)[ \t]*(#[^\n]*)?$")
_PROPERTIES = re.compile(r"(&\S+)(\s*)")


class Unprintable(Exception):  # noqa: N818 - it ends the formatting of one file and never leaves this room
    """Something that this style has no way to write; the message says what."""


class Printer:
    """Prints one document; ``at`` is the offset up to which the text is printed."""

    def __init__(self, text: str, start: int) -> None:
        self._text, self._at = text, start
        self._lines: list[str] = []
        self._line: str | None = None
        self._columns: list[tuple[int, int]] = [(0, 0)]
        """Where open blocks began, and where they begin now."""
        self._before: list[tuple[int, int]] = [(0, 0)]

    def document(self, root: Node, separator: int | None, end: int) -> list[str]:
        """The lines of a document with its separator, and of what follows it up to an offset."""
        if separator is not None:
            self._gap(gap(self._text, self._at, separator), 0)
            self._line, self._at = "---", separator + 3
        if root.form in ("map", "list") and not root.flow:
            self._block(root, 0)
        elif root.end > root.start:
            self._atom(root.start, 0)
            self._value(root, -STEP)
        self._gap(gap(self._text, self._at, end), 0, last=True)
        self._break()
        return self._lines

    def _block(self, node: Node, column: int) -> None:
        if node.anchor is not None and node.form == "map" and node.keys and self._line is None:
            raise Unprintable("an anchor before a whole document")
        if node.form == "map":
            self._map(node, column)
        else:
            self._list(node, column)

    def _map(self, node: Node, column: int) -> None:
        for key, value in zip(node.keys, node.items, strict=True):
            self._atom(key.start, column, self._open(key.start, column))
            self._put(self._inline(key))
            self._at = key.end
            if "?" in self._text[self._at : value.start].partition("#")[0]:
                raise Unprintable("a key that is written with `?`")
            self._at = self._text.index(":", key.end) + 1
            self._put(":")
            self._entry(value, column)
            self._columns.pop()

    def _list(self, node: Node, column: int) -> None:
        for dash, item in zip(dashes(self._text, node), node.items, strict=True):
            self._atom(dash, column, self._open(dash, column))
            self._put("-")
            self._at = dash + 1
            self._entry(item, column, item=True)
            self._columns.pop()

    def _open(self, offset: int, column: int) -> tuple[int, int]:
        return offset - (self._text.rfind("\n", 0, offset) + 1), column

    def _entry(self, value: Node, column: int, *, item: bool = False) -> None:
        """The value behind a key or a dash at a column."""
        if value.form in ("map", "list") and not value.flow and value.items:
            start = self._anchor(value)
            deeper = column + STEP
            first = value.keys[0].start if value.form == "map" else dashes(self._text, value)[0]
            between = gap(self._text, start, first)
            if item and value.anchor is None and not between.has_comments and (value.form == "map" or column >= 0):
                self._put(" ")
                self._at = first
            self._block(value, deeper)
        elif self._is_long(value):
            self._unfolded(value, column + STEP)
        elif value.end > value.start:
            between = gap(self._text, self._at, value.start)
            if between.has_comments:
                self._atom(value.start, column + STEP)
            else:
                self._put(" ")
            self._value(value, column)

    def _is_long(self, value: Node) -> bool:
        """Whether something in braces over several lines has no room on one; it becomes a block."""
        several = value.flow and value.anchor is None and "\n" in self._text[value.start : value.end]
        return several and bool(value.items) and len(self._inline(value)) > WIDTH

    def _unfolded(self, value: Node, column: int) -> None:
        between = gap(self._text, self._at, value.start)
        if between.has_comments:
            raise Unprintable("a comment before braces")
        for at, item in enumerate(value.items):
            self._break()
            head = f"{self._inline(value.keys[at])}:" if value.keys else "-"
            tail = f" {self._inline(item)}" if item.end > item.start else ""
            self._line = f"{' ' * column}{head}{tail}"
        self._at = value.end

    def _anchor(self, value: Node) -> int:
        """Print the anchor of a block on the line of its key or dash."""
        if value.anchor is None:
            return self._at
        if gap(self._text, self._at, value.start).has_comments:
            raise Unprintable("a comment before an anchor")
        self._put(f" &{value.anchor}")
        self._at = value.start + len(value.anchor) + 1
        return self._at

    def _value(self, node: Node, column: int) -> None:
        """A value that is no block, at the place where the line is."""
        if node.style in ("|", ">"):
            self._literal(node, column + STEP)
        else:
            text = self._inline(node)
            first, *rest = text.split("\n")
            self._put(first)
            for line in rest:
                self._break()
                self._line = " " * (column + STEP) + line.strip() if line.strip() else ""
        self._at = node.end

    def _inline(self, node: Node) -> str:
        """A scalar, an alias, or something in braces, as it is written but for its quotes and spaces."""
        source = self._text[node.start : node.end]
        if node.form in ("map", "list"):
            if "\n" in source:
                inside = comments(self._text[: node.end], [node], node.start)
                if inside:
                    raise Unprintable("a comment inside braces")
            return self._flow(node)
        if node.style == "'" and node.anchor is None and "\n" not in source:
            return writing.quoted(node.text) if not set(node.text) & {'"', "\\"} else source
        return source

    def _flow(self, node: Node) -> str:
        anchor = f"&{node.anchor} " if node.anchor is not None else ""
        if node.form == "list":
            return f"{anchor}[{', '.join(self._inline(item) for item in node.items)}]"
        parts = []
        for key, value in zip(node.keys, node.items, strict=True):
            parts.append(f"{self._inline(key)}: {self._inline(value)}" if value.end > value.start else self._bare(key))
        return f"{anchor}{{ {', '.join(parts)} }}" if parts else f"{anchor}{{}}"

    def _bare(self, key: Node) -> str:
        return f"{self._inline(key)}:"

    def _literal(self, node: Node, column: int) -> None:
        head, *body = self._text[node.start : node.end].split("\n")
        if node.anchor is not None:
            head = head[len(node.anchor) + 1 :].lstrip()
            self._put(f"&{node.anchor} ")
        match = _HEADER.match(head)
        if match is None or match[2] == "+":
            raise Unprintable("a block of text that keeps its last lines or says its indentation")
        self._put(match[1] + match[2] + (f" {match[3].rstrip()}" if match[3] else ""))
        indent = min((len(line) - len(line.lstrip(" ")) for line in body if line.strip()), default=0)
        first = next((line for line in body if line.strip()), "")
        if len(first) - len(first.lstrip(" ")) != indent:
            raise Unprintable("a block of text whose first line is indented more than others")
        for line in body:
            self._break()
            self._line = " " * column + line[indent:] if line[indent:] else ""

    def _atom(self, offset: int, column: int, opened: tuple[int, int] | None = None) -> None:
        """Go to where something at an offset is to be printed, past the comments before it."""
        if self._at == offset and self._line is not None:
            self._columns.append(opened or (0, column))
            self._before = list(self._columns)
            return
        self._gap(gap(self._text, self._at, offset), column, offset=offset)
        self._break()
        self._line = " " * column
        if opened is not None:
            self._columns.append(opened)
            self._before = list(self._columns)
        self._at = offset

    def _gap(self, found: Gap, column: int, *, offset: int | None = None, last: bool = False) -> None:
        if found.trailing:
            if self._line is None and not self._lines:
                self._line = ""
            self._put((" " if self._line else "") + found.trailing)
        self._break()
        blank = False
        origin = offset - (self._text.rfind("\n", 0, offset) + 1) if offset is not None else 0
        for place, comment in found.lines:
            if not comment:
                blank = True
                continue
            self._blank(blank)
            blank = False
            self._lines.append(" " * self._column(place, origin, column) + comment)
        self._blank(blank and not last)

    def _column(self, place: int, origin: int, column: int) -> int:
        """Where a comment goes: with what follows it, unless it stood deeper, with what came before."""
        if place <= origin:
            return column
        fitting = [now for then, now in self._before if then <= place]
        return max(column, fitting[-1]) if fitting else column

    def _blank(self, wanted: bool) -> None:
        if wanted and self._lines and self._lines[-1]:
            self._lines.append("")

    def _put(self, text: str) -> None:
        self._line = (self._line or "") + text

    def _break(self) -> None:
        if self._line is not None:
            self._lines.append(self._line.rstrip())
            self._line = None
