"""The first sentence of a plan, for somebody who has to decide: what comes, what gets dearer, what goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from reconciler.model import Action, Address, Change, FieldChange, Guard, Plan, exact_number
from reconciler.render.markdown import code
from reconciler.render.review.parts import Row, Section
from reconciler.render.words import listed

CREATING = frozenset({Action.CREATE, Action.ARCHIVE, Action.DELETE, Action.RELEASE, Action.NO_CHANGE})
"""What happens to an object without changing a price that somebody sees today."""
_COUNTED = {
    Action.NEW_VERSION: ("new version", "new versions"),
    Action.CREATE: ("created", "created"),
    Action.UPDATE: ("updated", "updated"),
    Action.ADOPT: ("adopted", "adopted"),
    Action.RELEASE: ("released", "released"),
}
_REMOVED = {Action.REPLACE: "replaced", Action.ARCHIVE: "archived", Action.DELETE: "deleted"}
_MOST_NAMES = 3
_NOTICE = "notice"
"""The guard that opens by itself, so many days after customers were told."""


def counted(count: int, one: str, many: str | None = None) -> str:
    """``1 plan``, ``3,000 plans``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def prices(change: Change) -> list[FieldChange]:
    """The amounts of money that are others than before."""
    return [] if change.action in CREATING else [field for field in change.fields if is_amount(field)]


def is_amount(field: FieldChange) -> bool:
    """Whether a field is an amount of money."""
    known = exact_number(field.before) is not None or exact_number(field.after) is not None
    return bool(field.currency) and known


def direction(field: FieldChange) -> int:
    """1 where a price rises or appears, -1 where it falls or goes, 0 where it stays."""
    before, after = (exact_number(value) or Decimal(0) for value in (field.before, field.after))
    return (after > before) - (after < before)


def planned(found: Iterable[Plan]) -> str:
    """``2 new versions, 1 price raised, nothing removed``; an object that several plans touch alike counts once."""
    touched: dict[tuple[Address, Action], None] = {}
    moved: dict[tuple[Address, str, int], None] = {}
    for plan in found:
        for change in plan.changes:
            if change.action is not Action.NO_CHANGE:
                touched[change.address, change.action] = None
            for field in prices(change):
                moved[change.address, field.path, direction(field)] = None
    return ", ".join(_parts([action for _, action in touched], [way for _, _, way in moved])) or "no changes"


def _parts(actions: Sequence[Action], ways: Sequence[int]) -> Iterable[str]:
    for action, (one, many) in _COUNTED.items():
        if count := actions.count(action):
            yield counted(count, one, many)
    for way, said in ((1, "raised"), (-1, "lowered")):
        if count := ways.count(way):
            yield f"{counted(count, 'price')} {said}"
    gone = [f"{count:,} {said}" for action, said in _REMOVED.items() if (count := actions.count(action))]
    yield from gone
    if actions and not gone:
        yield "nothing removed"


def title(sections: Sequence[Section]) -> str:
    """The heading of a comment, one line: ``### Billing catalogue: 2 new versions, 1 price raised, …``."""
    plans = [one.plan for one in sections if one.plan is not None]
    failed = [code(one.environment) for one in sections if one.failure is not None]
    said = planned(plans) if plans else ""
    if len(failed) == len(sections) and sections:
        said = "no plan could be made" if not plans else f"the plan failed; {said}"
    elif failed:
        names = listed(failed[:_MOST_NAMES] + ([f"{len(failed) - _MOST_NAMES} more"] if len(failed) > 3 else []))
        said = f"{names} failed; elsewhere {said}"
    return f"### Billing catalogue: {said or 'no changes'}"


def row(one: Section, *, mention: bool = False) -> Row:
    """What the headline table says of an environment."""
    name = code(one.environment)
    if one.plan is None:
        return Row(name, "no plan", "", f"**failed**: {_first(one.failure)}")
    opened = one.plan.open_guards
    guards = f"**{len(opened):,} open**" if opened else f"{len(one.plan.guards):,} consented" if one.plan.guards else ""
    status = f"**failed**: {_first(one.failure)}" if one.failure is not None else _status(one.plan, mention=mention)
    bold = f"**{name}**" if opened or one.failure else name
    return Row(bold, planned([one.plan]), guards or "none", status)


def _first(failure: str | None) -> str:
    from reconciler.render.markdown import sentence

    lines = (failure or "").strip().splitlines()
    return sentence(lines[0]) if lines else "no reason was given"


def _status(plan: Plan, *, mention: bool) -> str:
    opened = plan.open_guards
    tried = plan.rehearsal
    if tried is not None and (tried.refusals or tried.differences):
        return "**refused in rehearsal**"
    if not opened:
        early = plan.not_before is not None or plan.source.snapshot is not None
        return "no changes" if plan.is_empty else "a preview" if early else "ready"
    if any(not guard.consentable and guard.team is None and guard.code != _NOTICE for guard in opened):
        return "**blocked**"
    waited = waited_for(opened, mention=mention)
    if any(guard.team is None and guard.consentable for guard in opened):
        waited.append("consent")
    if any(guard.code == _NOTICE for guard in opened):
        waited.append("notice")
    return f"waiting for {listed(waited)}"


def waited_for(guards: Iterable[Guard], *, mention: bool = False) -> list[str]:
    """The teams that have to consent, each once; as code, so that nobody is notified, unless that is asked for."""
    teams = dict.fromkeys(guard.team for guard in guards if guard.team is not None)
    return [team(name, mention=mention) for name in teams]


def team(name: str, *, mention: bool = False) -> str:
    """``@acme/pricing`` as code; as a mention only where it is one name and nothing else."""
    bare = name.removeprefix("@")
    plain = all(part and part.replace("-", "a").isalnum() and part.isascii() for part in bare.split("/"))
    return f"@{bare}" if mention and plain and bare.count("/") <= 1 else code(f"@{bare}")
