"""Values of a spec as text: on one line where they fit (``{type: unit, amount: 0.10 USD}``), nested where not.

Text is unquoted where nobody can mistake it, quoted where it is empty, has spaces, or could be read as something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from reconciler.kinds.shape import ListOf, Shape
from reconciler.model import Tree, exact_number
from reconciler.render import facts, money
from reconciler.render.escape import columns, escape

SECRET = "(secret)"  # noqa: S105 - what stands in for one
_BARE = re.compile(r"[\w$./@%*<+-][\w$./:@%*+<>|=-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "->"})
_IDENTITIES = ("key", "addon")
_SECRET_KEYS = frozenset({"$secret", "$live"})
_ALIGN_UP_TO = 24
_FLOW_LEAVES = 6


@dataclass(frozen=True, slots=True)
class Print:
    """How values of one object are printed. ``room`` is what is left of the line, in columns."""

    currency: str = ""
    room: int = 80

    def narrower(self, by: int) -> Print:
        """The same with less room."""
        return replace(self, room=self.room - by)


def text(value: Tree) -> str:
    """A scalar, or anything on one line without facts about it."""
    return flow(value, None, Print())


def flow(value: Tree, shape: Shape | None, how: Print) -> str:
    """Any value on one line."""
    match value:
        case Mapping() if _SECRET_KEYS & value.keys():
            return SECRET
        case Mapping():
            return "{" + ", ".join(f"{bare(name)}: {shown}" for name, shown in _entries(value, shape, how)) + "}"
        case list() | tuple():
            item = shape.item if isinstance(shape, ListOf) else None
            return "[" + ", ".join(flow(element, item, how) for element in value) + "]"
        case _:
            return _money(value, how) if facts.is_money(shape) else scalar(value)


def _entries(value: Mapping[str, Tree], shape: Shape | None, how: Print) -> Iterator[tuple[str, str]]:
    for name, entry in value.items():
        if facts.has_secret(shape, name, value):
            yield name, SECRET
        else:
            yield name, flow(entry, facts.child(shape, name, value), how)


def scalar(value: Tree) -> str:
    """One value without structure."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return money.plain(value)
        case str():
            return bare(value)
        case _:
            return str(value)


def bare(value: str) -> str:
    """Text without quotes where that is unmistakable; always harmless for a terminal."""
    if _BARE.fullmatch(value) and value not in _WORDS and value.isascii():
        return value
    return '"' + escape(value.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _money(value: Tree, how: Print) -> str:
    number = exact_number(value)
    small = money.scaled(None, number, how.currency)
    return " ".join(part for part in (scalar(value), how.currency, f"({small})" if small else "") if part)


def tree(value: Tree, shape: Shape | None, how: Print) -> list[str]:
    """A value in as many lines as it needs, indented by two columns per level."""
    match value:
        case Mapping() if not _SECRET_KEYS & value.keys():
            return _map(value, shape, how)
        case list() | tuple() if any(isinstance(element, Mapping) for element in value):
            return [line for index, element in enumerate(value) for line in _item(index, element, shape, how)]
        case _:
            return [flow(value, shape, how)]


def named(name: str, value: Tree, shape: Shape | None, how: Print, pad: int = 0) -> list[str]:
    """``name: value`` on one line where it fits, else the value below its name."""
    shown = inline(name, value, shape, how)
    if shown is not None:
        return [f"{name}:{' ' * max(1, pad + 1 - columns(name))}{shown}"]
    return [f"{name}:", *(f"  {line}" for line in tree(value, shape, how.narrower(2)))]


def inline(name: str, value: Tree, shape: Shape | None, how: Print) -> str | None:
    """The value for the line of its name; None where it is better shown below."""
    if not isinstance(value, Mapping | list | tuple):
        return flow(value, shape, how)
    if _leaves(value) > _FLOW_LEAVES or _deep(value):
        return None
    shown = flow(value, shape, how)
    return shown if columns(name) + 2 + columns(shown) <= how.room else None


def padding(names: Iterable[str]) -> int:
    """How wide a column of names is, long ones left out."""
    return max((columns(name) for name in names if columns(name) <= _ALIGN_UP_TO), default=0)


def _map(value: Mapping[str, Tree], shape: Shape | None, how: Print) -> list[str]:
    entries = [(bare(name), entry, facts.child(shape, name, value)) for name, entry in value.items()]
    hidden = {bare(name) for name in value if facts.has_secret(shape, name, value)}
    on_one_line = [name for name, entry, child in entries if inline(name, entry, child, how) is not None]
    pad = padding([name for name in on_one_line if name not in hidden])
    lines: list[str] = []
    for name, entry, child in entries:
        lines += [f"{name}: {SECRET}"] if name in hidden else named(name, entry, child, how, pad)
    return lines


def _item(index: int, element: Tree, shape: Shape | None, how: Print) -> list[str]:
    item = shape.item if isinstance(shape, ListOf) else None
    if not isinstance(element, Mapping):
        return [f"[{index}]: {flow(element, item, how)}"]
    identity = next((name for name in _IDENTITIES if isinstance(element.get(name), str)), None)
    label = f"[{index}]" if identity is None else f"[{escape(str(element[identity]))}]"
    rest = {name: value for name, value in element.items() if name != identity}
    return named(label, rest, item, how) if rest else [label]


def _leaves(value: Tree) -> int:
    if isinstance(value, Mapping):
        return sum(_leaves(entry) for entry in value.values())
    if isinstance(value, list | tuple):
        return sum(_leaves(element) for element in value)
    return 1


def _deep(value: Tree) -> bool:
    if not isinstance(value, Mapping):
        return isinstance(value, list | tuple) and len(value) > 1 and any(isinstance(item, Mapping) for item in value)
    return any(_deep(entry) for entry in value.values())
