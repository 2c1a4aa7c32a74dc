"""Values → the text that stands for them in a manifest, as a person would write it. Pure.

What it writes, ``Reader`` reads back as the same value; PyYAML's own emitter neither keeps to a file's style nor
quotes by YAML 1.2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reconciler.kinds.durations import plain
from reconciler.reading.scalars import ScalarError, resolve

_PLAIN = re.compile(r"[A-Za-z0-9_./$^(+~][^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]*")
_NOT_PLAIN = re.compile(r":(?:\s|$)|\s#|\s$")
_NOT_IN_FLOW = frozenset(",[]{}")
_OLD_WORDS = frozenset(("y", "n", "yes", "no", "on", "off"))
"""Booleans of YAML 1.1: text for us, but not for every reader."""
_NOT_LITERAL = re.compile(
    r"[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[ \t]+\n|[\u2028\u2029\ufeff]"
)


WIDTH = 100
"""How long a line may get by putting things on it that could stand on their own."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a file is written: ``step`` columns per level, ``dash`` columns from a key to the dashes of its list.

    ``flow``: small maps stand on one line, with ``spaces`` inside their braces. ``json``: nothing but JSON.
    """

    step: int = 2
    dash: int = 2
    flow: bool = True
    spaces: bool = True
    json: bool = False
    width: int = WIDTH


def scalar(value: Any, *, like: str = "", flow: bool = False) -> str:  # noqa: ANN401 - a leaf of a tree
    """A scalar on one line; ``like`` is the quote of the value it takes the place of. A quoted number stays quoted."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            text = plain(value) if isinstance(value, Decimal) else str(value)
            return f"{like}{text}{like}" if like in ('"', "'") else text
        case _:
            return _text(str(value), like, flow)


def _text(text: str, like: str, flow: bool) -> str:
    if like == "'" and _PLAIN.fullmatch("a" + text):
        return "'" + text.replace("'", "''") + "'"
    if like != '"' and is_plain(text) and not (flow and _NOT_IN_FLOW & set(text)):
        return text
    return quoted(text)


def is_plain(text: str) -> bool:
    """Whether a text may stand without quotes in a block and be read as this text by YAML 1.2 and 1.1."""
    if not _PLAIN.fullmatch(text) or _NOT_PLAIN.search(text) or text.lower() in _OLD_WORDS:
        return False
    try:
        return isinstance(resolve(text), str)
    except ScalarError:
        return False


def quoted(text: str) -> str:
    """The text in double quotes, which is JSON as well."""
    found = json.dumps(text, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff]", lambda match: f"\\u{ord(match[0]):04x}", found)


def flow(value: Any, style: Style) -> str:  # noqa: ANN401 - any tree
    """A value on one line."""
    if style.json:
        return _json(value)
    match value:
        case Mapping():
            inside = ", ".join(f"{scalar(str(name), flow=True)}: {flow(item, style)}" for name, item in value.items())
            return f"{{ {inside} }}" if inside and style.spaces else f"{{{inside}}}"
        case list() | tuple():
            return f"[{', '.join(flow(item, style) for item in value)}]"
        case _:
            return scalar(value, flow=True)


def _json(value: Any) -> str:  # noqa: ANN401 - any tree
    match value:
        case Mapping():
            return "{" + ", ".join(f"{quoted(str(name))}: {_json(item)}" for name, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_json, value)) + "]"
        case str():
            return quoted(value)
        case _:
            return scalar(value)


def entry(name: str, value: Any, indent: int, style: Style) -> list[str]:  # noqa: ANN401 - any tree
    """The lines of ``name: value`` in a block; the first is not indented, the others are, from column ``indent``."""
    head = scalar(name)
    if isinstance(value, str) and (literal := _literal(value, indent + style.step)):
        return [f"{head}: {literal[0]}", *literal[1:]]
    part_of_document = indent == 0 and isinstance(value, Mapping) and value
    if not part_of_document and _on_one_line(value, indent + len(head) + 2, style):
        return [f"{head}: {flow(value, style) if _is_tree(value) else scalar(value)}"]
    deeper = indent + (style.step if isinstance(value, Mapping) else style.dash)
    lines = block(value, deeper, style)
    return [f"{head}:", " " * deeper + lines[0], *lines[1:]]


def item(value: Any, indent: int, style: Style) -> list[str]:  # noqa: ANN401 - any tree
    """The lines of ``- value`` in a block, as ``entry`` gives them."""
    if isinstance(value, str) and (literal := _literal(value, indent + 2)):
        return [f"- {literal[0]}", *literal[1:]]
    if _on_one_line(value, indent + 2, style, nested=True):
        return [f"- {flow(value, style) if _is_tree(value) else scalar(value)}"]
    lines = block(value, indent + 2, style)
    return [f"- {lines[0]}", *lines[1:]]


def block(value: Any, indent: int, style: Style) -> list[str]:  # noqa: ANN401 - a map or list that is not empty
    """The lines of a map or list, as ``entry`` gives them."""
    if isinstance(value, Mapping):
        parts = [entry(str(name), part, indent, style) for name, part in value.items()]
    else:
        parts = [item(part, indent, style) for part in value]
    pad = " " * indent
    lines = [line for part in parts for line in (pad + part[0], *part[1:])]
    return [lines[0][indent:], *lines[1:]]


def _is_tree(value: Any) -> bool:  # noqa: ANN401 - any tree
    return isinstance(value, Mapping | list | tuple)


def _on_one_line(value: Any, column: int, style: Style, *, nested: bool = False) -> bool:  # noqa: ANN401 - any tree
    """Scalars, empty containers, lists of scalars, and small maps where the file writes them so.

    ``nested``: a map may hold such maps itself, as the tiers of a price do.
    """
    if not _is_tree(value) or not value:
        return True
    if column + len(flow(value, style)) > style.width:
        return False
    if isinstance(value, Mapping):
        inner = [part for part in value.values() if _is_tree(part) and part]
        if inner and (not nested or len(value) > 3):
            return False
        return style.flow and len(value) <= 5 and not any(_is_tree(deep) for part in inner for deep in _values(part))
    return not any(_is_tree(part) for part in value)


def _values(value: Any) -> list[Any]:  # noqa: ANN401 - a map or list
    return list(value.values()) if isinstance(value, Mapping) else list(value)


def _literal(text: str, indent: int) -> list[str]:
    """A text of several lines as a literal block; empty where it is not one or cannot stand so."""
    body = text.rstrip("\n")
    if "\n" not in body or _NOT_LITERAL.search(text) or text[0] in " \n\t" or body.endswith((" ", "\t")):
        return []
    ends = len(text) - len(body)
    if ends > 1:
        return []
    pad = " " * indent
    return ["|" if ends else "|-", *(pad + line if line else "" for line in body.split("\n"))]
