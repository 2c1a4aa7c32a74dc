"""What an environment's policy says of a plan, in the terminal; the guards below it say how to go on."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import Plan, Ruling
from reconciler.render import words
from reconciler.render.escape import columns, escape
from reconciler.render.style import Paint, Style

_SYMBOLS: dict[str, tuple[str, str, Paint]] = {
    "open": ("✗", "x", "red"),
    "warned": ("!", "!", "yellow"),
    "met": ("✓", "ok", "green"),
}


def lines(plan: Plan, style: Style) -> list[str]:
    """The section, with an empty line after it; nothing where the policy says nothing."""
    if not plan.policy:
        return []
    counts = [(status, sum(one.status == status for one in plan.policy)) for status in _SYMBOLS]
    told = ", ".join(
        style.paint(f"{count} {status}", _SYMBOLS[status][2], *(("bold",) if status == "open" else ()))
        for status, count in counts
        if count
    )
    out = [style.paint(f"Policy of {escape(plan.target.environment)}: ", "bold") + told]
    width = max(columns(_name(one)) for one in plan.policy)
    for one in plan.policy:
        out += _lines(one, plan, width, style)
    return [*out, ""]


def _name(one: Ruling) -> str:
    return f"{escape(one.rule)}  {escape(str(one.address))}" if one.address else escape(one.rule)


def _lines(one: Ruling, plan: Plan, width: int, style: Style) -> Iterator[str]:
    """Name, what is said and the place on one line where that has room, else what is said below."""
    fancy, plain, paint = _SYMBOLS[one.status]
    name, said = _name(one), _said(one, plan)
    mark = f"  {style.paint(style.glyph(fancy, plain), paint)} "
    place = f"{escape(one.location.file)}:{one.location.line}" if one.location else ""
    padded = name + " " * (width - columns(name))
    shown = style.paint(place, "dim")
    if style.fits("    " + padded, said, *([place] if place else [])):
        yield style.aside(f"{mark}{padded}  {said}", shown)
        return
    yield style.aside(mark + name, shown) if style.fits("    " + name, place) else mark + name
    yield from style.wrap(said, first="      ", rest="      ")


def _said(one: Ruling, plan: Plan) -> str:
    """What is asked for, and why."""
    why = escape(one.message.removeprefix(f"{one.address}: "))
    if one.effect == "consent":
        who = f"@{escape(one.team)}" if one.team else "somebody's consent"
        given = f"{who} consented" if one.team else "consented"
        return f"{given}: {why}" if one.status == "met" else f"needs {who}: {why}"
    if one.effect == "notice":
        since = words.told(one.announced, plan) if one.announced else "nobody has announced it"
        return f"{why.removeprefix(f'{escape(one.rule)} ')}; {since}"
    if one.effect == "deny":
        return f"denied: {why}"
    return f"allowed: {why}" if one.effect == "allow" and one.location else why
