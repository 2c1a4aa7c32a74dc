"""A plan as people read it in a terminal: Terraform's symbols and sentences, because reviewers read by habit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reconciler.model import Action, Change, ChangeClass, Guard, Plan
from reconciler.render import affected_text, fields_text, impact_text, policy_text, rehearsal_text, rerated_text, words
from reconciler.render.escape import columns, escape
from reconciler.render.style import Paint, Style

_SYMBOLS: dict[Action, tuple[str, str, Paint]] = {
    Action.ADOPT: ("<", "<", "blue"),
    Action.CREATE: ("+", "+", "green"),
    Action.UPDATE: ("~", "~", "yellow"),
    Action.NEW_VERSION: ("»", ">>", "magenta"),
    Action.REPLACE: ("-/+", "-/+", "red"),
    Action.ARCHIVE: ("a", "a", "red"),
    Action.DELETE: ("-", "-", "red"),
    Action.RELEASE: (".", ".", "dim"),
    Action.NO_CHANGE: (" ", " ", "dim"),
}
_CLASS_PAINTS: dict[ChangeClass, Paint] = {
    ChangeClass.COSMETIC: "dim",
    ChangeClass.OPERATIONAL: "dim",
    ChangeClass.ADDITIVE: "dim",
    ChangeClass.PRICE_LOWERING: "yellow",
    ChangeClass.ENTITLEMENT_REDUCING: "yellow",
}
_TOLD_ELSEWHERE = ("allow.used", "policy.warning")
_HASH = "    # "
BY_REVIEW = "an approving review of one of its members; CI hands it over with --consents"
"""How the consent of a team comes about."""
SHORT_DIGEST = 12
"""How many characters of a digest are printed: enough for an approval to name one change."""


def plan(plan: Plan, style: Style) -> str:
    """The whole plan, its open guards and its totals; ends with the line that counts."""
    out = [header(plan, style), *_snapshot(plan, style), *_future(plan, style), ""]
    quiet = [change for change in plan.changes if _is_quiet(change)]
    for change in plan.changes:
        if not _is_quiet(change):
            out += [*change_lines(change, style), ""]
    out += _unchanged(quiet, style)
    out += impact_text.lines(plan.impacts, style)
    out += affected_text.lines(plan.affected, style)
    out += rerated_text.lines(plan.rerated, style)
    out += _warnings(plan, style)
    out += _scheduled(plan, style)
    out += _shared(plan, style)
    if plan.rehearsal is not None:
        out += rehearsal_text.lines(plan.rehearsal, style)
    out += policy_text.lines(plan, style)
    out += _guards(plan, style)
    if not plan.complete:
        out += style.wrap(
            "This plan is incomplete: it looks at a part of the catalogue only, and removes nothing.", first="", rest=""
        )
    out += _allowed(plan, style)
    out.append(style.paint(words.planned(plan.summary, len(plan.open_guards)), "bold"))
    return "\n".join(out) + "\n"


def header(plan: Plan, style: Style) -> str:
    """Where the plan leads: environment, address, namespace, commit, and what reading it took."""
    target, source = plan.target, plan.source
    parts = [style.paint(escape(target.environment), "bold"), escape(target.endpoint)]
    if target.identity:
        parts.append(f"identity {escape(target.identity)}")
    if source.commit:
        parts.append(f"git {escape(source.commit[:7])} {'dirty' if source.dirty else 'clean'}")
    if source.bundle:
        parts.append(f"bundle {escape(source.bundle[:SHORT_DIGEST])}")
    if plan.requests:
        read = words.plural(plan.requests, "request")
        parts.append(style.paint(f"{read}, {plan.seconds:.1f} s" if plan.seconds else read, "dim"))
    return _packed(parts, style)


def _snapshot(plan: Plan, style: Style) -> Iterator[str]:
    if said := words.snapshot(plan):
        yield from style.wrap(f"{said[0].upper()}{said[1:]}; this plan cannot be applied.", first="  ", rest="  ")


def _future(plan: Plan, style: Style) -> Iterator[str]:
    if plan.not_before is not None:
        due = _instant(plan.not_before)
        yield style.paint(f"  What will be due at {due}; this plan cannot be applied before.", "yellow")


def _instant(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _packed(parts: list[str], style: Style) -> str:
    """Parts side by side, on further lines where the terminal is narrow."""
    lines = [parts[0]]
    for part in parts[1:]:
        if columns(lines[-1]) + columns(part) + 2 <= style.columns:
            lines[-1] += f"  {part}"
        else:
            lines.append(f"  {part}")
    return "\n".join(lines)


def change_lines(change: Change, style: Style) -> Iterator[str]:
    """One object: its title with its reasons and place, its symbol, and its changed fields."""
    yield from _title(change, style)
    yield symbol_line(change, style)
    if change.action not in (Action.ARCHIVE, Action.DELETE, Action.RELEASE):
        yield from fields_text.lines(change, style)
    hidden = (
        f"({words.plural(change.unchanged, 'unchanged field')} hidden)" if change.unchanged and change.fields else ""
    )
    for note in (*change.notes, hidden):
        if note:
            yield from _remark(escape(note), "      # ", style)


def symbol_line(change: Change, style: Style) -> str:
    """What happens to which object, in which versions and classes: ``  » Plan/pro  1 -> 2  [price-raising]``."""
    fancy, ascii_only, paint = _SYMBOLS[change.action]
    symbol = style.paint(style.glyph(fancy, ascii_only).rjust(3), paint, "bold")
    return f"{symbol} {style.paint(escape(str(change.address)), 'bold')}{_versions(change)}{_classes(change, style)}"


def _is_quiet(change: Change) -> bool:
    return change.action is Action.NO_CHANGE and not change.fields


def _unchanged(changes: list[Change], style: Style) -> Iterator[str]:
    """What stays as it is and deserves a word: one line each."""
    for change in changes:
        yield from _remark(escape(f"{change.address}: {'; '.join(change.notes)}"), _HASH, style)
    if changes:
        yield ""


def _title(change: Change, style: Style) -> Iterator[str]:
    title = escape(change.title or f"{change.address}: {change.action.value.replace('_', ' ')}")
    place = fields_text.place(change.location) if change.location else ""
    reasons = f"({', '.join(escape(reason) for reason in change.reasons)})" if change.reasons else ""
    lines = [line for part in _clauses(title, style) for line in style.wrap(part, first=_HASH, rest=_HASH)]
    if reasons:
        lines += style.wrap(reasons, first=_HASH, rest=_HASH)
    if place and not style.fits(lines[-1], place):
        lines.append(_HASH.rstrip() + " ")
    for line in lines[:-1]:
        yield style.paint(line, "bold")
    painted = style.paint(lines[-1], "dim" if reasons else "bold")
    yield style.aside(painted, style.paint(place, "dim"))


def _clauses(title: str, style: Style) -> list[str]:
    """A title that is too long for one line breaks after its semicolon, not before its last word."""
    head, semicolon, tail = title.partition("; ")
    return [f"{head};", tail] if semicolon and not style.fits(_HASH + title) else [title]


def _versions(change: Change) -> str:
    before, after = change.before_version, change.after_version
    if before is not None and after is not None and before != after:
        return f"  {before} -> {after}"
    known = after if after is not None else before
    return f"  version {known}" if known is not None else ""


def _classes(change: Change, style: Style) -> str:
    """Every class that is worth a thought; a plain addition speaks for itself."""
    shown = [kind for kind in change.classes if change.action is not Action.CREATE or kind is not ChangeClass.ADDITIVE]
    if not shown or change.action is Action.NO_CHANGE:
        return ""
    return "  [" + ", ".join(style.paint(kind.value, _CLASS_PAINTS.get(kind, "red")) for kind in reversed(shown)) + "]"


def _remark(text: str, prefix: str, style: Style) -> list[str]:
    return [style.paint(line, "dim") for line in style.wrap(text, first=prefix, rest=prefix)]


def _warnings(plan: Plan, style: Style) -> Iterator[str]:
    open_ones = [problem for problem in plan.warnings if problem.rule not in _TOLD_ELSEWHERE]
    if open_ones:
        yield style.paint(f"Warnings: {len(open_ones)}", "yellow", "bold")
        for problem in open_ones:
            place = f"{fields_text.place(problem.location)}: " if problem.location else ""
            yield from style.wrap(f"{place}{escape(problem.message)} [{escape(problem.rule)}]", first="  ", rest="    ")
        yield ""


def _allowed(plan: Plan, style: Style) -> Iterator[str]:
    """How many warnings somebody gave a reason for; `validate` tells each. No word of it where nothing changes."""
    if plan.is_empty:
        return
    if allowed := sum(problem.rule == "allow.used" for problem in plan.warnings):
        yield style.paint(f"{words.plural(allowed, 'warning')} allowed with a reason: reconciler validate", "dim")


def _scheduled(plan: Plan, style: Style) -> Iterator[str]:
    """What is declared for later and not in this plan."""
    if not plan.scheduled:
        return
    yield style.paint(f"Scheduled: {len(plan.scheduled)}", "bold") + "  not in this plan; see it with plan --at DATE"
    for item in plan.scheduled:
        place = f"  {fields_text.place(item.location)}" if item.location else ""
        yield f"  {_instant(item.at)}  {escape(str(item.address))}" + style.paint(place, "dim")
    yield ""


def _shared(plan: Plan, style: Style) -> Iterator[str]:
    """Which shared cards and bases change what, so that one edit in one file is seen with all that it does."""
    found = plan.shared
    for shared, addresses in found.items():
        changed = ", ".join(escape(str(address)) for address in addresses)
        text = f"{escape(str(shared.address))} ({fields_text.place(shared.location)}) changes {changed}"
        yield from style.wrap(text, first="", rest="  ")
    if found:
        yield ""


def _guards(plan: Plan, style: Style) -> Iterator[str]:
    if not plan.guards:
        return
    opened = plan.open_guards
    counts = [words.plural(len(opened), "open", "open")] if opened else []
    counts += [f"{len(plan.guards) - len(opened)} consented"] if len(plan.guards) > len(opened) else []
    yield style.paint("Guards: ", "bold") + style.paint(", ".join(counts), *(("red", "bold") if opened else ("green",)))
    for guard in plan.guards:
        yield from guard_lines(guard, style)
    flags = [_flag(guard) for guard in opened]
    if 1 < len(flags) <= 8 and all(flags):
        flags = list(dict.fromkeys(flags))
        yield from style.wrap(f"Consent to all of them: {' '.join(flags)}", first="  ", rest="    ")
    yield ""


def guard_lines(guard: Guard, style: Style) -> Iterator[str]:
    """One guard: what it is, why it stands, and what opens it."""
    if guard.status == "consented":
        by = f"  consented by {escape(guard.consent)}" if guard.consent else "  consented"
        yield f"  {style.paint(style.glyph('✓', 'ok'), 'green')} {escape(guard.name)}{style.paint(by, 'dim')}"
        return
    yield f"  {style.paint(style.glyph('✗', 'x '), 'red')} {style.paint(escape(guard.name), 'bold')}"
    yield from style.wrap(escape(guard.message), first="      ", rest="      ")
    if guard.team:
        lines = style.wrap(f"needs @{escape(guard.team)}: {BY_REVIEW}", first="      ", rest="      ")
        yield from (style.paint(line, "cyan") for line in lines)
        return
    flag = _flag(guard)
    asked = f" (asked for at {fields_text.place(guard.location)})" if guard.location and not flag else ""
    yield "      " + (style.paint(flag, "cyan") if flag else style.paint(f"no flag opens this one{asked}", "dim"))
    if flag and guard.change:
        yield style.paint(f'      or an Approval with `change: "{guard.change[:SHORT_DIGEST]}"`', "dim")


def _flag(guard: Guard) -> str:
    """What consents to a guard; a foreign draft is taken over by adopting it. Nothing where nothing does."""
    if guard.code == "foreign_draft":
        return f"--allow {_argument(f'adopt:{guard.address}')}"
    return f"--allow {_argument(guard.name)}" if guard.consentable else ""


def _argument(text: str) -> str:
    """Quoted for a shell where it must be."""
    safe = all(char.isalnum() or char in "-_:/.," for char in text)
    return escape(text) if safe else "'" + escape(text).replace("'", "'\\''") + "'"
