"""Drift as people read it: what happened to live, by whom, and what can be done about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler.model import (
    NEEDS_NO_CONSENT,
    Action,
    Change,
    Drift,
    Drifted,
    DriftField,
    Origin,
    Plan,
    What,
)
from reconciler.render import fields_text, plan_text, words
from reconciler.render.escape import escape
from reconciler.render.style import Paint, Style

_SYMBOLS: dict[What, tuple[str, Paint]] = {
    "changed": ("~", "yellow"),
    "missing": ("-", "red"),
    "extra": ("+", "green"),
    "unmarked": ("<", "blue"),
    "draft": ("?", "magenta"),
    "in-the-way": ("!", "red"),
}
SAID: dict[Origin, str] = {
    "outside": "changed outside",
    "manifest": "changed in the manifests, not applied",
    "both": "changed outside and in the manifests",
    "unknown": "changed, on a side that is not known",
}
_WHOLE: dict[What, dict[Origin, str]] = {
    "missing": {"outside": "gone from live", "manifest": "declared since, not applied", "unknown": "not live"},
    "extra": {"outside": "made outside", "manifest": "no longer declared, not applied", "unknown": "live all the same"},
    "unmarked": {"outside": "its marker is gone", "manifest": "declared since, not applied", "unknown": "not marked"},
}
_HASH = "    # "
_FIRST: tuple[Origin, ...] = ("outside", "both", "unknown", "manifest")


def drift(found: Drift, style: Style) -> str:
    """Every object that is not as declared; ends with the line that counts."""
    head = Plan(found.target, found.project, (), (), source=found.source, requests=found.requests)
    out = [plan_text.header(replace(head, seconds=found.seconds), style)]
    if found.base is not None:
        out.append(style.paint(f"  compared with what was declared at {escape(found.base)}", "dim"))
    out.append("")
    for one in found.objects:
        out += [*_object(one, style), ""]
    out += _warnings(found, style)
    if not found.complete:
        out += style.wrap("This looks at a part of the catalogue only.", first="", rest="")
    out += _advice(found)
    out.append(style.paint(summary(found), "bold"))
    return "\n".join(out) + "\n"


def summary(found: Drift) -> str:
    """The last line: how many objects are not as declared, and which side moved."""
    if found.clean:
        return "No drift. Live is as declared."
    parts = [
        (found.count("outside"), "outside"),
        (found.count("both"), "on both sides"),
        (found.count("manifest"), "in the manifests"),
        (found.count("unknown"), "on a side that is not known"),
    ]
    said = [f"{count} {where}" for count, where in parts if count]
    return f"Drift: {words.plural(len(found.objects), 'object')} not as declared, changed {', '.join(said)}."


def _object(one: Drifted, style: Style) -> Iterator[str]:
    place = fields_text.place(one.location) if one.location else ""
    *lines, last = style.wrap(escape(one.title), first=_HASH, rest=_HASH)
    if place and not style.fits(last, place):
        lines, last = [*lines, last], _HASH
    for line in lines:
        yield style.paint(line, "bold")
    yield style.aside(style.paint(last, "bold"), style.paint(place, "dim"))
    symbol, paint = _SYMBOLS[one.what]
    version = f"  version {one.version}" if one.version is not None else ""
    said = _WHOLE.get(one.what, {}).get(one.origin, "") if not one.fields else SAID[one.origin]
    yield (
        f"{style.paint(symbol.rjust(3), paint, 'bold')} {style.paint(escape(str(one.address)), 'bold')}{version}"
        f"{f'  {said}' if said else ''}"
    )
    yield from _fields(one, style)
    for note in (*one.notes, putting_back(one)):
        if note:
            yield from (
                style.paint(line, "dim") for line in style.wrap(escape(note), first="      # ", rest="      # ")
            )


def _fields(one: Drifted, style: Style) -> Iterator[str]:
    """The fields by who changed them; headed only where more than one did."""
    groups = {origin: [field for field in one.fields if field.origin == origin] for origin in _FIRST}
    several = sum(bool(fields) for fields in groups.values()) > 1
    for origin, fields in groups.items():
        if fields and several:
            yield f"      {style.paint(SAID[origin] + ':', 'dim')}"
        if fields:
            yield from fields_text.lines(_as_change(one, fields), style)


def _as_change(one: Drifted, fields: Iterable[DriftField]) -> Change:
    """What the manifests changed reads from live to declared, as in a plan; everything else as live moved."""
    shown = tuple(
        replace(field.change, before=field.change.after, after=field.change.before)
        if field.origin == "manifest"
        else field.change
        for field in fields
    )
    return Change(one.address, Action.UPDATE, fields=shown, location=one.location)


def putting_back(one: Drifted) -> str:
    """What it would mean to put an object back; nothing where that touches no money."""
    serious = [kind.value for kind in reversed(one.classes) if kind not in NEEDS_NO_CONSENT]
    if not serious or one.origin == "manifest":
        return ""
    return f"to put it back is {', '.join(serious)}: not healed by itself"


def _warnings(found: Drift, style: Style) -> Iterator[str]:
    for problem in found.warnings:
        place = f"{fields_text.place(problem.location)}: " if problem.location else ""
        text = f"warning: {place}{escape(problem.message)} [{escape(problem.rule)}]"
        yield from style.wrap(text, first="  ", rest="    ")
    if found.warnings:
        yield ""


def _advice(found: Drift) -> Iterator[str]:
    """What to do next, one line each."""
    if found.clean:
        return
    moved = [one for one in found.objects if one.origin != "manifest"]
    where = f" -e {escape(found.target.environment)}"
    if any(one.what in ("changed", "missing") for one in moved):
        yield f"  To keep it, write it into the manifests:  reconciler accept{where}"
    if any(one.healable for one in moved):
        yield f"  To put back what is not money:            reconciler drift{where} --heal"
    if moved:
        yield f"  To put everything back:                   reconciler apply{where}"
    if found.base is None and found.count("unknown"):
        yield "  To know which side moved, say what was last applied:  --base REV or FILE"
    yield ""
