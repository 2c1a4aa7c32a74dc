"""A YAML file in one canonical style: the same documents, the same comments, a layout that nobody has to discuss.

The style is that of the examples: see ``printing``. The envelope of a document comes first and in the order of the
language; what stands below it keeps its order, for that is the author's.
"""

from __future__ import annotations

from typing import Any

from yaml.events import DocumentEndEvent, DocumentStartEvent

from reconciler.model import Location, Problem
from reconciler.reading.expected import plain_tree
from reconciler.reading.gaps import comments
from reconciler.reading.printing import Printer, Unprintable
from reconciler.reading.written import Node, documents
from reconciler.reading.yaml import Reader, events

_FIRST = ("apiVersion", "kind", "key", "name", "extends", "abstract", "notBefore")
_PASSES = 3


def formatted(name: str, data: bytes) -> tuple[str, list[Problem]]:
    """The text in the canonical style, and problems: errors where it cannot be read, a warning where it was left.

    What it gives always means what the file meant, has every comment of it, and stays as it is when formatted again.
    """
    reader = Reader()
    found, text = reader.read(name, data)
    if reader.problems:
        return text, list(reader.problems)
    roots = [plain_tree(document.root) for document in found]
    try:
        once = _canonical(text, roots)
    except Unprintable as reason:
        message = f"left as it is: {reason} has no canonical form"
        return text, [Problem("fmt.left", message, Location(name, 1), "warning")]
    return once, []


def _canonical(text: str, roots: list[Any]) -> str:
    """Formatted until nothing changes any more, and checked."""
    before = sorted(comments(text, documents(text)))
    crlf = "\r\n" in text
    now = text.replace("\r\n", "\n")
    for _ in range(_PASSES):
        last, now = now, _once(_in_order(now))
        if last == now:
            break
    else:
        raise Unprintable("something that does not settle")
    reader = Reader()
    found, _ = reader.read("", now.encode("utf-8", "surrogatepass"))
    if reader.problems or not _equal([plain_tree(document.root) for document in found], roots):
        raise Unprintable("something in it")
    if sorted(comments(now, documents(now))) != [comment.rstrip("\r") for comment in before]:
        raise Unprintable("the place of a comment")
    return now.replace("\n", "\r\n") if crlf else now


def _once(text: str) -> str:
    roots = documents(text)
    separators = _separators(text)
    lines: list[str] = []
    for number, root in enumerate(roots):
        start = (separators[number] or 0) if number else 0
        end = separators[number + 1] if number + 1 < len(roots) else len(text)
        if end is None:
            raise Unprintable("a document that ends with `...`")
        lines += Printer(text, start).document(root, separators[number], end)
    return "\n".join(lines).strip("\n") + "\n" if lines else text


def _separators(text: str) -> list[int | None]:
    """Where the line before every document stands, None where there is none."""
    found: list[int | None] = []
    for event in events(text):
        if isinstance(event, DocumentStartEvent):
            if event.version or event.tags:
                raise Unprintable("a directive")
            place: Any = event.start_mark
            found.append(place.index if event.explicit else None)
        elif isinstance(event, DocumentEndEvent) and event.explicit:
            raise Unprintable("a document that ends with `...`")
    return found


def _in_order(text: str) -> str:
    """The text with the entries of every envelope in the order of the language."""
    for number in range(len(documents(text))):
        moved = _moved(text, documents(text)[number])
        if moved != text and _meaning(moved) == _meaning(text):
            text = moved
    return text


def _meaning(text: str) -> list[Any] | None:
    reader = Reader()
    found, _ = reader.read("", text.encode("utf-8", "surrogatepass"))
    return None if reader.problems else [plain_tree(document.root) for document in found]


def _moved(text: str, root: Node) -> str:
    """One document's entries in order, each with the comments above it that are not indented."""
    names = [key.text for key in root.keys]
    if root.form != "map" or root.flow or "apiVersion" not in names:
        return text
    order = sorted(range(len(names)), key=lambda at: _rank(names[at]))
    if order == list(range(len(names))):
        return text
    lines = text.split("\n")
    ends = [_line(text, max(item.end, key.end)) for key, item in zip(root.keys, root.items, strict=True)]
    starts = [_line(text, root.keys[0].start)]
    for at in range(1, len(names)):
        start = _line(text, root.keys[at].start)
        while start - 1 > ends[at - 1] and (not lines[start - 1].strip() or lines[start - 1].startswith("#")):
            start -= 1
        starts.append(start)
    last = ends[-1] + 1
    while last < len(lines) and lines[last].startswith(" ") and lines[last].strip():
        last += 1
    chunks = [lines[start:end] for start, end in zip(starts, [*starts[1:], last], strict=True)]
    inside = [line for at in order for line in chunks[at]]
    return "\n".join([*lines[: starts[0]], *inside, *lines[last:]])


def _rank(name: str) -> int:
    if name in _FIRST:
        return _FIRST.index(name)
    return len(_FIRST) + (0 if name.startswith("x-") else 2 if name == "lifecycle" else 1)


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset)


def _equal(one: Any, other: Any) -> bool:  # noqa: ANN401 - any trees
    """Equal in type as well, order of keys aside."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return type(one) is type(other) and bool(one == other)
