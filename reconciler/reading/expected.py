"""What a tree should be after an edit, computed on plain maps and lists: the oracle of ``reading.editing``. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reconciler.model import Path, PathPart
from reconciler.reading.scalars import is_quoted, is_template
from reconciler.reading.tree import Map, Seq, item_index


def plain_tree(value: Any) -> Any:  # noqa: ANN401 - any tree
    """A copy without places and sharing."""
    match value:
        case dict():
            return {name: plain_tree(item) for name, item in value.items()}
        case list() | tuple():
            return [plain_tree(item) for item in value]
        case _:
            return value


def first_template(value: Any) -> str | None:  # noqa: ANN401 - any tree
    """The first template among the texts of a tree; one that computes nothing is none."""
    match value:
        case str():
            return value if is_template(value) and not is_quoted(value) else None
        case dict():
            return next(filter(None, map(first_template, value.values())), None)
        case list():
            return next(filter(None, map(first_template, value)), None)
        case _:
            return None


def replaced(tree: Any, path: Path, value: Any) -> Any:  # noqa: ANN401 - any tree
    """The tree with another value at the path."""
    if not path:
        return plain_tree(value)
    if tree is None:
        tree = {}
    at = _step(tree, path[0])
    tree[at] = replaced(tree[at] if isinstance(tree, list) else tree.get(at), path[1:], value)
    return tree


def deleted(tree: Any, path: Path) -> Any:  # noqa: ANN401 - any tree
    """The tree without the entry or item at the path."""
    parent = _get(tree, path[:-1])
    del parent[_step(parent, path[-1])]
    return tree


def appended(tree: Any, path: Path, value: Any, before: int | None) -> Any:  # noqa: ANN401 - any tree
    """The tree with another item in the list at the path."""
    items = _get(tree, path)
    items.insert(len(items) if before is None else before, plain_tree(value))
    return tree


def same(one: Any, other: Any) -> bool:  # noqa: ANN401 - any trees
    """Whether two trees are equal, order of keys aside; a number may be written as text of the same digits."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, str) and isinstance(other, int | Decimal):
        return _number(one) == other
    return (type(one) is type(other) and bool(one == other)) or _numbers(one, other)


def _numbers(one: Any, other: Any) -> bool:  # noqa: ANN401 - any leaves
    return isinstance(one, int | Decimal) and isinstance(other, int | Decimal) and one == other


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except ArithmeticError:
        return None


def _get(tree: Any, path: Path) -> Any:  # noqa: ANN401 - any tree
    for part in path:
        tree = tree[_step(tree, part)]
    return tree


def _step(tree: Any, part: PathPart) -> Any:  # noqa: ANN401 - an index or a name
    if not isinstance(tree, list):
        return part
    items = Seq()
    for item in tree:
        keyed = Map()
        keyed.update(item if isinstance(item, dict) else {})
        items.append(keyed if isinstance(item, dict) else item)
    return item_index(items, part)


def value_at(tree: Any, path: Path, missing: Any = None) -> Any:  # noqa: ANN401 - any tree
    """The value at a path of a plain tree; ``missing`` where there is none. A card may be named by its feature."""
    for part in path:
        try:
            tree = tree[_step(tree, part)]
        except (KeyError, TypeError, IndexError):
            return missing
    return tree


def by_keys(tree: Any, path: Path) -> Path:  # noqa: ANN401 - any tree
    """The same path with the keys of items instead of their indexes: it holds while items come and go."""
    found: list[PathPart] = []
    for part in path:
        key = next((tree[part][by] for by in _NAMES if _has(tree, part, by)), None) if isinstance(part, int) else None
        found.append(part if key is None else f"[{key}]")
        tree = tree[part]
    return tuple(found)


_NAMES = ("key", "addon", "featureKey", "use")


def _has(items: Any, at: int, by: str) -> bool:  # noqa: ANN401 - any tree
    """Whether an item has a name of this sort that no other item has."""
    names = [item.get(by) if isinstance(item, dict) else None for item in items]
    return isinstance(names[at], str) and names.count(names[at]) == 1
