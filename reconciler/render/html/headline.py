"""What a reader wants to know first: what happens, to whom, and whether anything stands in the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from reconciler.model import Action, Plan
from reconciler.render import words
from reconciler.render.html.objects import LABELS, SYMBOLS
from reconciler.render.html.pricing import PriceRow
from reconciler.render.money import percent

Tone = Literal["bad", "care", "good", "calm"]

_NUMBER = re.compile(r"(?<=\d) ")
"""A number stays on the line of what it counts."""

_MODES = {
    "apply": "Plan",
    "destroy": "Plan to destroy",
    "heal": "Plan to heal",
    "rollback": "Plan to go back",
    "promote": "Plan to promote",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether this plan can be applied, in a word and a sentence."""

    tone: Tone
    symbol: str
    word: str
    said: str


@dataclass(frozen=True, slots=True)
class Tile:
    """How many objects go through one action; ``slug`` is what the filter calls it, empty where none are listed."""

    symbol: str
    count: str
    label: str
    slug: str


@dataclass(frozen=True, slots=True)
class Headline:
    """The head of the page."""

    title: str
    said: str
    verdicts: tuple[Verdict, ...]
    tiles: tuple[Tile, ...]
    facts: tuple[str, ...]


def headline(plan: Plan, prices: tuple[PriceRow, ...]) -> Headline:
    """The head of a plan's page; ``prices`` are those of its table."""
    said = words.planned(plan.summary, len(plan.open_guards)).removeprefix("Plan: ")
    said = _NUMBER.sub("\u00a0", said)
    return Headline(_MODES[plan.mode], said, tuple(_verdicts(plan)), tuple(_tiles(plan)), tuple(_facts(plan, prices)))


def _verdicts(plan: Plan) -> Iterator[Verdict]:
    """The one that decides first; then what else is to be known before anybody consents."""
    rehearsal, opened = plan.rehearsal, len(plan.open_guards)
    if opened:
        teams = sorted({guard.team for guard in plan.open_guards if guard.team})
        waits = f" Waits for {words.listed(teams)}." if teams else ""
        yield Verdict("bad", "✗", "Blocked", f"{words.plural(opened, 'guard is', 'guards are')} open.{waits}")
    elif plan.is_empty:
        yield Verdict("good", "✓", "Nothing to do", "OpenMeter matches the manifests.")
    elif (rehearsal is None or rehearsal.passed) and plan.not_before is None and plan.source.snapshot is None:
        yield Verdict("good", "✓", "Ready", "No guard is open: this can be applied.")
    if rehearsal is not None and not rehearsal.passed:
        yield Verdict("bad", "✗", "The rehearsal failed", "The server would not take this as it is.")
    if said := words.snapshot(plan):
        yield Verdict("care", "◷", "Not live", f"{said[0].upper()}{said[1:]}; it cannot be applied.")
    if plan.not_before is not None:
        due = f"{plan.not_before:%Y-%m-%d %H:%M} UTC"
        yield Verdict("care", "◷", "Not yet", f"What will be due at {due}; it cannot be applied before.")
    if not plan.complete:
        yield Verdict("care", "◐", "Incomplete", "It looks at a part of the catalogue only, and removes nothing.")


def _tiles(plan: Plan) -> Iterator[Tile]:
    summary = plan.summary
    for action in Action:
        count = summary[action.value]
        if action is Action.NO_CHANGE:
            yield Tile(SYMBOLS[action], f"{count:,}", LABELS[action], "")
        elif count:
            plural = "s" if action is Action.NEW_VERSION and count > 1 else ""
            yield Tile(SYMBOLS[action], f"{count:,}", LABELS[action] + plural, action.value.replace("_", "-"))


def _facts(plan: Plan, prices: tuple[PriceRow, ...]) -> Iterator[str]:
    """What this means for those who pay, one sentence each."""
    up, down, new, gone = (
        sum(row.move is not None and row.move.way == way for row in prices) for way in ("up", "down", "new", "gone")
    )
    moved = [
        f"{words.plural(up, 'price rises', 'prices rise')}{_steepest(prices)}" if up else "",
        words.plural(down, "price falls", "prices fall") if down else "",
        words.plural(new, "price is new", "prices are new") if new else "",
        words.plural(gone, "price goes", "prices go") if gone else "",
    ]
    if any(moved):
        yield f"{words.listed(part for part in moved if part)}."
    yield from _people(plan)


def _steepest(prices: tuple[PriceRow, ...]) -> str:
    rises = [(row.move.before, row.move.after) for row in prices if row.move and row.move.way == "up"]
    exact = [(Decimal(one.exact), Decimal(other.exact)) for one, other in rises if one and other]
    told = [(after / before, percent(before, after)) for before, after in exact if before]
    return f" (by {'up to ' if len(told) > 1 else ''}{max(told)[1].removeprefix('+')})" if told else ""


def _people(plan: Plan) -> Iterator[str]:
    known = [one.subscriptions for one in plan.affected if one.subscriptions is not None]
    if known:
        total = sum(known)
        plans = words.plural(len(known), "plan")
        yield (
            f"{total:,} active subscription{'s' if total != 1 else ''} on {plans} "
            f"{'stay' if total != 1 else 'stays'} on {'their' if total != 1 else 'its'} version; nobody is migrated."
            if total
            else f"Nobody subscribes to the {plans} concerned."
        )
    if len(known) < len(plan.affected):
        yield "The server does not tell who subscribes to some of the plans."
