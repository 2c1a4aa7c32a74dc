"""Making a written tree mean another one with the fewest edits, so that comments and order survive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reconciler.model import Path, Tree
from reconciler.reading.editing import Editor
from reconciler.reading.expected import same

Order = Callable[[Path], Sequence[str]]
"""The names of a map's entries in the order in which new ones are to stand, by the map's path."""


def _at_the_end(path: Path) -> Sequence[str]:
    del path
    return ()


def update(
    editor: Editor, document: int, path: Path, value: Tree, order: Order = _at_the_end, *, loosely: bool = False
) -> None:
    """Give the value at the path this meaning: entries are set, added and deleted one by one.

    Items of a list are told apart by ``key``, ``featureKey`` or ``addon`` where all have one, else by their place.
    ``loosely``: a number stays as it is written while its value is the same, and ``null`` while there is nothing.
    Raises ``EditError`` at the first part that cannot be changed; earlier parts are changed then.
    """
    _Update(editor, document, order, loosely).at(path, value)


@dataclass(frozen=True, slots=True)
class _Update:
    """One update: where it is made, and how exactly."""

    editor: Editor
    document: int
    order: Order
    loosely: bool

    def at(self, path: Path, value: Tree) -> None:
        old = self.editor.get(self.document, path)
        if old is not None and (same(old, value) or (self.loosely and _same_number(old, value))):
            return
        if isinstance(old, Mapping) and isinstance(value, Mapping) and old and value:
            self._map(path, old, value)
        elif isinstance(old, list) and isinstance(value, list) and old and value:
            self._list(path, old, value)
        else:
            self.editor.set(self.document, path, value, order=self.order(path[:-1]))

    def _map(self, path: Path, old: Mapping[str, Tree], new: Mapping[str, Tree]) -> None:
        for name in new:
            self.at((*path, name), new[name])
        for name in old:
            if name not in new and not (self.loosely and old[name] is None):
                self.editor.delete(self.document, (*path, name))

    def _list(self, path: Path, old: list[Any], new: list[Any]) -> None:
        before, after = _names(old), _names(new)
        if before is None or after is None:
            self._by_place(path, len(old), new)
        elif [name for name in before if name in after] == [name for name in after if name in before]:
            self._by_name(path, before, dict(zip(after, new, strict=True)))
        else:
            self.editor.set(self.document, path, new)

    def _by_place(self, path: Path, length: int, new: list[Any]) -> None:
        for at, item in enumerate(new):
            if at < length:
                self.at((*path, at), item)
            else:
                self.editor.insert(self.document, path, item)
        for at in range(length - 1, len(new) - 1, -1):
            self.editor.delete(self.document, (*path, at))

    def _by_name(self, path: Path, before: list[str], new: dict[str, Any]) -> None:
        """Items in an order that stays: inserts come first, so that the list is never empty."""
        here = list(before)
        for at, (name, item) in enumerate(new.items()):
            if name in here:
                self.at((*path, here.index(name)), item)
                continue
            follower = next((other for other in list(new)[at:] if other in here), None)
            place = here.index(follower) if follower is not None else None
            self.editor.insert(self.document, path, item, before=place)
            here.insert(len(here) if place is None else place, name)
        for name in before:
            if name not in new:
                self.editor.delete(self.document, (*path, here.index(name)))
                here.remove(name)


def _same_number(one: Tree, other: Tree) -> bool:
    first = _as_number(one)
    return first is not None and first == _as_number(other)


def _as_number(value: Tree) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        return Decimal(value)
    except ArithmeticError:
        return None


def _names(items: list[Any]) -> list[str] | None:
    """What tells the items of a list apart, None where something has no name or one is there twice."""
    found = [_name(item) for item in items]
    names = [name for name in found if name is not None]
    return names if len(set(names)) == len(items) else None


def _name(item: Any) -> str | None:  # noqa: ANN401 - any tree
    if isinstance(item, str):
        return item
    if not isinstance(item, Mapping):
        return None
    return next((item[by] for by in ("key", "featureKey", "addon") if isinstance(item.get(by), str)), None)
