"""A file as it is written: every key, value, anchor and alias with the characters it takes, for editing in place.

``reading.builder`` gives what a file means; this gives where each part of it stands in the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from reconciler.reading.yaml import events

Form = Literal["scalar", "map", "list", "alias"]
MERGE = "<<"


@dataclass(slots=True, eq=False)
class Node:
    """One value; ``start`` and ``end`` are offsets into the text, an anchor included, the last line's end not.

    ``style`` of a scalar is its quote, ``|`` or ``>``, else empty; ``users`` are the offsets of the aliases of its
    anchor; ``target`` is what an alias stands for.
    """

    form: Form
    start: int
    end: int
    text: str = ""
    style: str = ""
    flow: bool = False
    anchor: str | None = None
    items: list[Node] = field(default_factory=list)
    keys: list[Node] = field(default_factory=list)
    users: list[int] = field(default_factory=list)
    target: Node | None = None

    def at(self, name: str) -> int | None:
        """The position of a key among the map's own; what ``<<`` brings is not there."""
        return next((i for i, key in enumerate(self.keys) if key.text == name and key.form == "scalar"), None)

    def merged(self) -> Iterator[Node]:
        """The maps that ``<<`` brings, in order of precedence."""
        for key, value in zip(self.keys, self.items, strict=False):
            if key.text == MERGE and not key.style:
                for source in value.items if value.form == "list" else (value,):
                    if source.form == "alias" and source.target is not None:
                        yield source.target
                    elif source.form == "map":
                        yield source

    def within(self) -> Iterator[Node]:
        """This node and all below it."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += node.keys
            waiting += node.items


def documents(text: str) -> list[Node]:
    """The documents of a text that ``Reader`` has read without a problem."""
    found: list[Node] = []
    composer = _Composer(text)
    for event in events(text):
        match event:
            case DocumentStartEvent():
                composer = _Composer(text)
            case DocumentEndEvent():
                if composer.root is not None:
                    found.append(composer.root)
            case ScalarEvent():
                composer.scalar(event)
            case AliasEvent():
                composer.alias(event)
            case MappingStartEvent() | SequenceStartEvent():
                composer.open(event)
            case MappingEndEvent() | SequenceEndEvent():
                composer.close(event)
    return found


class _Composer:
    """The events of one document → its nodes, without recursion."""

    def __init__(self, text: str) -> None:
        self.root: Node | None = None
        self._text = text
        self._open: list[Node] = []
        self._anchors: dict[str, Node] = {}

    def alias(self, event: Any) -> None:  # noqa: ANN401 - an event of PyYAML
        start, end = event.start_mark.index, event.end_mark.index
        target = self._anchors[event.anchor]
        target.users.append(start)
        self._place(Node("alias", start, end, text=event.anchor, target=target))

    def scalar(self, event: Any) -> None:  # noqa: ANN401 - an event of PyYAML
        start, end = event.start_mark.index, event.end_mark.index
        style = event.style or ""
        if style in ("|", ">"):
            end = start + len(self._text[start:end].rstrip())
        self._place(self._anchored(Node("scalar", start, end, event.value, style, anchor=event.anchor)))

    def open(self, event: Any) -> None:  # noqa: ANN401 - an event of PyYAML
        form: Form = "map" if isinstance(event, MappingStartEvent) else "list"
        node = Node(form, event.start_mark.index, event.end_mark.index, flow=bool(event.flow_style))
        node.anchor = event.anchor
        self._open.append(self._anchored(node))

    def close(self, event: Any) -> None:  # noqa: ANN401 - an event of PyYAML
        node = self._open.pop()
        if node.flow:
            node.end = event.end_mark.index
        elif node.items:
            node.end = max(node.end, node.items[-1].end)
        self._place(node)

    def _anchored(self, node: Node) -> Node:
        if node.anchor is not None:
            self._anchors[node.anchor] = node
        return node

    def _place(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        top = self._open[-1]
        if top.form == "map" and len(top.keys) == len(top.items):
            top.keys.append(node)
        else:
            top.items.append(node)
