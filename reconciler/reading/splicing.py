"""The text of a file with one value replaced, added or removed. Pure; what it gives is checked by ``editing``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.reading import writing
from reconciler.reading.locating import Place
from reconciler.reading.writing import Style
from reconciler.reading.written import Node

_ANCHOR = re.compile(r"&\S+(?:\s+|$)")


def newline(text: str) -> str:
    """The end of a line as this text has it."""
    at = text.find("\n")
    return "\r\n" if at > 0 and text[at - 1] == "\r" else "\n"


def style_of(text: str, node: Node) -> Style:
    """How the text below a node is written, by its first examples."""
    json = node.flow and all(key.style == '"' for key in node.keys)
    step, dash, flow, spaces = None, None, None, None
    for outer in sorted(node.within(), key=lambda one: one.start):
        if outer.form == "map" and outer.flow and outer.items:
            flow = True
            spaces = text[outer.start + 1] == " " if spaces is None else spaces
        if outer.form != "map" or outer.flow:
            continue
        for key, item in zip(outer.keys, outer.items, strict=True):
            if item.flow or not item.items or item.anchor is not None:
                continue
            offset = _column(text, item.start) - _column(text, key.start)
            if item.form == "map" and step is None and offset > 0:
                step = offset
            elif item.form == "list" and dash is None and offset >= 0:
                dash = offset
    step = step or 2
    return Style(step, step if dash is None else dash, bool(flow), spaces is not False, json)


def replace(text: str, place: Place, value: Any) -> str:  # noqa: ANN401 - any tree
    """Another value where one stands."""
    node = place.node
    start = node.start
    if node.anchor is not None and (match := _ANCHOR.match(text, start)):
        start = min(match.end(), node.end)
    flow = node.flow or any(above.flow for above in place.above)
    style = _style(text, place)
    if _is_tree(value) and value and not flow:
        return _replace_by_block(text, place, start, value, style)
    new = writing.flow(value, style) if _is_tree(value) else _scalar(text, place, value, flow=flow, json=style.json)
    if node.form in ("map", "list") and not flow:
        start = _tightened(text, start)
    gap = " " if text[start - 1 : start] in (":", "-", ",") and place.above else ""
    return text[:start] + gap + new + text[node.end :]


def _scalar(text: str, place: Place, value: Any, *, flow: bool, json: bool) -> str:  # noqa: ANN401 - a leaf
    """The text of a scalar in the style of the one it replaces."""
    node = place.node
    if json and isinstance(value, str):
        return writing.quoted(value)
    alone = not text[node.end : _line_end(text, node.end)].strip()
    if isinstance(value, str) and "\n" in value and not flow and alone and place.parent is not None:
        column = _column(text, _key_start(place))
        lines = writing.entry("x", value, column, _style(text, place))
        if len(lines) > 1:
            return newline(text).join([lines[0].removeprefix("x: "), *lines[1:]])
    return writing.scalar(value, like=node.style, flow=flow)


def _replace_by_block(text: str, place: Place, start: int, value: Any, style: Style) -> str:  # noqa: ANN401 - any tree
    """A map or list in a block where another value stands; a comment on the line of the key stays there."""
    parent, end = place.parent, place.node.end
    if parent is None:
        lines = writing.block(value, 0, style)
        return text[:start] + newline(text).join(lines) + text[end:]
    column = _column(text, _key_start(place))
    if parent.form == "list":
        lines = writing.block(value, _column(text, start) if place.node.items else column + 2, style)
        return text[:start] + newline(text).join(lines) + text[end:]
    lines = writing.entry("x", value, column, style)
    head = lines[0].removeprefix("x:").removeprefix(" ")
    start = _tightened(text, start)
    rest = _line_end(text, end)
    if head or place.node.form in ("map", "list"):
        new = newline(text).join([" " + head if head else "", *lines[1:]])
        return text[:start] + new + text[end:]
    before = text[:start].rstrip(" ") + text[end:rest].rstrip()
    return before + newline(text) + newline(text).join(lines[1:]) + text[rest:]


def add_entry(text: str, place: Place, name: str, value: Any, order: Sequence[str]) -> str:  # noqa: ANN401 - any tree
    """Another entry in a map, or a map of one entry where there is nothing yet."""
    node = place.node
    if node.form != "map" or not node.keys:
        return replace(text, place, {name: value})
    style = _style(text, place)
    after = _predecessor(node, name, order)
    if node.flow or any(above.flow for above in place.above):
        key = writing.quoted(name) if style.json else writing.scalar(name, flow=True)
        return _add_flow(text, node, after, f"{key}: {writing.flow(value, style)}")
    column = _column(text, node.keys[0].start)
    lines = writing.entry(name, value, column, style)
    return _add_block(text, node.keys, node.items, after, lines, column)


def add_item(text: str, place: Place, value: Any, before: int | None) -> str:  # noqa: ANN401 - any tree
    """Another item in a list."""
    node = place.node
    style = _style(text, place)
    if not node.items:
        return replace(text, place, [value])
    after = (len(node.items) if before is None else before) - 1
    if node.flow or any(above.flow for above in place.above):
        return _add_flow(text, node, after, writing.flow(value, style))
    places = dashes(text, node)
    column = _column(text, places[0])
    heads = [Node("scalar", dash, dash) for dash in places]
    return _add_block(text, heads, node.items, after, writing.item(value, column, style), column)


def _add_flow(text: str, node: Node, after: int, new: str) -> str:
    heads = node.keys or node.items
    if after < 0:
        at = heads[0].start
        return f"{text[:at]}{new}, {text[at:]}"
    at = max(node.items[after].end, heads[after].end)
    line = text[text.rfind("\n", 0, heads[after].start) + 1 : heads[after].start]
    own_line = after > 0 and not line.strip()
    gap = newline(text) + line if own_line else " "
    return f"{text[:at]},{gap}{new}{text[at:]}"


def _add_block(text: str, heads: list[Node], items: list[Node], after: int, lines: list[str], column: int) -> str:
    nl = newline(text)
    if after < 0:
        at = heads[0].start
        return text[:at] + nl.join(lines) + nl + " " * column + text[at:]
    at = _line_end(text, max(items[after].end, heads[after].end))
    return text[:at] + nl + " " * column + nl.join(lines) + text[at:]


def remove(text: str, place: Place) -> str:
    """An entry or item taken away with its lines."""
    parent = place.above[-1]
    heads = parent.keys or parent.items
    if len(heads) == 1:
        start = _inner_start(text, parent)
        empty = "{}" if parent.form == "map" else "[]"
        if not parent.flow and len(place.above) > 1:
            start = _tightened(text, start)
        gap = " " if text[start - 1 : start] == ":" else ""
        return text[:start] + gap + empty + text[parent.end :]
    at = place.index
    ends = [max(item.end, head.end) for item, head in zip(parent.items, heads, strict=True)]
    if parent.flow or any(above.flow for above in place.above):
        if at + 1 < len(heads):
            return text[: heads[at].start] + text[heads[at + 1].start :]
        return text[: ends[at - 1]] + text[ends[at] :]
    starts = [key.start for key in parent.keys] or dashes(text, parent)
    line = text.rfind("\n", 0, starts[at]) + 1
    if not text[line : starts[at]].strip(" "):
        end = _line_end(text, ends[at])
        after = text.find("\n", end) + 1 or len(text)
        return text[:line] + text[after:]
    between = text[ends[at] : starts[at + 1]]
    if "#" in between.partition("\n")[2]:
        return text[: starts[at]].rstrip(" ") + text[_line_end(text, ends[at]) :]
    return text[: starts[at]] + text[starts[at + 1] :]


def _inner_start(text: str, node: Node) -> int:
    match = _ANCHOR.match(text, node.start) if node.anchor is not None else None
    return match.end() if match else node.start


def _style(text: str, place: Place) -> Style:
    return style_of(text, place.above[0] if place.above else place.node)


def _predecessor(node: Node, name: str, order: Sequence[str]) -> int:
    """The position of the entry that a new one goes behind, -1 for the beginning."""
    if name not in order:
        return len(node.keys) - 1
    earlier = set(order[: list(order).index(name)])
    found = [at for at, key in enumerate(node.keys) if key.text in earlier or key.text == "<<"]
    return found[-1] if found else -1


def dashes(text: str, node: Node) -> list[int]:
    """Where the dash of every item of a block list stands."""
    found = []
    at = _inner_start(text, node)
    for item in node.items:
        while text[at] != "-":
            at = _line_end(text, at) if text[at] == "#" else at + 1
        found.append(at)
        at = max(item.end, at + 1)
    return found


def _key_start(place: Place) -> int:
    """Where the entry or item of a place begins, for its column."""
    parent = place.above[-1]
    return parent.keys[place.index].start if parent.keys else max(parent.start, place.node.start - 2)


def _tightened(text: str, start: int) -> int:
    """The end of the key's colon, where only white space stands between it and a value; else the same place."""
    before = len(text[:start].rstrip())
    return before if text[before - 1 : before] == ":" else start


def _column(text: str, offset: int) -> int:
    return offset - (text.rfind("\n", 0, offset) + 1)


def _line_end(text: str, offset: int) -> int:
    """The end of the line, before its line break."""
    at = text.find("\n", offset)
    at = len(text) if at < 0 else at
    return at - 1 if text[at - 1 : at] == "\r" and at > offset else at


def _is_tree(value: Any) -> bool:  # noqa: ANN401 - any tree
    return isinstance(value, Mapping | list | tuple)
