"""A promotion as people read it: what is proven where it comes from, since when, and what is meant to differ."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from reconciler.model import Promotion, Proof
from reconciler.render import words
from reconciler.render.escape import escape
from reconciler.render.plan_text import SHORT_DIGEST
from reconciler.render.style import Style

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def promotion(found: Promotion, moment: datetime, style: Style) -> str:
    """The head of a promotion, above its plan."""
    return "\n".join(_lines(found, moment, style)) + "\n"


def _lines(found: Promotion, moment: datetime, style: Style) -> Iterator[str]:
    proof, target = found.proof, found.plan.target
    commit = f"  git {escape(found.commit[:7])} {'dirty' if found.dirty else 'clean'}" if found.commit else ""
    objects = words.plural(proof.objects, "object")
    yield style.paint(f"Bundle {found.bundle[:SHORT_DIGEST]}", "bold") + f"  {objects}{commit}"
    yield from _source(proof, style)
    yield from _soak(proof, target.environment, moment, style)
    if found.staying:
        yield _mark(style, good=False) + f"{escape(target.environment)} would not be what is declared:"
        for reason in found.staying:
            yield from style.wrap(escape(reason), first="      ", rest="        ")
    if proof.extra:
        names = ", ".join(escape(str(address)) for address in proof.extra)
        said = f"{escape(proof.source.environment)} also has what is not in the bundle and is not promoted: {names}"
        yield from style.wrap(said, first="    ", rest="      ")
    if found.differences:
        names = ", ".join(escape(str(address)) for address in found.differences)
        where = f"{escape(target.environment)} differs from {escape(proof.source.environment)}"
        said = f"{where} as overlays and variables declare: {names}"
        yield from style.wrap(said, first="    ", rest="      ")


def _source(proof: Proof, style: Style) -> Iterator[str]:
    name = f"{escape(proof.source.environment)} ({escape(proof.source.endpoint)})"
    if proof.reasons:
        yield _mark(style, good=False) + f"not exactly what is live in {name}:"
        for reason in proof.reasons:
            yield from style.wrap(escape(reason), first="      ", rest="        ")
    else:
        yield _mark(style, good=True) + f"applied and active in {name}, every field as declared"


def _soak(proof: Proof, target: str, moment: datetime, style: Style) -> Iterator[str]:
    if proof.changed is None:
        return
    since = f"unchanged there since {_instant(proof.changed.at)} ({escape(proof.changed.what)})"
    if proof.soak is None or proof.soaked_at is None:
        yield f"    {since}; {escape(target)} asks for no soak"
        return
    good = proof.soaked_at <= moment
    asked = f"{escape(target)} asks for {_period(proof.soak)}, {'over at' if good else 'not before'} "
    yield from style.wrap(f"{since}; {asked}{_instant(proof.soaked_at)}", first=_mark(style, good=good), rest="    ")


def _mark(style: Style, *, good: bool) -> str:
    sign = style.glyph("✓", "ok") if good else style.glyph("✗", "x ")
    return f"  {style.paint(sign, 'green' if good else 'red')} "


def _instant(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _period(period: timedelta) -> str:
    """``2 days``, ``1 day 12 hours``."""
    left, parts = int(period.total_seconds()), []
    for unit, seconds in _UNITS:
        count, left = divmod(left, seconds)
        if count:
            parts.append(words.plural(count, unit))
    return " ".join(parts)
