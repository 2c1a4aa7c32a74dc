"""Trees, paths, addresses, places and problems: what everything else is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, Protocol

Tree = None | bool | int | str | Decimal | Sequence["Tree"] | Mapping[str, "Tree"]
"""A value of a spec or of a wire body."""


def exact_number(value: Tree) -> Decimal | None:
    """The exact, finite number that a value stands for, also one written as text; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


PathPart = str | int
Path = tuple[PathPart, ...]
"""Where a value stands: field names and, inside a list, the item's key (or its index where it has none)."""

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Names one object of the catalogue: ``Plan/pro``. The key is unique per kind."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.key}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read ``Kind/key``; raises ``ValueError`` for anything else."""
        kind, slash, key = text.partition("/")
        if not (kind and slash and key):
            raise ValueError(f"`{text}` is not KIND/KEY")
        return cls(kind, key)


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file: ``file`` relative to the project, ``line`` and ``column`` from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    @classmethod
    def read(cls, item: Mapping[str, Any] | None) -> Location | None:
        """From the values of a file; None for none. Raises ``KeyError`` or ``TypeError`` for what is no place."""
        if item is None:
            return None
        file, line, column = item["file"], item["line"], item["column"]
        if not (isinstance(file, str) and isinstance(line, int) and isinstance(column, int)):
            raise TypeError(f"{item} is no place in a file")
        return cls(file, line, column)


class Source(Protocol):
    """Where the values of a declared object stand; the manifest room implements it over its positioned trees."""

    def locate(self, path: Path) -> Location:
        """The place of the value at ``path`` or, where it is not written, of the nearest parent that is."""
        ...


@dataclass(frozen=True, slots=True, order=True)
class SourceDocument:
    """A document: what it declares or patches, and where it begins."""

    address: Address
    location: Location


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input file, by the rule that found it.

    ``message`` says what is wrong and what to write instead; ``why`` adds the reason (what the server does);
    ``span`` is how many characters to underline at ``location``.
    """

    rule: str
    message: str
    location: Location | None = None
    severity: Severity = "error"
    why: str | None = None
    span: int = 1
    address: Address | None = None


def render_path(path: Path) -> str:
    """The one path grammar: ``phases[main].rateCards[tokens].price.tiers[2].unitPrice.amount``.

    Items of a list appear as ``[key]`` or ``[index]``; callers mark them by wrapping: a part that is an ``int``, or
    a ``str`` beginning with ``[``, is an item; everything else is a field name.
    """
    out: list[str] = []
    for part in path:
        if isinstance(part, int):
            out.append(f"[{part}]")
        elif part.startswith("["):
            out.append(part)
        else:
            out.append(f".{part}" if out else part)
    return "".join(out)
