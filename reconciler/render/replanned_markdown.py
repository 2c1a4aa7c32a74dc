"""How a plan differs from the one that was approved, for a pull request: what has to be looked at again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model import Change, FieldChange, ObjectPair, Replanned, exact_number
from reconciler.render import money, replanned_text, values
from reconciler.render.markdown import code, fenced, folded, sentence, table
from reconciler.render.style import Style
from reconciler.render.words import plural

_DIGEST = 12
_PLAIN = Style(width=100)
_SHOWN = 20
"""How many objects stand in a table before the rest is counted: all of them are in the summary and on the terminal."""


def replanned(found: Replanned) -> str:
    """A table per fate, the guards, and why the plans most likely differ; all of it as text below, folded."""
    return "\n".join(lines(found)) + "\n"


def lines(found: Replanned) -> Iterator[str]:
    """The same, line by line."""
    where = code(found.environment)
    if found.same:
        yield f"The plan for {where} is the approved change {code(found.digest[:_DIGEST])}."
        return
    yield f"**What would be done now is not what was approved for {where}.**"
    yield ""
    now = f"now it is {code(found.now[:_DIGEST])}"
    yield f"Approved is the change {code(found.digest[:_DIGEST])}, planned at {sentence(found.created_at)}; {now}."
    yield from _causes(found.causes)
    yield from _different(list(found.of("different")))
    yield from _one_sided("Not approved, and would be done now", list(found.of("new")))
    yield from _one_sided("Approved, and nothing would be done now", list(found.of("gone")))
    yield from _guards(found)
    yield ""
    yield from folded("Both plans, object by object", fenced(list(replanned_text.lines(found, _PLAIN)), "text"))


def _causes(causes: Sequence[str]) -> Iterator[str]:
    if causes:
        yield ""
        yield "Why, most likely:"
        yield from (f"- {sentence(cause.replace(' -> ', ', now '))}" for cause in causes)


def _different(pairs: Sequence[ObjectPair]) -> Iterator[str]:
    """One row per field that the plans change differently; of an object without one, what happens to it."""
    if not pairs:
        return
    yield ""
    yield f"### Not as it was approved ({plural(len(pairs), 'object')})"
    yield ""
    rows = [row for pair in pairs[:_SHOWN] for row in _rows(pair)]
    yield from table(("object", "what", "approved", "now"), rows)
    yield from _rest(pairs)


def _rows(pair: ObjectPair) -> Iterator[tuple[str, str, str, str]]:
    assert pair.approved is not None
    assert pair.now is not None
    name = code(str(pair.address))
    before, after = _said(pair.approved), _said(pair.now)
    if before != after:
        yield name, "action", before, after
    for field in pair.fields:
        yield name, code(field.path), _moved(field.approved), _moved(field.now)
    if pair.requests:
        yield name, "what would be sent", "", "not the same"


def _moved(field: FieldChange | None) -> str:
    """``20 -> 22 USD (+10.0 %)``."""
    if field is None:
        return "-"
    if field.before is None and field.after is None:
        return code(field.note or values.SECRET)
    shown = " → ".join("none" if value is None else values.text(value) for value in (field.before, field.after))
    tail = money.percent(exact_number(field.before), exact_number(field.after)) if field.currency else ""
    return code(" ".join(part for part in (shown, field.currency or "", f"({tail})" if tail else "") if part))


def _said(change: Change) -> str:
    classes = ", ".join(kind.value for kind in reversed(change.classes))
    return code(change.action.value.replace("_", " ") + (f" [{classes}]" if classes else ""))


def _one_sided(head: str, pairs: Sequence[ObjectPair]) -> Iterator[str]:
    if not pairs:
        return
    yield ""
    yield f"### {head} ({plural(len(pairs), 'object')})"
    yield ""
    rows = [
        (code(str(pair.address)), _said(change)) for pair in pairs[:_SHOWN] if (change := pair.now or pair.approved)
    ]
    yield from table(("object", "what"), rows)
    yield from _rest(pairs)


def _rest(pairs: Sequence[ObjectPair]) -> Iterator[str]:
    if len(pairs) > _SHOWN:
        yield ""
        yield f"and {plural(len(pairs) - _SHOWN, 'more object', 'more objects')}, below."


def _guards(found: Replanned) -> Iterator[str]:
    if found.guards_new or found.guards_gone:
        yield ""
        yield "### Guards"
        yield ""
    yield from (f"- {code(name)}: only now" for name in found.guards_new)
    yield from (f"- {code(name)}: only in the approved plan" for name in found.guards_gone)
