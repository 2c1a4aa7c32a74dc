"""What accepting live edits came to, as people read it and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import simplejson

from reconciler.model import Acceptance, Accepted, Action, Change, FieldChange, Left
from reconciler.render import fields_text, words
from reconciler.render.escape import escape
from reconciler.render.plain import location
from reconciler.render.style import Style

FORMAT_VERSION = "1.0"
_SAID = {"overlay": "in this environment's overlay", "variable": "as a variable", "manifest": ""}


def acceptance(done: Acceptance, style: Style) -> str:
    """Every accepted value with its new place, every one that stays with the reason, and the count."""
    out: list[str] = []
    for one in done.accepted:
        out += _accepted(one, style)
    for other in done.left:
        out += _left(other, style)
    for name, addresses in done.also:
        listed = words.listed(str(address) for address in addresses)
        out += style.wrap(escape(f"this also changes what {name} declares: {listed}"), first="  ! ", rest="    ")
    if out:
        out.append("")
    return "\n".join([*out, style.paint(summary(done), "bold")]) + "\n"


def summary(done: Acceptance) -> str:
    """The line that counts."""
    if not done.accepted and not done.left:
        return "No drift. There is nothing to accept."
    files = words.plural(len(done.edits), "file")
    wrote = f"{files} written" if done.written else f"{files} would be written" if done.edits else "no file written"
    left = f", {len(done.left)} left" if done.left else ""
    return f"Accepted {words.plural(len(done.accepted), 'change')}{left}; {wrote}."


def _accepted(one: Accepted, style: Style) -> Iterator[str]:
    mark = style.paint(style.glyph("✓", "ok"), "green")
    said = f"  {_SAID[one.how]}" if _SAID[one.how] else ""
    place = style.paint(fields_text.place(one.location), "dim")
    yield style.aside(f"  {mark} {style.paint(escape(str(one.address)), 'bold')}{said}", place)
    if not one.path:
        yield f"      is declared {escape(str(one.after))} now"
        return
    field = FieldChange(one.path, one.before, one.after, currency=one.currency)
    yield from fields_text.lines(Change(one.address, Action.UPDATE, fields=(field,)), style)


def _left(one: Left, style: Style) -> Iterator[str]:
    mark = style.paint(style.glyph("–", "-"), "yellow")
    place = style.paint(fields_text.place(one.location), "dim") if one.location else ""
    yield style.aside(f"  {mark} {style.paint(escape(str(one.address)), 'bold')}  left as it is", place)
    path = f"{one.path}: " if one.path else ""
    yield from style.wrap(escape(f"{path}{one.reason}"), first="      ", rest="      ")


def dumps(done: Acceptance) -> str:
    """The same as JSON: sorted keys, two spaces, one newline at the end."""
    tree: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "environment": done.environment,
        "accepted": [
            {
                "address": str(one.address),
                "path": one.path,
                "before": one.before,
                "after": one.after,
                "how": one.how,
                "location": location(one.location),
            }
            for one in done.accepted
        ],
        "left": [
            {
                "address": str(one.address),
                "path": one.path,
                "reason": one.reason,
                "location": location(one.location),
            }
            for one in done.left
        ],
        "also": {name: [str(address) for address in addresses] for name, addresses in done.also},
        "files": [edit.file for edit in done.edits],
        "written": done.written,
    }
    return simplejson.dumps(tree, indent=2, sort_keys=True, ensure_ascii=False, use_decimal=True) + "\n"
