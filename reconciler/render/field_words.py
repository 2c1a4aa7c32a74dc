"""One changed field in one sentence, for where there is room for a line only: ``path: old -> new USD (+20.0 %)``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.model import Change, FieldChange, Tree, exact_number
from reconciler.render import facts, money
from reconciler.render.values import SECRET

SHOWN = 3
"""How many fields of a change are named."""

_ROOM = 60


def sentence(change: Change, field: FieldChange) -> str:
    """What becomes of the field, not escaped. Never shows a secret."""
    if facts.is_secret(change.address.kind, field.path) or (field.before is None and field.after is None):
        return f"{field.path}: {field.note or SECRET}"
    if field.before is None:
        return f"{field.path}: added{_value(field.after)}"
    if field.after is None:
        return f"{field.path}: removed{_value(field.before)}"
    old, new = exact_number(field.before), exact_number(field.after)
    priced = field.currency is not None and old is not None and new is not None
    tail = _priced(field, money.percent(old, new), money.scaled(old, new, field.currency or "")) if priced else ""
    return f"{field.path}: {_short(field.before)} -> {_short(field.after)}{tail}"


def _priced(field: FieldChange, percent: str, scaled: str) -> str:
    unit = f" {field.currency}"
    if scaled:
        return f"{unit}, {scaled}"
    return f"{unit} ({percent})" if percent else unit


def _value(value: Tree) -> str:
    """A plain value behind a colon; a part with fields of its own is only named."""
    return "" if isinstance(value, Mapping) or not isinstance(value, str | int | bool) else f", {_short(value)}"


def _short(value: Tree) -> str:
    if isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, str)):
        return "…"
    text = "true" if value is True else "false" if value is False else "none" if value is None else str(value)
    return text if len(text) <= _ROOM else text[: _ROOM - 1] + "…"
