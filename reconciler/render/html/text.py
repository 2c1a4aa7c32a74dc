"""Text on its way into the page: what is text of others, what is ours, and what may have several lines."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import TypeVar

from markupsafe import Markup
from markupsafe import escape as html

from reconciler.model import Address, Location
from reconciler.render.escape import escape

T = TypeVar("T")

_TAME = re.compile(r"[A-Za-z]+/[a-z0-9_]+")


class Lines(str):
    """Text whose line breaks are meant; in any other text one is spelled out."""

    __slots__ = ()


def finalize(value: object) -> str:
    """What every expression of a template goes through: no control or bidirectional character gets out of it.

    Jinja escapes the result for HTML, unless it is markup of our own.
    """
    match value:
        case Markup():
            return value
        case Lines():
            return "\n".join(escape(line) for line in value.split("\n"))
        case _:
            return escape(str(value))


def ticked(text: str) -> Markup:
    """A message of ours or of a server's: what stands in backticks as code, the rest as text."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return html(escape(text))
    shown = (html(escape(part)) for part in parts)
    return Markup("").join(Markup("<code>{}</code>").format(part) if at % 2 else part for at, part in enumerate(shown))


def anchor(address: Address) -> str:
    """The ``id`` of an object in the page: its address, or a digest where the address is not one that we would write.

    Never that of a section: those have no slash, and no ``object-``.
    """
    name = str(address)
    return name if _TAME.fullmatch(name) else f"object-{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:16]}"


def parts(items: Sequence[T], most: int) -> list[Sequence[T]]:
    """What is shown at once, then the rest, if any: that is folded away."""
    return [part for part in (items[:most], items[most:]) if part]


def place(location: Location | None) -> str:
    """``catalog/plans.yaml:12``, nothing where it stands nowhere."""
    return f"{location.file}:{location.line}" if location else ""
