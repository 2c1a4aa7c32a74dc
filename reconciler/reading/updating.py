"""Making a written tree mean another one with the fewest edits, so that comments and order survive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reconciler.model import Path, Tree
from reconciler.reading.editing import Editor
from reconciler.reading.expected import same

Order = Callable[[Path], Sequence[str]]
"""The names of a map's entries in the order in which new ones are to stand, by the map's path."""


def _at_the_end(path: Path) -> Sequence[str]:
    del path
    return ()


def update(editor: Editor, document: int, path: Path, value: Tree, order: Order = _at_the_end) -> None:
    """Give the value at the path this meaning: entries are set, added and deleted one by one.

    Items of a list are told apart by ``key``, ``featureKey`` or ``addon`` where all have one, else by their place.
    Raises ``EditError`` at the first part that cannot be changed; earlier parts are changed then.
    """
    old = editor.get(document, path)
    if old is not None and same(old, value):
        return
    if isinstance(old, Mapping) and isinstance(value, Mapping) and old and value:
        _map(editor, document, path, old, value, order)
    elif isinstance(old, list) and isinstance(value, list) and old and value:
        _list(editor, document, path, old, value, order)
    else:
        editor.set(document, path, value, order=order(path[:-1]))


def _map(
    editor: Editor, document: int, path: Path, old: Mapping[str, Tree], new: Mapping[str, Tree], order: Order
) -> None:
    for name in new:
        update(editor, document, (*path, name), new[name], order)
    for name in old:
        if name not in new:
            editor.delete(document, (*path, name))


def _list(editor: Editor, document: int, path: Path, old: list[Any], new: list[Any], order: Order) -> None:
    before, after = _names(old), _names(new)
    if before is None or after is None:
        _by_place(editor, document, path, len(old), new, order)
    elif [name for name in before if name in after] == [name for name in after if name in before]:
        _by_name(editor, document, path, before, dict(zip(after, new, strict=True)), order)
    else:
        editor.set(document, path, new)


def _by_place(editor: Editor, document: int, path: Path, length: int, new: list[Any], order: Order) -> None:
    for at, item in enumerate(new):
        if at < length:
            update(editor, document, (*path, at), item, order)
        else:
            editor.insert(document, path, item)
    for at in range(length - 1, len(new) - 1, -1):
        editor.delete(document, (*path, at))


def _by_name(editor: Editor, document: int, path: Path, before: list[str], new: dict[str, Any], order: Order) -> None:
    """Items in an order that stays: inserts come first, so that the list is never empty."""
    here = list(before)
    for at, (name, item) in enumerate(new.items()):
        if name in here:
            update(editor, document, (*path, here.index(name)), item, order)
            continue
        follower = next((other for other in list(new)[at:] if other in here), None)
        place = here.index(follower) if follower is not None else None
        editor.insert(document, path, item, before=place)
        here.insert(len(here) if place is None else place, name)
    for name in before:
        if name not in new:
            editor.delete(document, (*path, here.index(name)))
            here.remove(name)


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
