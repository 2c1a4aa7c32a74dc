"""The text of the sticky comment, never longer than the host takes: details go first, those of the least risk first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from reconciler.ci.document import PLAN, Document, Entry, header
from reconciler.render import plan_markdown
from reconciler.render.markdown import code
from reconciler.render.plan_markdown import Row, without_details
from reconciler.render.review.parts import whole
from reconciler.render.words import listed

LIMIT = 65_000
"""Characters of a comment. GitHub takes 65,536."""

_ALERTS = {"stale": "WARNING", "applying": "NOTE", "applied": "NOTE", "failed": "CAUTION"}

Shorter = Callable[[int], str]
"""Renders the text of a section anew, so that it has at most as many characters as are given."""


def compose(document: Document, own: Mapping[str, Shorter] | None = None, limit: int = LIMIT) -> str:
    """The comment. ``own`` are the sections that can be rendered shorter; the others lose all details or none."""
    return _text(_fitting(document, own or {}, limit))


def shown(document: Document) -> str:
    """What people see of it: for where there is no comment."""
    sections = [line for name in sorted(document.entries) for line in _section(document, name)]
    planned = any(entry.state == "planned" and entry.counts for entry in document.entries.values())
    return "\n".join([*_top(document), *sections, *(["", _AFTER] if planned else [])])


_AFTER = "<sub>After the merge each is planned again, and applied only if its change digest is still the same.</sub>"


def _text(document: Document) -> str:
    text = shown(document).rstrip("\n")
    return f"{header(document, text)}\n{text}\n"


def _top(document: Document) -> list[str]:
    entries = {name: document.entries[name] for name in sorted(document.entries)}
    return [_title(entries), "", plan_markdown.headline(_row(name, entry) for name, entry in entries.items())]


def _row(name: str, entry: Entry) -> Row:
    open_or_failed = entry.guards_open or entry.state == "failed"
    bold = f"**{code(name)}**" if open_or_failed else code(name)
    where = f" · {whole(entry.link)}" if (entry.link or "").startswith("http") else ""
    return Row(bold, entry.plan, entry.guards or "none", f"{entry.status}{where}")


def _title(entries: Mapping[str, Entry]) -> str:
    """What the riskiest environment goes through; the others, where they differ, have their rows."""
    order = sorted(entries, key=lambda name: (-entries[name].risk, name))
    known = [name for name in order if entries[name].max_class or entries[name].change_digest]
    failed = [code(name) for name in sorted(entries) if entries[name].state == "failed"]
    said = entries[known[0]].plan if known else "no plan"
    where = "" if len({entries[name].plan for name in known}) < 2 else f" ({code(known[0])})"
    return f"### Billing catalogue: {said}{where}" + (f"; {listed(failed)} failed" if failed else _stage(entries))


def _stage(entries: Mapping[str, Entry]) -> str:
    """Where all of it has got to, told first, since nobody should approve what is out of date."""
    states = {entry.state for entry in entries.values()}
    if "stale" in states:
        return "; **out of date**"
    if "applying" in states:
        return "; being applied"
    return "; applied" if states == {"applied"} else ""


def _section(document: Document, name: str) -> list[str]:
    entry, text = document.entries[name], document.texts.get(name, "")
    lines = [f"<!-- reconciler:section {name} -->", f"#### {code(name)}", ""]
    if entry.state in _ALERTS and entry.notes:
        lines += [f"> [!{_ALERTS[entry.state]}]", *(f"> {note}  " for note in entry.notes), ""]
    return [*lines, PLAN, text.strip("\n"), f"<!-- /reconciler:section {name} -->"]


def _fitting(document: Document, own: Mapping[str, Shorter], limit: int) -> Document:
    for name in sorted(document.entries, key=lambda name: (document.entries[name].risk, name)):
        over = len(_text(document)) - limit
        if over <= 0:
            return document
        text = document.texts.get(name, "")
        cut = own[name](max(0, len(text) - over)) if name in own else without_details(text, document.entries[name].link)
        if len(cut) < len(text):
            document = replace(document, texts={**document.texts, name: cut})
    return _told_only(document, limit)


_TOO_LONG = "**Nothing of this plan fits here.** Do not approve it from this text"


def _told_only(document: Document, limit: int) -> Document:
    """Still too long without any detail: sections go, the least risky first; their rows in the table stay."""
    for name in sorted(document.entries, key=lambda name: (document.entries[name].risk, name)):
        if len(_text(document)) <= limit:
            return document
        entry = document.entries[name]
        text = f"> [!CAUTION]\n> {_TOO_LONG}; {whole(entry.link)}."
        document = replace(document, texts={**document.texts, name: text})
    return document
