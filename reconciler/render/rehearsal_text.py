"""What became of a plan that was tried out, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import Refusal, Rehearsal
from reconciler.render import fields_text, words
from reconciler.render.escape import escape
from reconciler.render.style import Paint, Style


def lines(rehearsal: Rehearsal, style: Style) -> Iterator[str]:
    """One line where all went well; every refusal with its place and every difference where it did not."""
    head = style.paint("Rehearsal: ", "bold")
    yield head + style.paint(_said(rehearsal), *_paints(rehearsal))
    for refusal in rehearsal.refusals:
        yield from _refused(refusal, style)
    for text in rehearsal.differences:
        yield from style.wrap(escape(text), first="  ", rest="      ")
    if rehearsal.left_out:
        names = words.listed(escape(str(address)) for address in rehearsal.left_out)
        yield from style.wrap(f"Not tried, because a guard blocks it: {names}", first="  ", rest="      ")
    yield ""


def _paints(rehearsal: Rehearsal) -> tuple[Paint, ...]:
    if rehearsal.tried_nothing:
        return ("yellow",)
    return ("green",) if rehearsal.passed else ("red", "bold")


def _said(rehearsal: Rehearsal) -> str:
    """The verdict: ``6 of 6 steps accepted, second plan empty``."""
    if rehearsal.tried_nothing:
        return "nothing was tried."
    counted = f"{rehearsal.accepted} of {words.plural(rehearsal.total, 'step')} accepted"
    refused, skipped = len(rehearsal.refusals), rehearsal.total - rehearsal.accepted - len(rehearsal.refusals)
    if refused:
        return f"{counted}, {refused} refused{f', {skipped} skipped' if skipped else ''}."
    return f"{counted}, second plan {'empty' if rehearsal.second_empty else 'not empty'}."


def _refused(refusal: Refusal, style: Style) -> Iterator[str]:
    cross = style.paint(style.glyph("✗", "x "), "red")
    yield f"  {cross} {style.paint(escape(str(refusal.address)), 'bold')}"
    yield from style.wrap(escape(refusal.message), first="      ", rest="      ")
    if refusal.location:
        yield style.paint(f"      {fields_text.place(refusal.location)}", "dim")
