"""The changed fields of one object: before and after, side by side, with the words that differ."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from reconciler.kinds.shape import Shape
from reconciler.model import Action, Change, FieldChange, Location, Tree
from reconciler.render import facts, values
from reconciler.render.bill_text import grouped
from reconciler.render.html import diff, pricing
from reconciler.render.html.text import Lines, place
from reconciler.render.values import Print

_SEGMENTS = re.compile(r"\.?[^.\[\]]+|\[[^\]]*\]|.")
"""A path may break between them."""

_ROOM = 56
_FORCES = {"replace": "forces the replacement", "new_version": ""}


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field. A side is None where the field is not there; ``said`` stands for both where neither is shown."""

    sign: str
    path: tuple[str, ...]
    before: diff.Pieces | None
    after: diff.Pieces | None
    said: str
    price: pricing.Move | None
    remarks: tuple[str, ...]
    place: str


def views(change: Change) -> tuple[FieldView, ...]:
    """The fields of a change; those of a new object in the order in which its kind declares them."""
    fields = change.fields
    if change.action is Action.CREATE:
        by_path = {field.path: field for field in fields}
        fields = tuple(by_path[path] for path in facts.in_declared_order(change.address.kind, by_path))
    return tuple(_view(change, field) for field in fields)


def _view(change: Change, field: FieldChange) -> FieldView:
    hidden = facts.is_secret(change.address.kind, field.path) or (field.before is None and field.after is None)
    before, after = (None, None) if hidden else _sides(change, field)
    forced = _FORCES.get(field.forces or "", "")
    shared = f"shared: {field.shared.address}" if field.shared is not None else ""
    note = "" if hidden else field.note or ""
    return FieldView(
        _sign(field),
        tuple(_SEGMENTS.findall(field.path)) or (field.path,),
        before,
        after,
        (field.note or values.SECRET) if hidden else "",
        None if hidden else pricing.move(field.before, field.after, field.currency),
        tuple(part for part in (forced, note, shared) if part),
        _place(change, field.location),
    )


def _sign(field: FieldChange) -> str:
    if field.before is None and field.after is not None:
        return "+"
    return "-" if field.after is None and field.before is not None else "~"


def _sides(change: Change, field: FieldChange) -> tuple[diff.Pieces | None, diff.Pieces | None]:
    shape = facts.shape_at(change.address.kind, field.path)
    how = Print(field.currency or "", _ROOM)
    before, after = (None if side is None else _text(side, shape, how) for side in (field.before, field.after))
    if before is not None and after is not None:
        return diff.words(before, after)
    return None if before is None else diff.same(before), None if after is None else diff.same(after)


def _text(value: Tree, shape: Shape | None, how: Print) -> Lines:
    match value:
        case Mapping() | list() | tuple():
            return Lines("\n".join(values.tree(value, shape, how)))
        case str() | int() | Decimal() if not isinstance(value, bool) and (how.currency or facts.is_money(shape)):
            return Lines(f"{values.scalar(value)} {how.currency}".rstrip())
        case str():
            return Lines(value if _is_prose(value) else values.bare(value))
        case int() | Decimal() if not isinstance(value, bool):
            return Lines(grouped(Decimal(value)))
        case _:
            return Lines(values.scalar(value))


def _is_prose(value: str) -> bool:
    """Words that nobody takes for anything but text, so that they need no quotes."""
    return " " in value and value == value.strip() and value[0].isalpha()


def _place(change: Change, location: Location | None) -> str:
    """The field's line where it is not the object's own."""
    return "" if location == change.location else place(location)
