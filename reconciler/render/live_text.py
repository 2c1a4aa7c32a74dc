"""Live objects as a table, or one of them in full; and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import simplejson

from reconciler.kinds.registry import KINDS
from reconciler.model import Tree
from reconciler.render import values
from reconciler.render.escape import escape
from reconciler.render.style import Paint, Style
from reconciler.render.table import Cell
from reconciler.render.table import lines as table_lines
from reconciler.render.words import plural

_CLAIMS: dict[str, Paint] = {"owned": "green", "claimed": "cyan", "unmanaged": "yellow", "foreign": "red"}
_HEAD = ("OBJECT", "STATE", "VERSION", "MANAGED", "NAME", "ID")


class Row(Protocol):
    """One live object or version. ``spec`` holds no secret."""

    @property
    def kind(self) -> str:
        """The kind's name."""
        ...

    @property
    def key(self) -> str | None:
        """The natural key or the marker's, if anything tells it."""
        ...

    @property
    def id(self) -> str:
        """The server's id."""
        ...

    @property
    def name(self) -> str | None:
        """The display name."""
        ...

    @property
    def state(self) -> str:
        """live, draft, active or archived."""
        ...

    @property
    def version(self) -> int | None:
        """The version, where the kind has versions."""
        ...

    @property
    def claim(self) -> str:
        """owned, claimed, unmanaged or foreign."""
        ...

    @property
    def project(self) -> str | None:
        """The project whose marker it carries."""
        ...

    @property
    def spec(self) -> Mapping[str, Tree]:
        """The canonical spec."""
        ...


def table(rows: Sequence[Row], style: Style) -> str:
    """One line per object, then how many there are of each sort."""
    if not rows:
        return "No live objects.\n"
    lines = table_lines(_HEAD, [_cells(row) for row in rows], style, give_way=(4, 2, 5))
    counts = {claim: sum(row.claim == claim for row in rows) for claim in _CLAIMS}
    total = ", ".join(f"{count} {claim}" for claim, count in counts.items() if count)
    lines += ["", f"{plural(len(rows), 'live object')}: {total}."]
    return "\n".join(lines) + "\n"


def detail(row: Row, style: Style) -> str:
    """One object with every field."""
    kind = KINDS.get(row.kind)
    version = f"  version {row.version}" if row.version is not None else ""
    head = f"{escape(f'{row.kind}/{row.key or row.id}')}{version}"
    about = f"  {escape(row.state)}, {_claim(row)}, id {escape(row.id)}"
    how = values.Print(escape(str(row.spec.get("currency") or "")), style.columns - 2)
    spec = values.tree(row.spec, kind.shape if kind else None, how)
    return "\n".join([style.paint(head, "bold"), style.paint(about, "dim"), *(f"  {line}" for line in spec)]) + "\n"


def dumps(rows: Sequence[Row]) -> str:
    """All of it as JSON."""
    return simplejson.dumps([_tree(row) for row in rows], indent=2, use_decimal=True, ensure_ascii=False) + "\n"


def _tree(row: Row) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "key": row.key,
        "id": row.id,
        "name": row.name,
        "state": row.state,
        "version": row.version,
        "managed": row.claim,
        "project": row.project,
        "spec": row.spec,
    }


def _cells(row: Row) -> tuple[Cell, ...]:
    """Name, then version, give way on a narrow terminal; what names the object never does."""
    return (
        Cell(escape(f"{row.kind}/{row.key or '-'}")),
        Cell(escape(row.state)),
        Cell("" if row.version is None else str(row.version)),
        Cell(_claim(row), _CLAIMS.get(row.claim, "dim")),
        Cell(escape(row.name or "")),
        Cell(escape(row.id)),
    )


def _claim(row: Row) -> str:
    if row.claim == "foreign" and row.project:
        return f"by {escape(row.project)}"
    return row.claim
