"""From a path to the characters that stand for its value, and whether they stand for anything else as well. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reconciler.model import Path, PathPart
from reconciler.reading.tree import Map, Seq, item_index
from reconciler.reading.written import Node


@dataclass(slots=True)
class Place:
    """A value in the text: its node, the nodes above it, and where it is among its parent's items.

    ``borrowed`` is the anchor that the way to it went through: an alias, or a map that ``<<`` brings.
    """

    node: Node
    value: Any
    above: list[Node] = field(default_factory=list)
    index: int = 0
    borrowed: str | None = None

    @property
    def parent(self) -> Node | None:
        """The map or list that holds it, None for a document."""
        return self.above[-1] if self.above else None

    def shared_by(self) -> list[int]:
        """The offsets of all aliases that use the value or a part of what holds it."""
        return sorted({user for node in (*self.above, self.node) for user in node.users})


def locate(value: Any, node: Node, path: Path) -> Place:  # noqa: ANN401 - any tree
    """The place of the value at a path. Raises ``LookupError`` where nothing is written there."""
    place = Place(node, value)
    for part in path:
        _follow_alias(place)
        if place.node.form == "map" and isinstance(place.value, Map) and part in place.value:
            _into_map(place, str(part))
        elif isinstance(place.value, Seq) and (at := item_index(place.value, part)) is not None:
            _into(place, at, place.value[at])
        else:
            raise LookupError(part)
    return place


def _follow_alias(place: Place) -> None:
    if place.node.form == "alias" and place.node.target is not None:
        place.borrowed = place.node.text
        place.node = place.node.target


def _into_map(place: Place, name: PathPart) -> None:
    value = place.value[name]
    at = place.node.at(str(name))
    for source in () if at is not None else _sources(place.node):
        if (at := source.at(str(name))) is not None:
            place.borrowed, place.node = source.anchor or "<<", source
            break
    if at is None:
        raise LookupError(name)
    _into(place, at, value)


def _sources(node: Node) -> list[Node]:
    """The maps that ``<<`` brings, and what those are merged from, in order of precedence."""
    found: list[Node] = []
    for source in node.merged():
        found += [source, *_sources(source)]
    return found


def _into(place: Place, at: int, value: Any) -> None:  # noqa: ANN401 - any tree
    place.above.append(place.node)
    place.node, place.value, place.index = place.node.items[at], value, at


def refuse_shared(place: Place) -> str | None:
    """Why the value is not only its own, None where it is."""
    if place.borrowed is not None:
        return f"this value comes from `&{place.borrowed}`, which others use too"
    if place.node.form == "alias":
        return f"this value is `*{place.node.text}`"
    if place.node.form == "map" and any(place.node.merged()) and place.node.users:
        return f"this value is shared: `&{place.node.anchor}` is used in other places"
    for node in (*place.above, place.node):
        if node.users:
            return f"this value is shared: `&{node.anchor}` is used in other places"
    return None


def refuse_within(node: Node) -> str | None:
    """Why the value cannot go as a whole: something outside uses a part of it."""
    for inner in node.within():
        if any(not node.start <= user < node.end for user in inner.users):
            return f"`&{inner.anchor}`, which stands here, is used in other places"
    return None


def path_at(root: Node, offset: int) -> Path | None:
    """The path of the value that begins at an offset, or whose key does; None where nothing begins there."""
    if root.start == offset:
        return ()
    waiting: list[tuple[Node, Path]] = [(root, ())]
    while waiting:
        node, path = waiting.pop()
        for index, item in enumerate(node.items):
            key = node.keys[index] if node.keys else None
            here: Path = (*path, key.text if key is not None else index)
            if offset == (key or item).start or (offset == item.start and item.form != "map"):
                return here
            if item.start <= offset <= item.end:
                waiting.append((item, here))
    return None
