"""Text from a server or a manifest inside Markdown: it neither breaks a table nor pings anybody nor becomes HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape as html

from reconciler.render.escape import escape

_HARMLESS = re.compile(r"(?:[^\W_]|[ ,;:.'()/%+-])*")
_TAKEN = re.compile(r"://|www\.|\bgh-\d|\b(?=\d*[a-f])[0-9a-f]{7,40}\b|^[\s+-]|^\d+[.)]|  $", re.IGNORECASE)
"""What a host makes a link or a list of, though every character in it is harmless: ``www.evil.com``, ``GH-12``."""
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
    """A sentence of our own as it is; one with anything in it that Markdown could take for something, as code."""
    return text if _HARMLESS.fullmatch(text) and not _TAKEN.search(text) else code(text)


def tag(text: str) -> str:
    """The same inside HTML, as in a ``<summary>``."""
    return f"<code>{html(escape(text))}</code>"


def cell(text: str) -> str:
    """What stands in a table: a pipe ends a cell even inside a code span."""
    return text.replace("|", "\\|")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()) -> list[str]:
    """A table; the columns ``right`` are aligned to the right. Cells are Markdown already."""
    ends = set(right)
    rule = ("---:" if at in ends else "---" for at in range(len(head)))
    return [_row(head), _row(rule), *(_row(cell(text) for text in row) for row in rows)]


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
