"""``{use: KEY, …overrides}`` in a list of rate cards → the shared card with the overrides merged onto it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.kinds.shape import Shape
from reconciler.manifest.merge import BEFORE, CARDS, REMOVE, USE, merge
from reconciler.manifest.problems import Report
from reconciler.manifest.templates import is_template
from reconciler.reading.tree import Inherited, Map, Seq
from reconciler.reading.wording import describe

PHASES = "phases"

Find = Callable[[str, int, Report], Map | None]
"""From the key of a shared card, its mark and where to report to the card's spec; None where there is none to use."""


class Cards:
    """Puts shared cards in the place of what uses them. ``failed`` tells whether a card could not be had."""

    def __init__(self, shape: Shape, find: Find, report: Report) -> None:
        self._shape, self._find, self._report = shape, find, report
        self.failed = False

    def spec(self, spec: Map) -> Map:
        """The spec or patch of a plan or an add-on with every ``use`` resolved; the same object where none is."""
        spec = self._list_of(spec)
        phases = spec.get(PHASES)
        if not isinstance(phases, Seq):
            return spec
        return _replaced(spec, PHASES, _each(phases, self._list_of))

    def _list_of(self, holder: Map) -> Map:
        cards = holder.get(CARDS)
        if not isinstance(cards, Seq):
            return holder
        return _replaced(holder, CARDS, _each(cards, self._card))

    def _card(self, item: Map) -> Map | None:
        if USE not in item:
            return item
        key, (word, place) = item[USE], item.entry_marks(USE)
        found = self._shared(key, item, place)
        if found is None:
            self.failed = True
            return None
        own = item.without(USE)
        card = Inherited.of(merge(self._shape, found, own.without(BEFORE), self._report))
        if not card.get("key") and not card.get("featureKey"):
            card.put("key", key, word, place)
        if BEFORE in own:
            card.put(BEFORE, own[BEFORE], *own.entry_marks(BEFORE))
        return card

    def _shared(self, key: Any, item: Map, mark: int) -> Map | None:  # noqa: ANN401 - whatever YAML held
        if not isinstance(key, str):
            self._report("schema.type", f"`use` names a shared card by its key, not {describe(key)}", mark)
        elif is_template(key):
            message = "`use` cannot be a template: what plans are made of is fixed for all environments"
            self._report("template.fixed", message, mark, span=len(key))
        elif REMOVE in item:
            message = "a card is removed by its `key` or `featureKey`, not by what it was made of"
            self._report("overlay.remove", message, item.entry_marks(USE)[0], span=len(USE))
        else:
            return self._find(key, mark, self._report)
        return None


def _each(items: Seq, change: Callable[[Map], Map | None]) -> Seq:
    """The list with every map in it changed, or left out where that gives None; the same list where none is."""
    fresh = Seq(items.mark)
    for item, mark in zip(items, items.marks, strict=True):
        changed = change(item) if isinstance(item, Map) else item
        if changed is not None:
            fresh.add(changed, mark)
    same = len(fresh) == len(items) and all(one is other for one, other in zip(items, fresh, strict=True))
    return items if same else fresh


def _replaced(tree: Map, name: str, value: Seq) -> Map:
    if value is tree[name]:
        return tree
    fresh = tree.copy()
    fresh[name] = value
    return fresh
