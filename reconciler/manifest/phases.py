"""``from: PHASE`` in a phase → the cards of that phase, free with ``price: null``, changed by the cards beside it.

This comes last: a phase copies what the other one is in the end, with everything that bases and overlays say of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.kinds.shape import Shape
from reconciler.manifest.cards import PHASES
from reconciler.manifest.circles import circles
from reconciler.manifest.merge import CARDS, FROM, PRICE, KeyedMerge
from reconciler.manifest.problems import Report
from reconciler.manifest.templates import is_template
from reconciler.reading.suggest import did_you_mean
from reconciler.reading.tree import Map, Seq
from reconciler.reading.wording import describe


def with_copies(spec: Map, shape: Shape, report: Report) -> tuple[Map, bool]:
    """A plan's spec with every ``from`` resolved, and whether that went well; the same object where there is none.

    ``shape`` is that of a rate card.
    """
    phases = spec.get(PHASES)
    if not isinstance(phases, Seq) or not any(
        isinstance(phase, Map) and (FROM in phase or PRICE in phase) for phase in phases
    ):
        return spec, True
    copies = _Copies(phases, shape, report)
    fresh = Seq(phases.mark)
    for phase, mark in zip(phases, phases.marks, strict=True):
        fresh.add(copies.phase(phase) if isinstance(phase, Map) else phase, mark)
    changed = spec.copy()
    changed[PHASES] = fresh
    return changed, copies.sound


class _Copies:
    """The phases of one plan, and the cards that each ends up with."""

    def __init__(self, phases: Seq, shape: Shape, report: Report) -> None:
        self._shape, self._report = shape, report
        self._phases = {
            phase["key"]: phase for phase in phases if isinstance(phase, Map) and isinstance(phase.get("key"), str)
        }
        self._circles = circles(self._phases, self._following)
        self._known: dict[str, Seq | None] = {}
        self.sound = True

    def _following(self, name: str) -> str | None:
        """The phase that a phase copies, if there is one."""
        further = self._phases[name].get(FROM)
        return further if isinstance(further, str) and further in self._phases else None

    def phase(self, phase: Map) -> Map:
        """The phase without words of the language."""
        if FROM not in phase and PRICE not in phase:
            return phase
        plain = phase.without(FROM).without(PRICE)
        cards = self._cards(phase)
        if cards is not None:
            at = CARDS if CARDS in phase else FROM
            plain.put(CARDS, cards, *(phase.entry_marks(at) if at in phase else (phase.mark, phase.mark)))
        return plain

    def _cards(self, phase: Map) -> Any:  # noqa: ANN401 - any tree
        """The cards of a phase: its own, or those of the phase that it copies, changed by its own."""
        own = phase.get(CARDS)
        self._check_price(phase)
        if FROM not in phase:
            return own
        source = self._source(phase)
        if own is not None and not isinstance(own, Seq):
            return own
        if source is None:
            return own if own is not None else Seq(phase.mark)
        copied = _each(source, lambda card: _free(card, phase)) if PRICE in phase else source
        return KeyedMerge(self._shape, "key", self._report).apply(copied, own if own is not None else Seq(phase.mark))

    def _check_price(self, phase: Map) -> None:
        if PRICE not in phase:
            return
        if phase.get(FROM) is None:
            message = "a phase has no price; `price: null` beside `from: PHASE` makes the copied cards free"
        elif phase[PRICE] is not None:
            message = "beside `from`, `price` can only be `null`, which makes the copied cards free"
        else:
            return
        self._fail("reuse.price", message, phase.entry_marks(PRICE)[0], len(PRICE))

    def _source(self, phase: Map) -> Seq | None:
        """The cards to copy; none where ``from`` is taken away, None where it is wrong."""
        name, mark = phase[FROM], phase.entry_marks(FROM)[1]
        if name is None:
            return Seq(phase.mark)
        if not isinstance(name, str):
            return self._fail("schema.type", f"`from` names a phase by its key, not {describe(name)}", mark)
        if is_template(name):
            message = "`from` cannot be a template: what a plan is made of is fixed for all environments"
            return self._fail("template.fixed", message, mark, len(name))
        if name not in self._phases:
            others = [key for key in self._phases if key != phase.get("key")]
            hint = did_you_mean(name, others) or (f"; it has {', '.join(others)}" if others else "")
            return self._fail("reuse.from", f"the plan has no phase `{name}` to copy{hint}", mark, len(name))
        return self._resolved(name, phase, mark)

    def _resolved(self, name: str, phase: Map, mark: int) -> Seq | None:
        circle = self._circles.get(str(phase.get("key")))
        if circle is not None:
            message = f"phases copy each other in a circle: {' → '.join(circle)}"
            if len(circle) <= 2:
                message = f"the phase `{name}` cannot copy itself"
            return self._fail("reuse.from", message, mark, len(name))
        way = {name: None}
        further = self._following(name)
        while further is not None and further not in way and further not in self._known:
            way[further] = None
            further = self._following(further)
        # From the far end, so that a long chain needs no deep stack. What is wrong with those phases is reported
        # where they are looked at themselves.
        report, self._report = self._report, silent
        for key in reversed(way):
            if key not in self._known:
                cards = None if key in self._circles else self._cards(self._phases[key])
                self._known[key] = cards if isinstance(cards, Seq) else None
        self._report = report
        return self._known[name]

    def _fail(self, rule: str, message: str, mark: int, span: int = 1) -> Seq | None:
        self.sound = False
        self._report(rule, message, mark, span=span)
        return None


def silent(rule: str, message: str, mark: int, *, span: int = 1) -> None:
    """Reports nothing."""


def _free(card: Map, phase: Map) -> Map:
    """A card without a price, and without what is taken off one."""
    free = card.without("discounts") if "discounts" in card else card.copy()
    free.put("price", None, *phase.entry_marks(PRICE))
    return free


def _each(items: Seq, change: Callable[[Map], Map]) -> Seq:
    fresh = Seq(items.mark)
    for item, mark in zip(items, items.marks, strict=True):
        fresh.add(change(item) if isinstance(item, Map) else item, mark)
    return fresh
