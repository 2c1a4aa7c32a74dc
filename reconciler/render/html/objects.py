"""The objects of a plan: what happens to each, why, and where it is declared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model import NEEDS_NO_CONSENT, Action, Change, ChangeClass, Plan
from reconciler.render.html import fields
from reconciler.render.html.text import anchor, place

FEW = 8
"""So many objects are shown open: all, or those that need consent."""

SYMBOLS = {
    Action.ADOPT: "<",
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.NEW_VERSION: "»",
    Action.REPLACE: "-/+",
    Action.ARCHIVE: "a",
    Action.DELETE: "-",
    Action.RELEASE: ".",
    Action.NO_CHANGE: "=",
}
LABELS = {
    Action.ADOPT: "adopt",
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.NEW_VERSION: "new version",
    Action.REPLACE: "replace",
    Action.ARCHIVE: "archive",
    Action.DELETE: "delete",
    Action.RELEASE: "release",
    Action.NO_CHANGE: "unchanged",
}
_NEVER_FOLDED = frozenset({Action.REPLACE, Action.ARCHIVE, Action.DELETE})


@dataclass(frozen=True, slots=True)
class ObjectView:
    """One object. ``slug`` names the action, in the page's classes and filters."""

    address: str
    anchor: str
    kind: str
    symbol: str
    slug: str
    label: str
    classes: tuple[tuple[str, str], ...]
    versions: str
    title: str
    reasons: tuple[str, ...]
    place: str
    notes: tuple[str, ...]
    unchanged: int
    new: bool
    open: bool
    fields: tuple[fields.FieldView, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter, with how many objects have it."""

    value: str
    label: str
    count: int


def views(plan: Plan) -> tuple[ObjectView, ...]:
    """Every object of the plan, in its order."""
    weighty = {change.address for change in plan.changes if set(change.classes) - NEEDS_NO_CONSENT}
    opened = weighty if len(weighty) <= FEW else set()
    few = len(plan.changes) <= FEW
    return tuple(_view(change, opened=few or change.address in opened) for change in plan.changes)


def _view(change: Change, *, opened: bool) -> ObjectView:
    return ObjectView(
        str(change.address),
        anchor(change.address),
        change.address.kind,
        SYMBOLS[change.action],
        change.action.value.replace("_", "-"),
        LABELS[change.action],
        tuple((item.value, tone(item)) for item in reversed(change.classes)),
        _versions(change),
        _title(change),
        change.reasons,
        place(change.location),
        change.notes,
        change.unchanged,
        change.action is Action.CREATE,
        opened or _is_grave(change),
        fields.views(change),
    )


def _is_grave(change: Change) -> bool:
    return change.action in _NEVER_FOLDED or ChangeClass.DESTRUCTIVE in change.classes


def _versions(change: Change) -> str:
    """``4 → 5``; nothing where the object has no versions."""
    if change.after_version is None or change.before_version is None:
        return ""
    return f"{change.before_version} → {change.after_version}"


def _title(change: Change) -> str:
    """The sentence without the address that stands before it."""
    title = change.title.removeprefix(str(change.address)).strip() or LABELS[change.action]
    said = title[:1].upper() + title[1:]
    return said if said.endswith(".") else f"{said}."


def tone(item: ChangeClass) -> str:
    """How a class is coloured: ``grave`` hurts, ``care`` needs a look, ``calm`` needs neither."""
    if item.rank >= ChangeClass.PRICE_RAISING.rank:
        return "grave"
    return "care" if item.rank >= ChangeClass.PRICE_LOWERING.rank else "calm"


def choices(plan: Plan) -> dict[str, tuple[Choice, ...]]:
    """What the page can be filtered by; the gravest class first."""
    actions = Counter(change.action for change in plan.changes)
    kinds = Counter(change.address.kind for change in plan.changes)
    classes = Counter(item for change in plan.changes for item in change.classes)
    return {
        "action": tuple(
            Choice(action.value.replace("_", "-"), f"{SYMBOLS[action]} {LABELS[action]}", actions[action])
            for action in Action
            if actions[action]
        ),
        "class": _choices((item.value, classes[item]) for item in reversed(ChangeClass) if classes[item]),
        "kind": _choices(kinds.items()),
    }


def _choices(found: Iterable[tuple[str, int]]) -> tuple[Choice, ...]:
    return tuple(Choice(value, value, count) for value, count in found)
