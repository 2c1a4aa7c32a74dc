"""What else a reviewer wants to know: what nobody has to fear, lints, what is declared for later, where it leads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from reconciler.model import Action, Change, Mode, Plan, Problem
from reconciler.planning.planfile import change_digest
from reconciler.render.bill_text import grouped
from reconciler.render.markdown import code, folded, sentence
from reconciler.render.review.fitting import Block
from reconciler.render.review.guards import place
from reconciler.render.review.naming import clipped
from reconciler.render.review.prices import Price, holds_at_once
from reconciler.render.review.said import counted
from reconciler.render.words import listed, plural, snapshot

_MODES: dict[Mode, str] = {
    "destroy": "Removes everything that this project owns",
    "heal": "Puts back what drifted",
    "rollback": "Goes back to what was declared before",
    "promote": "Promotes what is applied elsewhere",
}
_DIGEST = 12
_NAMES = 20
_LONGEST = 400


def first(plan: Plan) -> Iterator[str]:
    """What changes how everything below has to be read."""
    if plan.mode != "apply":
        yield f"**{_MODES[plan.mode]}.**"
    if said := snapshot(plan):
        yield f"**{said[0].upper()}{said[1:]}**; it cannot be applied."
    if plan.not_before is not None:
        yield f"**Not before {plan.not_before:%Y-%m-%d %H:%M} UTC**: what will be due then."
    if not plan.complete:
        yield "**Incomplete**: it looks at a part of the catalogue only, and removes nothing."


def versions(plan: Plan, rows: Iterable[Price]) -> list[Block]:
    """What comes new, and what gets a new version that stands in no table of prices."""
    priced = {row.address for row in rows}
    changes = [change for change in plan.changes if change.address not in priced]
    lines = list(_come(changes))
    short = list(_come(changes, names=0))
    return [Block(20, (lambda: ["", *lines], lambda: ["", *short]))] if lines else []


def _come(changes: Sequence[Change], names: int = _NAMES) -> Iterator[str]:
    for action, title in (
        (Action.NEW_VERSION, "New versions without another price"),
        (Action.CREATE, "New"),
        (Action.ADOPT, "Adopted"),
    ):
        found = [change for change in changes if change.action is action]
        if not found:
            continue
        shown = [_version(change) for change in found[:names]]
        rest = [f"{len(found) - len(shown):,} more"] if shown and len(found) > len(shown) else []
        yield f"**{title}:** {listed([*shown, *rest])}  " if shown else f"**{title}:** {len(found):,}  "


def _version(change: Change) -> str:
    before, after = change.before_version, change.after_version
    name = code(clipped(str(change.address)))
    return f"{name} {before} → {after}" if before is not None and after is not None and before != after else name


def migration(plan: Plan, rows: Iterable[Price]) -> list[str]:
    """That nobody is migrated, where it is true; and what holds for everybody at once, where something does."""
    published = any(
        change.action is Action.NEW_VERSION and change.before_version is not None for change in plan.changes
    )
    at_once = holds_at_once(rows)
    said = []
    if published:
        said.append(
            "**Nobody is migrated.** Only new subscriptions and purchases get the new version; "
            "to undo it is to publish a further version with the old content."
        )
    if at_once:
        names = listed([code(clipped(str(address))) for address in at_once[:_NAMES]])
        rest = f" and {len(at_once) - _NAMES:,} more" if len(at_once) > _NAMES else ""
        said.append(f"**For every customer at once:** {names}{rest}.")
    return ["", *said] if said else []


def warnings(plan: Plan) -> list[Block]:
    """Lints and other warnings, folded."""
    found = _lints(plan)
    if not found:
        return []
    lines = [
        f"- {_at(place(problem.location))}{sentence(clipped(problem.message, _LONGEST))} ({code(problem.rule)})"
        for problem in found
    ]
    title = counted(len(found), "warning")
    return [Block(10, (lambda: ["", *folded(title, lines)], lambda: ["", f"{title}."]), "the warnings")]


def _lints(plan: Plan) -> list[Problem]:
    """What is worth a look: not what somebody gave a reason for, nor what the table of the policy says already."""
    told = {"allow.used", "policy.warning"} if plan.policy else {"allow.used"}
    return [problem for problem in plan.warnings if problem.rule not in told]


def _at(where: str) -> str:
    return f"{where}: " if where else ""


def later(plan: Plan) -> list[Block]:
    """What is declared and not due."""
    if not plan.scheduled:
        return []
    lines = [
        f"- {item.at:%Y-%m-%d %H:%M} UTC: {code(str(item.address))} {place(item.location)}".rstrip()
        for item in plan.scheduled
    ]
    title = f"{counted(len(plan.scheduled), 'change')} declared for later, not in this plan"
    return [Block(10, (lambda: ["", *folded(title, lines)], lambda: ["", f"{title}."]), "what is declared for later")]


def rehearsal(plan: Plan) -> list[Block]:
    """What the copy refused, or would not have come out as meant; nothing where all went well or nothing was tried."""
    found = plan.rehearsal
    if found is None or (found.passed and not found.left_out):
        return []
    lines = [
        f"- ✗ {code(str(one.address))}: {sentence(clipped(one.message, _LONGEST))} {place(one.location)}".rstrip()
        for one in found.refusals
    ]
    lines += [f"- ✗ {sentence(clipped(text, _LONGEST))}" for text in found.differences]
    if found.left_out:
        names = ", ".join(code(clipped(str(address))) for address in found.left_out[:_NAMES])
        why = f"not tried, because a guard blocks it: {names}{' and more' if len(found.left_out) > _NAMES else ''}"
        if not found.total:
            return [Block(50, (lambda: ["", f"**Rehearsal**: {why}"],))]
        lines.append(f"- {why}")
    title = f"**Rehearsal: {found.accepted:,} of {plural(found.total, 'step')} accepted**"
    return [Block(50, (lambda: ["", title, "", *lines], lambda: ["", title]), "what the rehearsal said")]


def foot(plan: Plan, *, expires: bool = True) -> list[str]:
    """The last lines: what was checked, which change this is, and where it leads."""
    tests = [guard for guard in plan.guards if guard.code == "price-test"]
    failing = sum(guard.status == "open" for guard in tests)
    lints = len(_lints(plan))
    parts = [f"{counted(failing, 'price test fails', 'price tests fail')}"] if failing else []
    if plan.rehearsal is not None and plan.rehearsal.total:
        second = {True: ", second plan empty", False: ", second plan not empty", None: ""}[plan.rehearsal.second_empty]
        parts.append(f"rehearsal {plan.rehearsal.accepted:,}/{plan.rehearsal.total:,}{second}")
    parts.append(counted(lints, "warning") if lints else "no warnings")
    parts.append(f"{grouped(Decimal(plan.unchanged))} unchanged")
    parts.append(f"change digest {code(change_digest(plan)[:_DIGEST])}")
    return ["", f"<sub>{' · '.join([*parts, *_where(plan, expires=expires)])}</sub>"]


def _where(plan: Plan, *, expires: bool) -> Iterator[str]:
    target, source = plan.target, plan.source
    yield code(clipped(target.endpoint, 100))
    if target.identity:
        yield f"namespace {code(clipped(target.identity))}"
    if source.commit:
        yield f"commit {code(source.commit[:10])}{' with uncommitted changes' if source.dirty else ''}"
    if source.bundle:
        yield f"bundle {code(source.bundle[:_DIGEST])}"
    if expires and plan.valid_until:
        yield f"valid until {sentence(plan.valid_until.replace('T', ' ').replace('Z', ' UTC'))}"
