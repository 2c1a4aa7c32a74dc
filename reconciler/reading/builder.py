"""From the events of a YAML parser to one positioned tree. No recursion: nesting cannot exhaust the stack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from reconciler.reading.scalars import ScalarError, resolve
from reconciler.reading.tree import LINE_SHIFT, Map, Seq

MAX_DEPTH = 100
MAX_EXPANDED = 100_000
"""How many values the aliases of one document may stand for: far beyond any real use, far below a bomb."""

_MERGE, _DISCARD = "<<", "\0discard"

Report = Callable[[str, str, int], None]
"""Takes a rule id, a message and a mark."""


class Unreadable(Exception):  # noqa: N818 - it stops the reading of one file and never leaves this room
    """What follows in this document cannot be made sense of; the problem has been reported."""


@dataclass(slots=True)
class _Frame:
    """An open map or list, and what was going on around it."""

    node: Map | Seq
    anchor: str | None
    size_before: int
    height: int = 1
    key: str | None = None
    key_mark: int = 0
    merges: list[Map] = field(default_factory=list)


class Builder:
    """Takes the events of one document and gives its tree as ``root``."""

    def __init__(self, base: int, report: Report, names: dict[str, str], values: dict[str, Any]) -> None:
        self.root: Any = None
        self.root_mark = 0
        self._base, self._report = base, report
        self._names, self._values = names, values
        self._frames: list[_Frame] = []
        self._top: _Frame | None = None
        # Per anchor: its value, how many values that stands for, and how many levels deep it goes.
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        self._size = 0

    def mark(self, place: Any) -> int:  # noqa: ANN401 - the marks of the C and the Python parser share no class
        """Our mark for a mark of the parser."""
        column: int = place.column + 1
        line: int = place.line + 1
        return self._base | line << LINE_SHIFT | (column if column < 65536 else 65535)

    def scalar(self, event: Any) -> None:  # noqa: ANN401 - an event of PyYAML
        """A key or a value."""
        mark = self.mark(event.start_mark)
        text: str = event.value
        top = self._top
        if event.tag is not None:
            self._refuse_tag(event.tag, mark)
        if "\0" in text:
            # PostgreSQL, where all of it ends, stores no such text: the server answers 500.
            self._report("yaml.character", "text cannot hold the character U+0000", mark)
        if top is not None and top.key is None and type(top.node) is Map:
            if event.anchor is not None:
                self._anchors[event.anchor] = (text, 1, 0)
            self._key(top, text, mark, plain=event.implicit[0])
            return
        value = self._plain(text, mark) if event.implicit[0] else text
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1, 0)
        self._place(value, mark)

    def open(self, event: Any, node: Map | Seq) -> None:  # noqa: ANN401 - an event of PyYAML
        """The start of a map or a list."""
        node.mark = self.mark(event.start_mark)
        if event.tag is not None:
            self._refuse_tag(event.tag, node.mark)
        if self._expects_key():
            self._stop("yaml.key", "a key has to be text", node.mark)
        if len(self._frames) >= MAX_DEPTH:
            self._stop("yaml.depth", f"nested more than {MAX_DEPTH} levels deep", node.mark)
        if event.anchor is not None:
            # Known from here on, so that an alias inside it is told from one to nowhere.
            self._anchors[event.anchor] = (_MERGE, -1, 0)
        self._top = _Frame(node, event.anchor, self._size)
        self._frames.append(self._top)

    def close(self) -> None:
        """The end of a map or a list."""
        frame = self._frames.pop()
        self._top = self._frames[-1] if self._frames else None
        if frame.merges:
            _merge(frame.node, frame.merges)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = (frame.node, self._size - frame.size_before + 1, frame.height)
        self._deepen(frame.height)
        self._place(frame.node, frame.node.mark)

    def alias(self, event: Any) -> None:  # noqa: ANN401 - an event of PyYAML
        """A reference to an anchored value; the value is shared, not copied."""
        mark = self.mark(event.start_mark)
        if event.anchor not in self._anchors:
            self._stop("yaml.alias", f"`*{event.anchor}` names no anchor that stands before it in this document", mark)
        value, size, height = self._anchors[event.anchor]
        if size < 0:
            self._stop("yaml.alias", f"`*{event.anchor}` stands inside the value that it names", mark)
        self._size += size
        if self._size > MAX_EXPANDED and size > 1:
            self._stop("yaml.alias", f"the aliases of this document stand for more than {MAX_EXPANDED} values", mark)
        if len(self._frames) + height > MAX_DEPTH:
            self._stop("yaml.depth", f"nested more than {MAX_DEPTH} levels deep", mark)
        self._deepen(height)
        if self._top is not None and self._expects_key():
            if not isinstance(value, str):
                self._stop("yaml.key", "a key has to be text", mark)
            self._key(self._top, value, mark, plain=False)
        else:
            self._place(value, mark)

    def _deepen(self, height: int) -> None:
        """What is open is at least one level deeper than what it holds."""
        if self._top is not None and self._top.height <= height:
            self._top.height = height + 1

    def _expects_key(self) -> bool:
        return self._top is not None and self._top.key is None and type(self._top.node) is Map

    def _plain(self, text: str, mark: int) -> Any:  # noqa: ANN401 - any scalar
        try:
            return self._values[text]
        except KeyError:
            pass
        try:
            value = resolve(text)
        except ScalarError as error:
            self._report("yaml.number", str(error), mark)
            return text
        self._values[text] = value
        return value

    def _key(self, top: _Frame, text: str, mark: int, *, plain: bool) -> None:
        top.key_mark = mark
        if text == _MERGE and plain:
            top.key = _MERGE
        elif text in top.node:
            first = top.node.entry_marks(text)[0]  # type: ignore[union-attr]  # only maps have keys
            place = f"line {(first >> LINE_SHIFT) & 0xFFFFFFF}, column {first & 0xFFFF}"
            self._report("yaml.duplicate_key", f"`{text}` stands twice in this map; the first is at {place}", mark)
            top.key = _DISCARD
        else:
            top.key = self._names.setdefault(text, text)

    def _place(self, value: Any, mark: int) -> None:  # noqa: ANN401 - any tree
        self._size += 1
        top = self._top
        if top is None:
            self.root, self.root_mark = value, mark
            return
        node = top.node
        if type(node) is Seq:
            node.append(value)
            node.marks.append(mark)
            return
        key, top.key = top.key, None
        if key is _MERGE:
            self._remember_merge(top, value, mark)
        elif key is not _DISCARD:
            node[key] = value  # type: ignore[index, call-overload]  # a map, and the key was read before its value
            node.marks += (top.key_mark, mark)

    def _remember_merge(self, top: _Frame, value: Any, mark: int) -> None:  # noqa: ANN401 - any tree
        sources = list(value) if isinstance(value, Seq) else [value]
        if all(isinstance(source, Map) for source in sources):
            top.merges += sources
        else:
            self._report("yaml.merge", "`<<` takes a map or a list of maps", mark)

    def _refuse_tag(self, tag: str, mark: int) -> None:
        shown = "!!" + tag.rpartition(":")[2] if tag.startswith("tag:yaml.org,2002:") else tag
        self._report("yaml.tag", f"`{shown}`: tags are not supported; write the value without it", mark)

    def _stop(self, rule: str, message: str, mark: int) -> None:
        self._report(rule, message, mark)
        raise Unreadable


def _merge(node: Map | Seq, sources: list[Map]) -> None:
    """``<<``: what the map itself says wins, then the earlier source."""
    if isinstance(node, Map):
        for source in sources:
            marks = source.marks
            for index, (key, value) in enumerate(source.items()):
                if key not in node:
                    node.put(key, value, marks[2 * index], marks[2 * index + 1])
