"""How a plan differs from the one that was approved, for a terminal: what a reviewer has to look at again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reconciler.model import Change, FieldPair, ObjectPair, Replanned
from reconciler.render import fields_text, plan_text
from reconciler.render.escape import escape
from reconciler.render.style import Paint, Style

_DIGEST = 12
_LABELS = ("approved", "now")
_INDENT = " " * 6
_NOTHING = "nothing"


def replanned(found: Replanned, style: Style) -> str:
    """Both plans, every object that they do not treat alike, guards, and why it most likely is so."""
    return "\n".join(lines(found, style)) + "\n"


def lines(found: Replanned, style: Style) -> Iterator[str]:
    """The same, line by line."""
    yield style.paint(f"Approved: change {found.digest[:_DIGEST]}, planned at {escape(found.created_at)}", "dim")
    if found.same:
        yield style.paint(f"Now:      the same change, for {escape(found.environment)}", "bold")
        return
    yield style.paint(f"Now:      change {found.now[:_DIGEST]} for {escape(found.environment)}", "dim")
    yield from _section("Not approved, and would be done now:", "red", list(found.of("new")), style)
    yield from _section("Not as it was approved:", "yellow", list(found.of("different")), style)
    yield from _section("Approved, and nothing would be done now:", "yellow", list(found.of("gone")), style)
    yield from _guards(found, style)
    yield from _causes(found, style)


def _section(head: str, paint: Paint, pairs: Sequence[ObjectPair], style: Style) -> Iterator[str]:
    if not pairs:
        return
    yield ""
    yield style.paint(head, paint, "bold")
    for number, pair in enumerate(pairs):
        if pair.approved is None and pair.now is not None:
            yield from [""] if number else []
            yield from plan_text.change_lines(pair.now, style)
        elif pair.now is None and pair.approved is not None:
            yield f"    {headline(pair.approved, style)}"
        else:
            yield from _different(pair, style)


def _different(pair: ObjectPair, style: Style) -> Iterator[str]:
    assert pair.approved is not None
    assert pair.now is not None
    sides = [headline(change, style) for change in (pair.approved, pair.now)]
    if sides[0] == sides[1]:
        yield f"    {sides[0]}"
    else:
        yield from (f"    {label:<8}  {side}" for label, side in zip(_LABELS, sides, strict=True))
    for field in pair.fields:
        yield from _field(pair, field, style)
    if pair.requests:
        yield f"{_INDENT}what is shown is the same; what would be sent is not (ids, or what is sent unchanged)"


def headline(change: Change, style: Style) -> str:
    """Symbol, address, versions and classes of a change: the line that a plan has of it."""
    return plan_text.symbol_line(change, style).strip()


def _field(pair: ObjectPair, field: FieldPair, style: Style) -> Iterator[str]:
    for label, change, side in zip(_LABELS, (pair.approved, pair.now), (field.approved, field.now), strict=True):
        prefix = f"{_INDENT}{style.paint(label.ljust(8), 'dim')}  "
        if side is None or change is None:
            yield f"{prefix}  {escape(field.path)}: {_NOTHING}"
            continue
        alone = replace(change, fields=(replace(side, location=None, shared=None),))
        first, *rest = (line.removeprefix(fields_text.INDENT) for line in fields_text.lines(alone, style))
        yield prefix + first
        yield from (" " * (len(_INDENT) + 10) + line for line in rest)


def _guards(found: Replanned, style: Style) -> Iterator[str]:
    if not (found.guards_new or found.guards_gone):
        return
    yield ""
    yield style.paint("Guards:", "bold")
    for name in found.guards_new:
        yield f"    {style.paint('+', 'red')} {escape(name)}  only now"
    for name in found.guards_gone:
        yield f"    {style.paint('-', 'green')} {escape(name)}  only in the approved plan"


def _causes(found: Replanned, style: Style) -> Iterator[str]:
    if not found.causes:
        return
    yield ""
    yield style.paint("Why, most likely:", "bold")
    for cause in found.causes:
        yield from style.wrap(escape(cause), first=f"  {style.glyph('•', '*')} ", rest="    ")
