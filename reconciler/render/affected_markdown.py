"""Who is affected and what real customers would have paid, for a pull request: sums and counts, never a customer."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import Affected, Plan, Rerated
from reconciler.render import affected_text, words
from reconciler.render.markdown import code, sentence
from reconciler.render.money import coins, percent


def lines(plan: Plan) -> list[str]:
    """One line per plan and per loss; nothing where no plan changes."""
    found = [line for one in plan.affected for line in _affected(one)]
    found += [line for one in plan.rerated for line in _rerated(one)]
    return ["", "**Who is affected**", "", *found] if found else []


def _affected(one: Affected) -> Iterator[str]:
    yield f"- {code(str(one.plan))}: {affected_text.subscribed(one)}"
    for item in one.reduced:
        gone = "gone" if item.after is None else f"now {code(item.after)}"
        yield f"  - new subscribers get less: {code(item.feature)} ({code(item.where)}): {code(item.before)}, {gone}"
    if one.withdrawn:
        yield f"  - no longer offered: {words.listed(code(key) for key in one.withdrawn)}"


def _rerated(one: Rerated) -> Iterator[str]:
    share = percent(one.before, one.after)
    part = f" of {one.subscriptions:,}" if one.rated < one.subscriptions else ""
    if one.spread is not None:
        yield (
            f"- {code(str(one.plan))}, last closed period of {one.rated:,}{part} real subscriptions: "
            f"{coins(one.before)} → {coins(one.after)} {code(one.currency)}{f' (**{share}**)' if share else ''}; "
            f"{one.more:,} would pay more, {one.less:,} less, {one.same:,} the same; "
            f"median {coins(one.spread.median)}, at most {coins(one.spread.most)}"
        )
    for reason, count in one.unrated:
        yield (
            f"  - {count:,} not rated: {sentence(reason)}"
            if one.spread
            else f"- {count:,} not rated: {sentence(reason)}"
        )
