"""Merging a patch onto a spec: maps merge, keyed lists merge by key, everything else is replaced.

``null`` takes a value away. In a map with known fields it stays there as ``null``, which means "left out", or "none"
where that is a decision (a free price); in a map with free keys the entry goes. Merged values keep their own places.
"""

from __future__ import annotations

from typing import Any

from reconciler.kinds.shape import ListOf, MapOf, Object, OneOf, Shape
from reconciler.manifest.problems import Report
from reconciler.reading.suggest import did_you_mean
from reconciler.reading.tree import Inherited, Map, Seq, item_key

BEFORE, REMOVE = "$before", "$remove"
USE, FROM, PRICE, CARDS = "use", "from", "price", "rateCards"
_WORDS = frozenset((USE, FROM, PRICE))
"""Words of the language that stand among the fields of cards and phases."""


def merge(shape: Shape | None, base: Map, patch: Map, report: Report) -> Map:
    """The merged map; neither argument is changed."""
    variant = _variant(shape, base, patch)
    merged = base.copy()
    free = isinstance(variant, MapOf)
    for index, (name, value) in enumerate(patch.items()):
        key_mark, mark = patch.marks[2 * index], patch.marks[2 * index + 1]
        # A null for a field of another variant clears away what the other variant left.
        unknown = isinstance(variant, Object) and name not in variant.fields and name not in _WORDS
        if value is None and (free or (unknown and name in merged)):
            merged = merged.without(name)
            continue
        old = merged.get(name)
        if name == CARDS and (FROM in base or FROM in patch) and isinstance(value, Seq):
            merged.put(name, _both(old, value) if isinstance(old, Seq) else value, key_mark, mark)
        else:
            merged.put(name, _merged(_below(variant, name), old, value, report), key_mark, mark)
    return merged


def _both(old: Seq, new: Seq) -> Seq:
    """Beside ``from`` the cards are changes to those of another phase, which are known only at the end."""
    both = Seq(old.mark)
    for items in (old, new):
        for item, mark in zip(items, items.marks, strict=True):
            both.add(item, mark)
    return both


def _merged(shape: Shape | None, old: Any, new: Any, report: Report) -> Any:  # noqa: ANN401 - any tree
    if isinstance(old, Map) and isinstance(new, Map):
        return merge(shape, old, new, report)
    if isinstance(new, Seq) and (by := _key_field(shape, new)) is not None:
        item_shape = shape.item if isinstance(shape, ListOf) else None
        return KeyedMerge(item_shape, by, report).apply(old if isinstance(old, Seq) else Seq(new.mark), new)
    return new


class KeyedMerge:
    """A patch of a list whose items have keys: new items go last or before another, ``$remove`` takes one away.

    A card that is used from elsewhere (``Inherited``) is a whole card: it takes the place of the one with its key.
    """

    def __init__(self, shape: Shape | None, by: str, report: Report) -> None:
        self._shape, self._by, self._report = shape, by, report

    def apply(self, old: Seq, patch: Seq) -> Seq:
        """The patched list; neither argument is changed."""
        merged = Seq(old.mark)
        for item, mark in zip(old, old.marks, strict=True):
            merged.add(item, mark)
        for item, mark in zip(patch, patch.marks, strict=True):
            if isinstance(item, Map):
                self._item(merged, item, mark)
            else:
                self._report("overlay.item", f"an item of this list is a map with `{self._by}`", mark)
        return merged

    def _item(self, merged: Seq, item: Map, mark: int) -> None:
        key = self._key(item)
        at = self._find(merged, key)
        before, remove = item.get(BEFORE), item.get(REMOVE)
        clean = item.without(BEFORE).without(REMOVE) if BEFORE in item or REMOVE in item else item
        if REMOVE in item and remove is not True:
            self._report("overlay.remove", "`$remove` is `true` or not there", item.entry_marks(REMOVE)[1])
        elif remove:
            self._remove(merged, item, key, at, mark)
        elif at is not None:
            if isinstance(clean, Inherited):
                merged[at], merged.marks[at] = clean, mark
            else:
                merged[at] = merge(self._shape, merged[at], clean, self._report)
            if before is not None:
                self._move(merged, at, item)
        elif self._is_change(clean):
            hint = did_you_mean(key or "", self._keys(merged))
            message = f"there is no item `{key}` to change, and a new one needs a `{self._tag}`{hint}"
            self._report("overlay.item", message, mark)
        else:
            merged.add(clean, mark)
            if before is not None:
                self._move(merged, len(merged) - 1, item)

    @property
    def _tag(self) -> str | None:
        """The field without which an item is none."""
        return self._shape.tag if isinstance(self._shape, OneOf) else None

    def _is_change(self, item: Map) -> bool:
        """Whether an item can only be meant as a change of one that is there."""
        return self._tag is not None and self._tag not in item

    def _remove(self, merged: Seq, item: Map, key: str | None, at: int | None, mark: int) -> None:
        if at is None:
            hint = did_you_mean(key or "", self._keys(merged))
            self._report("overlay.remove", f"there is no item `{key}` to remove{hint}", mark)
            return
        extra = [name for name in item if name not in (self._by, REMOVE, "featureKey")]
        if extra:
            self._report(
                "overlay.remove", f"`{extra[0]}` has no meaning beside `$remove`", item.entry_marks(extra[0])[0]
            )
        del merged[at], merged.marks[at]

    def _move(self, merged: Seq, at: int, item: Map) -> None:
        before = item[BEFORE]
        value, mark = merged[at], merged.marks[at]
        del merged[at], merged.marks[at]
        target = self._find(merged, before) if isinstance(before, str) else None
        if target is None:
            hint = did_you_mean(str(before), self._keys(merged))
            message = f"there is no other item `{before}` to stand before{hint}"
            self._report("overlay.before", message, item.entry_marks(BEFORE)[1])
            target = len(merged)
        merged.insert(target, value)
        merged.marks.insert(target, mark)

    def _key(self, item: Any) -> str | None:  # noqa: ANN401 - any tree
        return item_key(self._by, item)

    def _keys(self, items: Seq) -> list[str]:
        return [key for key in map(self._key, items) if key is not None]

    def _find(self, items: Seq, key: str | None) -> int | None:
        return next((at for at, item in enumerate(items) if key is not None and self._key(item) == key), None)


def _key_field(shape: Shape | None, items: Seq) -> str | None:
    """The field that tells the items apart; without a known shape, ``key`` if every item has one."""
    if isinstance(shape, ListOf):
        return shape.keyed.by if shape.keyed else None
    if shape is None and items and all(isinstance(item, Map) and "key" in item for item in items):
        return "key"
    return None


def _variant(shape: Shape | None, base: Map, patch: Map) -> Shape | None:
    if not isinstance(shape, OneOf):
        return shape
    return shape.variants.get(str(patch.get(shape.tag) or base.get(shape.tag)))


def _below(shape: Shape | None, name: str) -> Shape | None:
    match shape:
        case Object(fields=fields) if name in fields:
            return fields[name].shape
        case MapOf(value=value):
            return value
        case _:
            return None
