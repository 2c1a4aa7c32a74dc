"""What stands between a plan and its apply, who can open it, and what the policy asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model import Guard, Location, Plan, Ruling
from reconciler.render.markdown import code, sentence
from reconciler.render.review.fitting import Block
from reconciler.render.review.naming import clipped
from reconciler.render.review.parts import Options
from reconciler.render.review.said import team

_WEIGHT = 60
_EACH = 12
"""More guards than these are told by what they are about, not one by one."""
_NAMES = 3
_LONGEST = 400
_STATES = {"open": "✗ **open**", "warned": "⚠ warned", "met": "✓ met"}
_ASKS = {
    "allow": "allowed",
    "warn": "asks for a look",
    "consent": "asks for consent",
    "notice": "",
    "deny": "asks for another change",
}


def blocks(plan: Plan, options: Options) -> list[Block]:
    """The policy's rulings, then the guards, the open ones first."""
    return [*_policy(plan.policy, options), *_guards(plan, options)]


def place(location: Location | None) -> str:
    """``reconciler.yaml:31`` as code; nothing where there is none."""
    return code(f"{location.file}:{location.line}") if location is not None else ""


def _policy(rulings: Sequence[Ruling], options: Options) -> list[Block]:
    if not rulings:
        return []
    ordered = sorted(rulings, key=lambda one: ("open", "warned", "met").index(one.status))
    serious = [one for one in ordered if one.status != "met"]
    counts = ", ".join(
        f"{count:,} {state}" for state in _STATES if (count := sum(one.status == state for one in rulings))
    )
    grouped = list(_alike(ordered))
    forms = [lambda: _rulings(grouped, "", options)]
    if len(serious) < len(rulings):
        forms.append(lambda: _rulings(list(_alike(serious)), f": {counts}", options))
    forms.append(lambda: ["", f"**Policy**: {counts}"])
    return [Block(_WEIGHT, tuple(forms), "what the policy says")]


def _alike(rulings: Sequence[Ruling]) -> Iterator[list[Ruling]]:
    """Rulings of one rule that say the same of several objects."""
    groups: dict[tuple[object, ...], list[Ruling]] = {}
    for one in rulings:
        said = one.message.removeprefix(f"{one.address}: ") if one.address else one.message
        key = (one.rule, one.effect, one.status, one.team, one.unblock, one.location, said)
        groups.setdefault(key, []).append(one)
    return iter(groups.values())


def _rulings(groups: Sequence[list[Ruling]], note: str, options: Options) -> list[str]:
    """A list and no table: it is sentences, which have to wrap on a narrow screen."""
    lines = [_ruling(group, options) for group in groups]
    return ["", f"**Policy**{note}", *(["", *lines] if lines else [])]


def _ruling(group: list[Ruling], options: Options) -> str:
    """What is asked for and why, by which rule, and what unblocks it."""
    one = group[0]
    said = one.message.removeprefix(f"{one.address}: ") if one.address else one.message
    about = f"{_names([str(item.address) for item in group])}: " if one.address else ""
    who = f" of {team(one.team, mention=options.mention)}" if one.team and one.effect == "consent" else ""
    rule = ", ".join(part for part in (code(clipped(one.rule)), place(one.location)) if part)
    asks = "" if one.effect == "allow" and not one.address else _ASKS[one.effect]
    asks = f"; {asks}{who}" if asks else ""
    told = f"- {_STATES[one.status]}: {about}{_said(said)}{asks} ({rule})"
    unblock = _said(one.unblock or "") if one.status == "open" else ""
    return f"{told}<br>To unblock it: {unblock}" if unblock else told


def _said(text: str) -> str:
    return sentence(clipped(text, _LONGEST)) if text else ""


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(code(clipped(name)) for name in names[:_NAMES])
    return shown + (f" and {len(names) - _NAMES:,} more" if len(names) > _NAMES else "")


def _guards(plan: Plan, options: Options) -> list[Block]:
    if not plan.guards:
        return []
    told = {(one.address, one.location) for one in plan.policy if one.location is not None}
    own = [guard for guard in plan.guards if (guard.address, guard.location) not in told]
    by_policy = sum(guard.status == "open" for guard in plan.guards) - sum(guard.status == "open" for guard in own)
    opened, given = plan.open_guards, [guard for guard in own if guard.status == "consented"]
    title = f"**Guards: {len(opened):,} open**" if opened else "**Guards**: all consented"
    title += f", {'all' if by_policy == len(opened) else f'{by_policy:,}'} by the policy above" if by_policy else ""
    opened = tuple(guard for guard in own if guard.status == "open")
    if not own:
        return [Block(_WEIGHT, (lambda: ["", title],))]

    def each() -> list[str]:
        return ["", title, "", *(_open(guard, options) for guard in opened), *(_given(guard) for guard in given)]

    def together() -> list[str]:
        return ["", title, "", *(_several(group, options) for group in _groups([*opened, *given]))]

    def short() -> list[str]:
        return ["", title + (f"; {len(given):,} consented" if given and opened else "")]

    many = len(own) > _EACH
    return [Block(_WEIGHT, (together, short) if many else (each, together, short), "the list of guards")]


def _open(guard: Guard, options: Options) -> str:
    said = guard.message.removeprefix(f"{guard.address}: ") if guard.address else guard.message
    digest = f", or an `Approval` with `change: {guard.change[:12]}`" if guard.change and guard.consentable else ""
    return f"- ✗ {code(guard.name)}: {_said(said)}; {_opens(guard, guard.name)}{digest}{_asked(guard, options)}"


def _opens(guard: Guard, name: str) -> str:
    if guard.code == "foreign_draft":
        return f"`--allow` {code(f'adopt:{guard.address}')}"
    if guard.consentable:
        return f"`--allow` {code(name)}"
    return "no flag opens it" if guard.team is None else "no flag opens it, its team does"


def _asked(guard: Guard, options: Options) -> str:
    """Whose consent it is, and the line that says so."""
    where = f" ({place(guard.location)})" if guard.location is not None else ""
    return f"; consent of {team(guard.team, mention=options.mention)}{where}" if guard.team is not None else where


def _given(guard: Guard) -> str:
    return f"- ✓ {code(guard.name)}" + (f", by {code(clipped(guard.consent, 120))}" if guard.consent else "")


def _groups(guards: Sequence[Guard]) -> Iterator[list[Guard]]:
    groups: dict[tuple[object, ...], list[Guard]] = {}
    for guard in guards:
        key = (guard.status, guard.code, guard.consentable, guard.team, guard.location, guard.consent)
        groups.setdefault(key, []).append(guard)
    return iter(groups.values())


def _several(group: list[Guard], options: Options) -> str:
    one = group[0]
    names = _names([str(guard.address or "the plan") for guard in group])
    if one.status == "consented":
        by = f", by {code(clipped(one.consent, 120))}" if one.consent else ""
        return f"- ✓ {code(one.code)} for {names}{by}"
    kinds = {guard.address.kind for guard in group if guard.address is not None}
    pattern = f"{one.code}:{kinds.pop()}/*" if len(kinds) == 1 else f"{one.code}:*"
    opens = _opens(one, pattern if one.code != "foreign_draft" else one.name)
    return f"- ✗ {code(one.code)} for {names}; {opens}{_asked(one, options)}"
