"""One environment: its parts in the order in which they are read, made to fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from reconciler.model import Action, Change, Plan
from reconciler.render.markdown import code, sentence
from reconciler.render.review import bills, guards, people, price_table, prices, remarks, removed
from reconciler.render.review.details import Detail, details, fitting
from reconciler.render.review.fitting import Block, Fitted, fit, size
from reconciler.render.review.naming import clipped
from reconciler.render.review.parts import DETAILS, Options, Section, whole
from reconciler.render.review.said import counted
from reconciler.render.words import NOTHING, listed

_RESERVE = 700
"""Characters for what has to be said where something does not fit."""
_LONGEST_FAILURE = 2_000


@dataclass(frozen=True)
class Draft:
    """An environment before its details: what stands above and below them, and what did not fit."""

    one: Section
    above: list[str]
    below: list[str]
    fitted: Fitted
    link: str | None

    @cached_property
    def folds(self) -> list[Detail]:
        """A fold per object; none where not even all prices are told."""
        return [] if self.one.plan is None or self.fitted.missing else details(_changes(self.one.plan))

    @property
    def size(self) -> int:
        """Characters without any details."""
        return size(self.above) + size(self.fitted.lines) + size(self.below) + _RESERVE

    def text(self, room: int, *, same_as: str | None = None, banner: bool = True) -> str:
        """The whole section, with as many details as fit into so many characters; ends with a newline.

        ``same_as`` names the environment whose details are the same. Where prices are missing, no detail is told.
        """
        lines = [
            *self.above,
            *(self._banner() if banner else []),
            *self.fitted.lines,
            *self._details(room, same_as),
            *self.below,
        ]
        return "\n".join(lines) + "\n"

    def _banner(self) -> list[str]:
        if self.fitted.missing:
            return ["", *missing(self.fitted.missing, self.link)]
        if self.fitted.shortened:
            said = f"Shortened to fit: {listed(self.fitted.shortened)}. Every price and every removed object is there; "
            return ["", "> [!NOTE]", f"> {said}{whole(self.link)}."]
        return []

    def _details(self, room: int, same_as: str | None) -> list[str]:
        if same_as is not None and self.folds:
            return ["", f"Details: the same as of {code(same_as)}, line for line."]
        lines, left_out = fitting(self.folds, room - size(DETAILS) - 2)
        left_out += len(_changes(self.one.plan)) if self.one.plan is not None and self.fitted.missing else 0
        shown = ["", DETAILS[0], *lines, "", DETAILS[1]] if lines else []
        note = f"The details of {counted(left_out, 'object')} did not fit here; {whole(self.link)}."
        return [*shown, *(["", note] if left_out else [])]


def missing(said: Sequence[str], link: str | None) -> list[str]:
    """The loud sentence at the top of a text that cannot tell everything that it should."""
    loud = f"**This text is too short for the change: it does not show {listed(said)}.**"
    return ["> [!CAUTION]", f"> {loud} Do not approve it from here alone; {whole(link)}."]


def draft(one: Section, options: Options) -> Draft:
    """The section without its details, in no more than the limit, if that is possible at all."""
    above = [f"#### {code(clipped(one.environment, 100))}", *_failure(one)]
    if one.plan is None:
        return Draft(one, above, [], Fitted([]), options.link)
    plan = one.plan
    above += [line for said in remarks.first(plan) for line in ("", said)]
    if plan.is_empty and not plan.guards:
        above += ["", NOTHING]
    below = remarks.foot(plan, expires=options.expires)
    fitted = fit(_blocks(plan, options), options.limit - size(above) - size(below) - _RESERVE)
    return Draft(one, above, below, fitted, options.link)


def _changes(plan: Plan) -> list[Change]:
    return [change for change in plan.changes if change.action is not Action.NO_CHANGE]


def _failure(one: Section) -> list[str]:
    if one.failure is None:
        return []
    said = clipped(one.failure.strip() or "no reason was given", _LONGEST_FAILURE).splitlines()
    return ["", "> [!CAUTION]", *(f"> {sentence(line)}  " if line.strip() else ">" for line in said)]


def _blocks(plan: Plan, options: Options) -> list[Block]:
    changes = _changes(plan)
    dear, other = prices.found(plan)
    rows = [*dear, *other]
    return [
        *price_table.blocks(dear, other),
        *remarks.versions(plan, rows),
        *removed.blocks(changes),
        *bills.blocks(plan.impacts),
        Block(90, (lambda: remarks.migration(plan, rows),)),
        *people.blocks(plan, {row.address for row in rows}),
        *guards.blocks(plan, options),
        *remarks.rehearsal(plan),
        *remarks.warnings(plan),
        *remarks.later(plan),
    ]
