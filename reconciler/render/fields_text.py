"""The changed fields of one object: ``path: old -> new``, money with its per cent, new parts nested below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.kinds.shape import Shape
from reconciler.model import Action, Change, FieldChange, Location, Tree, exact_number
from reconciler.render import facts, money, values
from reconciler.render.escape import columns, escape
from reconciler.render.style import Paint, Style
from reconciler.render.values import Print

INDENT = " " * 6
_SIGNS: dict[str, Paint] = {"+": "green", "-": "red", "~": "yellow"}
_FORCES = {"replace": "forces replacement", "new_version": ""}


@dataclass(frozen=True, slots=True)
class Sheet:
    """What all fields of one change share."""

    change: Change
    style: Style
    currency: str

    @property
    def how(self) -> Print:
        """The room that a field's line has."""
        return Print(self.currency, self.style.columns - len(INDENT) - 2)

    def shape(self, field: FieldChange) -> Shape | None:
        """What is known of the field's value."""
        return facts.shape_at(self.change.address.kind, field.path)

    def hidden(self, field: FieldChange) -> bool:
        """Whether the field's value is never shown."""
        return facts.is_secret(self.change.address.kind, field.path)


def lines(change: Change, style: Style) -> Iterator[str]:
    """Every field of a change."""
    sheet = Sheet(change, style, _currency(change))
    fields, pad = change.fields, 0
    if change.action is Action.CREATE:
        by_path = {field.path: field for field in fields}
        fields = tuple(by_path[path] for path in facts.in_declared_order(change.address.kind, by_path))
        pad = values.padding([field.path for field in fields if _on_one_line(sheet, field)])
    for field in fields:
        yield from _placed(sheet, field, list(_field(sheet, field, pad)))


def _on_one_line(sheet: Sheet, field: FieldChange) -> bool:
    if sheet.hidden(field) or field.after is None:
        return False
    return values.inline(escape(field.path), field.after, sheet.shape(field), sheet.how) is not None


def _currency(change: Change) -> str:
    """The object's currency, from whichever field tells it."""
    for field in change.fields:
        if field.currency:
            return escape(field.currency)
        if field.path == "currency" and isinstance(field.after, str):
            return escape(field.after)
    return ""


def _sign(field: FieldChange) -> str:
    if field.before is None and field.after is not None:
        return "+"
    return "-" if field.after is None and field.before is not None else "~"


def _field(sheet: Sheet, field: FieldChange, pad: int) -> Iterator[str]:
    sign = _sign(field)
    name = escape(field.path)
    if sheet.hidden(field) or (field.before is None and field.after is None):
        yield _line(sheet, sign, f"{name}: {escape(field.note or values.SECRET)}")
    elif sign == "~":
        yield from _changed(sheet, field, name)
    else:
        whole = field.after if sign == "+" else field.before
        first, *rest = values.named(name, whole, sheet.shape(field), sheet.how, pad)
        yield _line(sheet, sign, first + _remarks(sheet.style, field, field.note))
        yield from (f"{INDENT}  {line}" for line in rest)


def _changed(sheet: Sheet, field: FieldChange, name: str) -> Iterator[str]:
    shape = sheet.shape(field)
    priced = field.currency is not None or facts.is_money(shape)
    before, after = (values.flow(value, None if priced else shape, sheet.how) for value in (field.before, field.after))
    old, new = exact_number(field.before), exact_number(field.after)
    small = money.scaled(old, new, sheet.currency) if priced else ""
    tail = _priced_tail(sheet, field, "" if small else money.percent(old, new)) if priced else ""
    remarks = _remarks(sheet.style, field, field.note)
    one_line = f"{name}: {before} -> {after}{tail}{remarks}"
    if columns(one_line) <= sheet.how.room:
        yield _line(sheet, "~", one_line)
    elif columns(f"{before} -> {after}{tail}") <= sheet.how.room - 2:
        yield _line(sheet, "~", f"{name}:{remarks}")
        yield f"{INDENT}    {before} -> {after}{tail}"
    else:
        yield _line(sheet, "~", f"{name}:{remarks}")
        yield f"{INDENT}    {sheet.style.paint('-', 'red')} {before}"
        yield f"{INDENT}    {sheet.style.paint('+', 'green')} {after}{tail}"
    if small:
        yield f"{INDENT}    {_highlight(sheet.style, old, new, small)}"


def _priced_tail(sheet: Sheet, field: FieldChange, percent: str) -> str:
    currency = escape(field.currency or sheet.currency)
    shown = f" {currency}" if currency else ""
    if not percent:
        return shown
    old, new = exact_number(field.before), exact_number(field.after)
    return f"{shown} {_highlight(sheet.style, old, new, f'({percent})')}"


def _highlight(style: Style, old: Tree, new: Tree, text: str) -> str:
    """A price that rises is red, one that falls green."""
    before, after = exact_number(old), exact_number(new)
    if before is None or after is None or before == after:
        return text
    return style.paint(text, "red" if after > before else "green")


def _remarks(style: Style, field: FieldChange, note: str | None) -> str:
    forced = _FORCES.get(field.forces or "", "")
    said = [style.paint(f"# {forced}", "red")] if forced else []
    said += [style.paint(f"# {escape(note)}", "dim")] if note else []
    return "".join(f"  {part}" for part in said)


def _line(sheet: Sheet, sign: str, content: str) -> str:
    return f"{INDENT}{sheet.style.paint(sign, _SIGNS[sign])} {content}"


def _placed(sheet: Sheet, field: FieldChange, lines: list[str]) -> Iterator[str]:
    """The lines of a field with its place at the end of the first one that has room for it, else on one more."""
    there = _elsewhere(sheet.change, field.location)
    if there and field.shared is not None:
        there = f"{there} ({escape(str(field.shared.address))})"
    dim = sheet.style.paint(there, "dim")
    spot = next((number for number, line in enumerate(lines) if sheet.style.fits(line, there)), None)
    for number, line in enumerate(lines):
        yield sheet.style.aside(line, dim) if there and number == spot else line
    if there and spot is None:
        yield f"{INDENT}    {sheet.style.paint('# ' + there, 'dim')}"


def _elsewhere(change: Change, location: Location | None) -> str:
    """``file:line`` where it tells more than the object's own place; of a new object only another file does."""
    if location is None or location == change.location:
        return ""
    same_line = change.location is not None and location.line == change.location.line
    if not _other_file(change, location) and (same_line or change.action is Action.CREATE):
        return ""
    return place(location)


def _other_file(change: Change, location: Location | None) -> bool:
    return location is not None and change.location is not None and location.file != change.location.file


def place(location: Location) -> str:
    """``catalog/plans.yaml:12``."""
    return f"{escape(location.file)}:{location.line}"
