"""Text from a server or a manifest inside Markdown: it neither breaks a table nor pings anybody nor becomes HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape as html

from reconciler.render.escape import escape

_HARMLESS = re.compile(r"(?:[^\W_]|[ ,;:.'()/%+-])*")
_TAKEN = re.compile(r"://|www\.|\bgh-\d|\b(?=\d*[a-f])[0-9a-f]{7,40}\b|  $", re.IGNORECASE)
"""What a host makes a link of, though every character in it is harmless: ``www.evil.com``, ``GH-12``, a commit."""
_BEGINS = re.compile(r"^(?:\s|(?:[+-]+|\d+[.)])(?:\s|$))")
"""What would be a list at the beginning of a line."""
_TOKEN = re.compile(r"(?P<gap> *)(?P<token>`[^`]*`|[^ `]+|`)")
NARROW = "\u00a0"
"""A space at which no line breaks."""
_NUMBER = 32
_TICKS = re.compile(r"`+")


def unhidden(text: str) -> str:
    r"""Harmless text in which nothing begins or ends a hidden comment, not even for one who only searches the text.

    ``<!--`` is spelled ``<\x21--``: no name can forge a marker that stands in such a comment.
    """
    return escape(text).replace("<!--", "<\\x21--").replace("-->", "--\\x3e")


def code(text: str) -> str:
    """A code span: nothing in it is read as Markdown, HTML or a mention."""
    shown = unhidden(text)
    if not shown.strip():
        return "` `"
    ticks = "`" * (max((len(run) for run in _TICKS.findall(shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def sentence(text: str) -> str:
    """A sentence with whatever Markdown or a host could take for something as code, word by word.

    What stands in backticks is code too. Nothing of it ends a line, pings somebody, becomes a link or begins a list.
    """
    if _is_plain(text) and not _BEGINS.search(text):
        return text
    shown = ""
    pending: list[str] = []
    for match in _TOKEN.finditer(text):
        gap, token = match["gap"], match["token"]
        quoted = len(token) > 1 and token[0] == token[-1] == "`"
        plain = not quoted and _is_plain(token) and not (_BEGINS.search(token) and not (shown or pending))
        if pending and not (gap and not plain and not quoted):
            shown, pending = _with(shown, code(" ".join(pending))), []
        if plain:
            shown += " " * bool(gap and shown) + token
        elif quoted:
            shown = _with(shown + " " * bool(gap and shown), code(token[1:-1]))
        else:
            shown += " " * bool(gap and shown and not pending)
            pending.append(token)
    return _with(shown, code(" ".join(pending))) if pending else shown or code(text)


def _with(shown: str, span: str) -> str:
    """A code span after what there is; two of them must not touch, for their backticks would be one run."""
    return f"{shown} {span}" if shown.endswith("`") else shown + span


def _is_plain(text: str) -> bool:
    return bool(_HARMLESS.fullmatch(text)) and not _TAKEN.search(text)


def tag(text: str) -> str:
    """The same inside HTML, as in a ``<summary>``."""
    return f"<code>{html(escape(text))}</code>"


def cell(text: str) -> str:
    """What stands in a table: a pipe ends a cell even inside a code span."""
    return text.replace("|", "\\|")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()) -> list[str]:
    """A table; the columns ``right`` are aligned to the right. Cells are Markdown already.

    A short cell on the right is a number: nothing of it wraps on a narrow screen.
    """
    ends = set(right)
    rule = ("---:" if at in ends else "---" for at in range(len(head)))
    cells = ((_unbroken(text) if at in ends else text for at, text in enumerate(row)) for row in rows)
    return [_row(head), _row(rule), *(_row(cell(text) for text in row) for row in cells)]


def _unbroken(text: str) -> str:
    return text.replace(" ", NARROW) if len(text) <= _NUMBER and "`" not in text else text


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def folded(title: str, lines: Iterable[str]) -> list[str]:
    """A part that a click opens; ``title`` is HTML already."""
    return ["<details>", f"<summary>{title}</summary>", "", *lines, "", "</details>"]


def fenced(lines: Sequence[str], language: str = "") -> list[str]:
    """Lines of code; the fence is longer than any run of backticks in them."""
    lines = [line.replace("<!--", "<\\x21--").replace("-->", "--\\x3e") for line in lines]
    ticks = max((len(run) for line in lines for run in _TICKS.findall(line)), default=0)
    fence = "`" * max(3, ticks + 1)
    return [f"{fence}{language}", *lines, fence]
