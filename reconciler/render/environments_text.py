"""Environments as a table, and what was found behind each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.model import EnvironmentCheck, Policy
from reconciler.project import Credential, EnvironmentFacts
from reconciler.render import table
from reconciler.render.escape import escape
from reconciler.render.style import Paint, Style
from reconciler.render.table import Cell
from reconciler.render.words import plural

_HEAD = ("", "ENVIRONMENT", "ENDPOINT", "API", "EXTENDS", "FROM", "PROTECTED", "PINNED", "CREDENTIALS", "OVERLAYS")
_GIVE_WAY = (9, 4, 3, 5)
_CLAIMS = ("owned", "claimed", "unmanaged", "foreign")
_STATES: Mapping[str, str] = {"started": "without an answer"}
_LABEL = 12


def listed(facts: Sequence[EnvironmentFacts], style: Style) -> str:
    """One line per environment, then what is missing; ``*`` is the one of commands without ``-e``."""
    rows = [_row(one) for one in facts]
    lines = table.lines(_HEAD, rows, style, give_way=_GIVE_WAY)
    notes = [line for one in facts for note in _notes(one) for line in style.wrap(note, first="  ", rest="    ")]
    return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"


def _row(one: EnvironmentFacts) -> list[Cell]:
    declared = one.declared
    return [
        Cell("*" if one.default else ""),
        Cell(escape(one.name), "bold"),
        Cell(escape(declared.endpoint)),
        Cell(escape(declared.api)),
        Cell(escape(declared.extends or "")),
        Cell(escape(declared.promotes_from or "")),
        Cell("yes" if declared.protected else ""),
        Cell("yes" if declared.identity else "", "green"),
        _credentials(one.credentials),
        Cell(escape(", ".join(declared.overlays))),
    ]


def _credentials(found: Sequence[Credential]) -> Cell:
    words = {True: "", False: " missing", None: " by command"}
    paint: Paint = "red" if any(one.present is False for one in found) else "green"
    return Cell(escape(", ".join(one.use + words[one.present] for one in found)), paint)


def _notes(one: EnvironmentFacts) -> Iterator[str]:
    for credential in one.credentials:
        if credential.present is False:
            yield f"{escape(one.name)}: the {escape(credential.source)} ({escape(credential.use)}) gives nothing here"
    if one.declared.withheld:
        yield _withheld(one.name, one.declared.withheld)
    if said := "; ".join(_policy(one.declared.policy)):
        yield f"{escape(one.name)}: policy: {escape(said)}"
    if one.declared.protected and not one.declared.identity:
        yield f"{escape(one.name)}: protected and not pinned, so nothing can be applied; `reconciler env check --pin`"


def _policy(policy: Policy) -> Iterator[str]:
    """What it says, class by class, and its rules by name."""
    for found, needs in sorted(policy.classes.items(), key=lambda item: item[0].rank):
        asks = [f"consent of @{needs.team}"] if needs.team else [needs.effect] if needs.effect else []
        asks += [f"{plural(needs.notice, 'day')} of notice"] if needs.notice else []
        yield f"{found.value}: {', '.join(asks)}"
    if policy.rules:
        yield f"rules: {', '.join(rule.name for rule in policy.rules)}"


def _withheld(name: str, what: Iterable[str]) -> str:
    return f"{escape(name)}: {escape(', '.join(what))} not inherited, because it was given for another address"


def checked(found: Sequence[EnvironmentCheck], style: Style) -> str:
    """One paragraph per environment and, of several, one line for all."""
    out = [line for one in found for line in (*_paragraph(one, style), "")]
    return "\n".join([*out, _total(found, style)] if len(found) > 1 else out[:-1]) + "\n"


def _paragraph(one: EnvironmentCheck, style: Style) -> Iterator[str]:
    head = f"{style.paint(escape(one.name), 'bold')}  {escape(one.endpoint)}"
    yield head + (f"  {style.paint(plural(one.requests, 'request'), 'dim')}" if one.requests else "")
    if one.error is not None:
        yield from _labelled("not read", one.error, style, "red")
        if one.tip:
            yield from _labelled("", one.tip, style)
    else:
        yield from _identity(one, style)
        for claim in _CLAIMS:
            counts = {kind: number[claim] for kind, number in one.counts.items() if number.get(claim)}
            if counts or claim == "owned":
                yield from _labelled(claim, _counted(counts, one.others if claim == "foreign" else {}), style)
    if one.withheld:
        yield from _labelled("withheld", f"{', '.join(one.withheld)}: given for another address", style, "yellow")
    if one.last_run is not None:
        states = ", ".join(f"{number} {_STATES.get(state, state)}" for state, number in one.last_run.states.items())
        moment = one.last_run.started_at.partition(".")[0].replace("T", " ")
        yield from _labelled("last apply", f"{moment} UTC, from here: {states}", style)


def _identity(one: EnvironmentCheck, style: Style) -> Iterator[str]:
    shown = one.identity or "none: it has no billing profile"
    if one.matches is False:
        yield from _labelled("identity", f"{shown}; pinned is {one.pinned}: another namespace answers", style, "red")
    elif one.written_to:
        yield from _labelled("identity", f"{shown}, pinned now in {one.written_to}", style, "green")
    elif one.matches:
        yield from _labelled("identity", f"{shown}, as pinned", style, "green")
    else:
        wanted = "--pin writes it" if not one.embedded else "embedded: no need to"
        wanted = "protected, so it has to be" if one.protected else wanted
        yield from _labelled("identity", f"{shown}, not pinned ({wanted})", style, "yellow")
    if one.not_written:
        yield from _labelled("", f"not written: {one.not_written}", style, "red")
    if one.same_as:
        yield from _labelled("", f"the same namespace as {', '.join(one.same_as)}", style, "yellow")


def _counted(counts: Mapping[str, int], others: Mapping[str, int]) -> str:
    text = ", ".join(f"{number} {kind}" for kind, number in counts.items()) or "nothing"
    return text + (f" (by {', '.join(others)})" if others else "")


def _labelled(label: str, text: str, style: Style, paint: Paint | None = None) -> Iterator[str]:
    first, rest = "  " + label.ljust(_LABEL), "  " + " " * _LABEL
    for line in style.wrap(escape(text), first="", rest=""):
        yield first + (style.paint(line, paint) if paint else line)
        first = rest


def _total(found: Sequence[EnvironmentCheck], style: Style) -> str:
    wrong = sum(one.matches is False for one in found)
    unread = sum(not one.reachable for one in found)
    parts = [f"{len(found) - wrong - unread} as expected"]
    parts += [f"{wrong} in another namespace"] if wrong else []
    parts += [f"{unread} not read"] if unread else []
    return style.paint(f"{plural(len(found), 'environment')}: {', '.join(parts)}.", "bold")
