"""Who is on the plans that change, and what those who come no longer get, in the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import Affected, Reduced
from reconciler.render import words
from reconciler.render.escape import escape
from reconciler.render.style import Style

_MOST_VERSIONS = 4


def lines(found: tuple[Affected, ...], style: Style) -> list[str]:
    """A few lines per plan, with an empty line after all; nothing where no plan changes."""
    if not found:
        return []
    out = [style.paint("Who is affected:", "bold")]
    silent = [one for one in found if one == Affected(one.plan, ())]
    for one in found:
        if one not in silent:
            out += _of_plan(one, style)
    if silent:
        names = words.listed(escape(str(one.plan)) for one in silent)
        out += style.wrap(f"{names}: no active subscription", first="  ", rest="      ")
    return [*out, ""]


def _of_plan(one: Affected, style: Style) -> Iterator[str]:
    yield from style.wrap(f"{escape(str(one.plan))}: {subscribed(one)}", first="  ", rest="      ")
    if one.reduced:
        yield from style.wrap("New subscribers get less:", first="      ", rest="      ")
    for item in one.reduced:
        yield from style.wrap(reduced(item), first="        ", rest="          ")
    if one.withdrawn:
        names = words.listed(escape(key) for key in one.withdrawn)
        yield from style.wrap(f"Add-ons no longer offered: {names}", first="      ", rest="        ")


def subscribed(one: Affected) -> str:
    """How many stay where: ``37 active subscriptions: 30 on version 3, 7 on version 2; they stay there``."""
    if one.versions is None or one.subscriptions is None:
        return "the server does not tell who subscribes to it"
    if not one.subscriptions:
        return "no active subscription"
    counted = words.plural(one.subscriptions, "active subscription")
    if len(one.versions) == 1:
        stay = "it stays there" if one.subscriptions == 1 else "they stay there"
        return f"{counted}, on version {one.versions[0][0]}; {stay}"
    shown = [f"{count:,} on version {version}" for version, count in one.versions[:_MOST_VERSIONS]]
    rest = one.versions[_MOST_VERSIONS:]
    if rest:
        shown.append(f"{sum(count for _, count in rest):,} on {words.plural(len(rest), 'older version')}")
    return f"{counted}: {', '.join(shown)}; they stay there"


def reduced(item: Reduced) -> str:
    """One entitlement: ``tokens (main): 1,000 each P1M -> 500 each P1M``."""
    change = (
        f"{escape(item.before)} -> {escape(item.after)}" if item.after is not None else f"{escape(item.before)}, gone"
    )
    return f"{escape(item.feature)} ({escape(item.where)}): {change}"
