"""What a rollback cannot undo, as people read it below its plan."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import Rollback
from reconciler.render.escape import escape
from reconciler.render.style import Style


def rollback(found: Rollback, style: Style) -> str:
    """Every thing that stays as it has become; nothing where there is none."""
    return "".join(f"{line}\n" for line in _lines(found, style))


def _lines(found: Rollback, style: Style) -> Iterator[str]:
    if not found.permanent:
        return
    yield style.paint(f"Going back to {escape(found.revision)} cannot undo:", "yellow", "bold")
    for one in found.permanent:
        yield from style.wrap(escape(one.message), first=f"  {style.glyph('•', '*')} ", rest="    ")
