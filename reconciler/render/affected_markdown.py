"""Who is affected and what real customers would have paid, for a pull request: sums and counts, never a customer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model import Action, Affected, Plan, Rerated
from reconciler.render import affected_text, words
from reconciler.render.markdown import code, sentence
from reconciler.render.money import coins, percent

_NAMES = 3


def lines(plan: Plan) -> list[str]:
    """One line per plan and per loss; nothing where no plan changes. Plans of which the same is said share a line.

    A new version of a plan that nobody subscribes to is not worth one.
    """
    ends = {change.address for change in plan.changes if change.action is not Action.NEW_VERSION}
    told = [one for one in plan.affected if one.plan in ends or one != Affected(one.plan, ())]
    found = [line for group in _alike(told) for line in _affected(group)]
    found += [line for one in plan.rerated for line in _rerated(one)]
    return ["", "**Who is affected**", "", *found] if found else []


def _alike(found: Sequence[Affected]) -> Iterator[list[Affected]]:
    groups: dict[tuple[object, ...], list[Affected]] = {}
    for one in found:
        groups.setdefault((one.versions, one.reduced, one.withdrawn), []).append(one)
    return iter(groups.values())


def _affected(group: list[Affected]) -> Iterator[str]:
    one = group[0]
    names = [code(str(item.plan)) for item in group[:_NAMES]]
    more = [f"{len(group) - _NAMES:,} more"] if len(group) > _NAMES else []
    each = ", each" if len(group) > 1 and one.versions else ""
    yield f"- {words.listed([*names, *more])}{each}: {affected_text.subscribed(one)}"
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
