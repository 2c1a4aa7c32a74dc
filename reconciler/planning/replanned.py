"""Two plans for one environment, compared: what is new, gone or different, and why it most likely is so. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.kinds.registry import KINDS
from reconciler.model import Action, Address, Change, Fact, FieldPair, ObjectPair, Plan, Replanned
from reconciler.planning import planfile

_SHORT = 7


def compare(approved: Plan, now: Plan) -> Replanned:
    """How ``now`` differs from ``approved``. Locations, notes and order are no difference."""
    before, after = planfile.guard_names(approved), planfile.guard_names(now)
    pairs = tuple(_pairs(approved, now))
    return Replanned(
        now.target.environment,
        approved.created_at,
        planfile.change_digest(approved),
        planfile.change_digest(now),
        pairs,
        guards_new=tuple(name for name in after if name not in before),
        guards_gone=tuple(name for name in before if name not in after),
        facts=tuple(_facts(approved, now)),
        causes=tuple(_causes(approved, now, tuple(pair.address for pair in pairs))),
    )


def effective(plan: Plan) -> dict[Address, Change]:
    """What a plan does something to."""
    return {change.address: change for change in plan.changes if change.action is not Action.NO_CHANGE}


def _pairs(approved: Plan, now: Plan) -> Iterator[ObjectPair]:
    before, after = effective(approved), effective(now)
    for address in sorted({*before, *after}, key=lambda item: (KINDS[item.kind].order, item.key)):
        one, other = before.get(address), after.get(address)
        if one is None or other is None:
            yield ObjectPair(address, one, other)
        elif planfile.object_digest(approved, address) != planfile.object_digest(now, address):
            fields = tuple(_fields(one, other))
            yield ObjectPair(address, one, other, fields, requests=not fields and _told(one) == _told(other))


def _told(change: Change) -> Any:  # noqa: ANN401 - only compared
    return (change.action, change.actions, change.classes, change.before_version, change.after_version, change.reasons)


def _fields(one: Change, other: Change) -> Iterator[FieldPair]:
    before = {field.path: field for field in one.fields}
    after = {field.path: field for field in other.fields}
    for path in dict.fromkeys([*before, *after]):
        was, now = before.get(path), after.get(path)
        if was is None or now is None or _shown(was) != _shown(now):
            yield FieldPair(path, was, now)


def _shown(field: Any) -> Any:  # noqa: ANN401 - only compared
    return (field.before, field.after, field.currency, field.note, field.forces)


def _facts(approved: Plan, now: Plan) -> Iterator[Fact]:
    """What stands beside the changes; a change of it alone is none of what is done."""
    for name, one, other in (
        ("commit", _commit(approved), _commit(now)),
        ("bundle", approved.source.bundle or "", now.source.bundle or ""),
        ("manifests", approved.source.manifests, now.source.manifests),
        ("endpoint", approved.target.endpoint, now.target.endpoint),
        ("tool", approved.tool, now.tool),
    ):
        if one != other:
            yield Fact(name, one, other)


def _commit(plan: Plan) -> str:
    if plan.source.commit is None:
        return ""
    return plan.source.commit[:_SHORT] + (" with uncommitted changes" if plan.source.dirty else "")


def _causes(approved: Plan, now: Plan, differing: tuple[Address, ...]) -> Iterator[str]:
    """Why the plans differ, as far as they tell themselves; most likely first."""
    moved = tuple(_moved(approved, now, differing))
    declared = approved.source.manifests != now.source.manifests
    if moved:
        yield f"what is live moved since the approved plan was made at {approved.created_at}: {'; '.join(moved)}"
    if declared:
        yield from _declared(approved, now)
    if taken := approved.source.snapshot_at:
        yield f"the approved plan was made from a snapshot of {taken}, not from what was live then"
    if approved.complete != now.complete:
        part, whole = ("now's", "the approved") if approved.complete else ("the approved", "now's")
        yield f"{part} plan looks at a part of the catalogue only, {whole} at all of it (--target, --exclude, PATH)"
    if approved.write_secrets != now.write_secrets:
        yield "only one of the plans writes secrets anew (--write-secrets)"
    if approved.tool != now.tool:
        yield f"another version: approved was made by {approved.tool or 'an unknown one'}, this one by {now.tool}"
    if not (moved or declared) and differing:
        yield "the same is declared and live as far as the plans tell: look at options such as --prune and --target"


def _declared(approved: Plan, now: Plan) -> Iterator[str]:
    one, other = approved.source, now.source
    if one.bundle != other.bundle:
        names = [source.bundle[:_SHORT] if source.bundle else "the files at hand" for source in (one, other)]
        yield f"another catalogue is declared: approved is the bundle {names[0]}, now it is {names[1]}"
    elif one.commit != other.commit:
        yield f"another commit: approved is {_commit(approved) or 'none'}, here is {_commit(now) or 'none'}"
    elif one.commit is None:
        yield "other manifests, overlays or variables"
    elif one.dirty or other.dirty:
        yield f"the same commit {one.commit[:_SHORT]} with other changes that are not committed, or other variables"
    elif due := [str(item.address) for item in approved.scheduled if item not in now.scheduled]:
        yield f"the same commit on another day: {', '.join(dict.fromkeys(due))} has become due"
    else:
        yield f"the same commit {one.commit[:_SHORT]} with other variables, or on another day"


def _moved(approved: Plan, now: Plan, differing: tuple[Address, ...]) -> Iterator[str]:
    before = {seen.address: seen for seen in approved.observed}
    after = {seen.address: seen for seen in now.observed}
    for address in differing:
        one, other = before.get(address), after.get(address)
        if one is None or other is None or one.fingerprint == other.fingerprint:
            continue
        if one.note == other.note:
            yield f"{address} ({one.note}) was edited"
        else:
            yield f"{address}: {one.note} -> {other.note}"
