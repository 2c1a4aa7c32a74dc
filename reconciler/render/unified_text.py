"""Two renderings as unified diffs, one per object, as git shows files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher, unified_diff

from reconciler.model import Address
from reconciler.render.escape import escape
from reconciler.render.style import Paint, Style

_NOWHERE = "/dev/null"
_PAINTS: tuple[tuple[str, Paint], ...] = (
    ("---", "bold"),
    ("+++", "bold"),
    ("@@", "cyan"),
    ("-", "red"),
    ("+", "green"),
)
_CONTEXT = 3
_KEY = re.compile(r"(key|featureKey|addon): (\S+)$")
_FIELD = re.compile(r"([A-Za-z$][\w$]*):$")


def differences(old: Mapping[Address, str], new: Mapping[Address, str], names: tuple[str, str], style: Style) -> str:
    """What turns ``old`` into ``new``, objects in the order of ``new``, then those that are gone; empty if nothing.

    ``names`` say what each of the two is; an object that one of them lacks comes from or goes to ``/dev/null``. A hunk
    says which part of the object it is in.
    """
    addresses = [*new, *(address for address in old if address not in new)]
    lines = [line for address in addresses for line in _object(address, old, new, names)]
    return "".join(f"{_painted(line, style)}\n" for line in lines)


def _object(
    address: Address, old: Mapping[Address, str], new: Mapping[Address, str], names: tuple[str, str]
) -> Iterator[str]:
    sides = [
        (f"{name}:{address}", texts[address].splitlines()) if address in texts else (_NOWHERE, [])
        for name, texts in zip(names, (old, new), strict=True)
    ]
    (before, one), (after, other) = sides
    where = _places(one, other)
    for line in unified_diff(one, other, before, after, n=_CONTEXT, lineterm=""):
        yield f"{line} {next(where)}".rstrip() if line.startswith("@@") else line


def _places(one: Sequence[str], other: Sequence[str]) -> Iterator[str]:
    """For every hunk, the part of the object that its first change is in; nothing where an object comes or goes."""
    for group in SequenceMatcher(None, one, other).get_grouped_opcodes(_CONTEXT):
        _, start, _, begin, _ = next(code for code in group if code[0] != "equal")
        lines, at = (other, begin) if begin < len(other) else (one, start)
        yield place(lines, at) if one and other else ""


def place(lines: Sequence[str], at: int) -> str:
    """The part of a rendered object that a line stands in, such as ``phases[main].rateCards[tokens].price``."""
    parts: list[str] = []
    level, in_list = _indent(lines[at]), lines[at].lstrip().startswith("- ")
    for index in range(at - 1, -1, -1):
        indent, text = _indent(lines[index]), lines[index].lstrip()
        if not text:
            continue
        if text.startswith("- ") and indent < level:
            if level > indent + 2 and (name := _FIELD.fullmatch(text.removeprefix("- "))):
                parts.append(f".{name[1]}")
            parts.append(f"[{_key(lines, index)}]")
            level, in_list = indent, True
        elif not text.startswith("- ") and (indent < level or (in_list and indent == level)):
            if name := _FIELD.fullmatch(text):
                parts.append(f".{name[1]}")
            level, in_list = indent, False
    return "".join(reversed(parts)).removeprefix(".spec").removeprefix(".")


def _key(lines: Sequence[str], start: int) -> str:
    """What tells the item of a list apart that begins on a line."""
    indent = _indent(lines[start])
    found: dict[str, str] = {}
    for index in range(start, len(lines)):
        inner = lines[index].lstrip().removeprefix("- ")
        if index > start and _indent(lines[index]) <= indent:
            break
        if index == start or _indent(lines[index]) == indent + 2:
            match = _KEY.fullmatch(inner)
            found |= {match[1]: match[2]} if match else {}
    return next((found[name] for name in ("key", "featureKey", "addon") if name in found), _index(lines, start))


def _index(lines: Sequence[str], start: int) -> str:
    """How many items of the same list stand before the one that begins on a line."""
    indent, count = _indent(lines[start]), 0
    for line in reversed(lines[:start]):
        if _indent(line) <= indent and not line.lstrip().startswith("- "):
            break
        count += _indent(line) == indent
    return str(count)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _painted(line: str, style: Style) -> str:
    paint = next((paint for start, paint in _PAINTS if line.startswith(start)), None)
    text = escape(line)
    return style.paint(text, paint) if paint else text
