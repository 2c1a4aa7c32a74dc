"""Every object folded: what happens to it, why, where it is declared, and its fields as a diff that is coloured.

Objects of which the same is to be said are told together: a shared card that changes 500 plans is one diff.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from reconciler.model import Action, Change, FieldChange, Tree, exact_number
from reconciler.render import facts, money, values
from reconciler.render.escape import escape
from reconciler.render.markdown import code, fenced, folded, sentence, tag, unhidden
from reconciler.render.review.fitting import size
from reconciler.render.review.naming import clipped
from reconciler.render.review.packing import packed
from reconciler.render.review.removed import title
from reconciler.render.review.said import is_amount
from reconciler.render.words import listed

_SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.NEW_VERSION: "»", Action.REPLACE: "-/+", Action.ADOPT: "<"}
_GONE = (Action.ARCHIVE, Action.DELETE, Action.RELEASE)
_NAMES = 3
_LONGEST_VALUE = 4_000


@dataclass(frozen=True, slots=True)
class Detail:
    """One fold: the objects that it is about, its lines, and how risky what it tells is."""

    changes: tuple[Change, ...]
    lines: list[str]
    rank: int


def details(changes: Sequence[Change]) -> list[Detail]:
    """A fold per object, in the order of the plan; one for those of which the same is to be said."""
    groups: dict[tuple[object, ...], list[Change]] = {}
    for change in changes:
        groups.setdefault((change.address.kind, change.action, _about(change), *_diffs(change)), []).append(change)
    return [Detail(tuple(group), _folded(group), max(_rank(change) for change in group)) for group in groups.values()]


def fitting(found: Sequence[Detail], room: int) -> tuple[list[str], int]:
    """Those that fit, the riskiest first to stay, in their order; and of how many objects nothing is told."""
    kept: set[int] = set()
    for at in sorted(range(len(found)), key=lambda at: -found[at].rank):
        length = size(found[at].lines) + 1
        if length <= room:
            room -= length
            kept.add(at)
    lines = [line for at, one in enumerate(found) if at in kept for line in ("", *one.lines)]
    return lines, sum(len(one.changes) for at, one in enumerate(found) if at not in kept)


def _rank(change: Change) -> int:
    return change.change_class.rank if change.change_class else 0


def _about(change: Change) -> tuple[object, ...]:
    said = change.title.removeprefix(str(change.address))
    return change.classes, change.reasons, change.notes, said, change.unchanged


def _folded(group: Sequence[Change]) -> list[str]:
    one = group[0]
    return folded(_summary(group), [*_said(group), *_fence(list(_diff(one)))])


def _summary(group: Sequence[Change]) -> str:
    one = group[0]
    sign = _SIGNS.get(one.action, one.action.value)
    names = listed(tag(clipped(str(change.address), 200)) for change in group[:_NAMES])
    more = f" and {len(group) - _NAMES:,} more alike" if len(group) > _NAMES else ""
    classes = " ".join(tag(item.value) for item in reversed(one.classes))
    return " ".join(part for part in (sign, names + more, classes) if part)


def _said(group: Sequence[Change]) -> Iterator[str]:
    one = group[0]
    yield f"{title(one)}.  "
    if one.reasons:
        yield f"Because: {', '.join(code(reason) for reason in one.reasons)}.  "
    if one.location is not None:
        also = f" and {len(group) - 1:,} more places" if len(group) > 1 else ""
        yield f"Declared in {code(f'{one.location.file}:{one.location.line}')}{also}.  "
    for note in one.notes:
        yield f"{sentence(note[:1].upper() + note[1:])}.  "
    if one.unchanged and one.fields:
        yield f"{one.unchanged:,} fields stay as they are.  "
    if len(group) > _NAMES:
        yield ""
        yield "The same in:"
        yield from ["", *fenced(packed(unhidden(change.address.key) for change in group[_NAMES:]))]


def _fence(diff: list[str]) -> list[str]:
    return ["", *fenced(diff, "diff")] if diff else []


def _diffs(change: Change) -> tuple[str, ...]:
    return tuple(_diff(change))


def _diff(change: Change) -> Iterator[str]:
    """All fields, each block under the place where it is declared. Of what goes nothing but that it goes."""
    place = None
    for field in () if change.action in _GONE else change.fields:
        at = f"{field.location.file}:{field.location.line}" if field.location is not None else None
        if at is not None and at != place and change.action is not Action.CREATE:
            shared = f" {field.shared.address}" if field.shared is not None else ""
            yield f"@@ {escape(at + shared)} @@"
        place = at
        yield from _field(change, field)


def _field(change: Change, field: FieldChange) -> Iterator[str]:
    path = escape(field.path)
    hidden = facts.is_secret(change.address.kind, field.path)
    if hidden or (field.before is None and field.after is None):
        yield f"! {path}: {escape(field.note or values.SECRET)}"
        return
    if isinstance(field.before, str) and isinstance(field.after, str) and "\n" in field.before + field.after:
        yield f"! {path}:"
        yield from _texts(field.before, field.after)
    else:
        for sign, value in (("-", field.before), ("+", field.after)):
            if value is not None:
                yield from (f"{sign} {line}" for line in _value(change.address.kind, field, path, value))
    if field.note:
        yield f"! {escape(field.note)}"
    if field.forces == "replace":
        yield "! forces a replacement"
    small = money.scaled(exact_number(field.before), exact_number(field.after), field.currency or "")
    if small and is_amount(field) and field.before is not None and field.after is not None:
        yield f"! {escape(small)}"


def _value(kind: str, field: FieldChange, path: str, value: Tree) -> list[str]:
    """The field on one line, or nested below its name."""
    how = values.Print(escape(field.currency or ""))
    if is_amount(field):
        lines = [f"{path}: {values.scalar(value)} {how.currency}"]
    elif isinstance(value, str) and "\n" in value:
        lines = [f"{path}: |", *(f"  {escape(line)}" for line in value.split("\n"))]
    else:
        lines = values.named(path, value, facts.shape_at(kind, field.path), how)
    return [clipped(line, _LONGEST_VALUE) for line in lines]


def _texts(before: str, after: str) -> Iterator[str]:
    """Two texts of several lines, line by line: what is the same has neither sign nor colour."""
    old, new = before.split("\n"), after.split("\n")
    for tag_, start, end, begin, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag_ == "equal":
            yield from (f"    {escape(line)}" for line in old[start:end])
        else:
            yield from (f"-   {escape(line)}" for line in old[start:end])
            yield from (f"+   {escape(line)}" for line in new[begin:stop])
