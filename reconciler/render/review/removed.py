"""What is replaced, archived or deleted: every address, in fewer words where they are many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from reconciler.model import Change, ChangeClass
from reconciler.render.markdown import code, fenced, sentence, unhidden
from reconciler.render.review.fitting import Block, Remainder, size
from reconciler.render.review.packing import packed
from reconciler.render.review.said import counted

_WEIGHT = 100
_HEAD = ["", "**Removed or replaced**", ""]
_LONGEST_TITLE = 300


def blocks(changes: Sequence[Change]) -> list[Block]:
    """One block, or none where nothing goes."""
    risky = [change for change in changes if ChangeClass.DESTRUCTIVE in change.classes]
    if not risky:
        return []
    return [
        Block(
            _WEIGHT,
            (
                lambda: [*_HEAD, *(f"- {title(change)}" for change in risky)],
                lambda: [*_HEAD, *fenced(list(_compact(risky)))],
            ),
            f"the list of {counted(len(risky), 'removed object')}",
            partial(_crammed, risky),
        )
    ]


def title(change: Change) -> str:
    """What happens to an object, as a sentence that begins with it."""
    said = change.title.removeprefix(str(change.address)).strip()
    said = said if len(said) <= _LONGEST_TITLE else f"{said[:_LONGEST_TITLE]}…"
    gap = "" if said.startswith(":") else " "
    return f"{code(str(change.address))}{gap}{sentence(said)}"


def _groups(changes: Sequence[Change]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for change in changes:
        verbs = ", ".join(change.actions) or change.action.value
        found.setdefault(f"{change.address.kind}: {verbs}", []).append(unhidden(change.address.key))
    return found


def _compact(changes: Sequence[Change]) -> Iterator[str]:
    for name, keys in _groups(changes).items():
        yield f"{unhidden(name)} ({len(keys):,})"
        yield from packed(keys, indent="  ")


def _crammed(changes: Sequence[Change], room: int) -> Remainder:
    """How many of each kind, and as many of their names as fit."""
    groups = _groups(changes)
    lines = [*_HEAD, *(f"- {code(name)}: {len(keys):,}" for name, keys in groups.items()), ""]
    left = room - size(lines) - 8
    shown: list[str] = []
    for change in changes:
        name = unhidden(str(change.address))
        left -= len(name) + 5
        if left < 0:
            break
        shown.append(name)
    missing = f"{len(changes) - len(shown):,} of {counted(len(changes), 'removed or replaced object')}"
    return Remainder([*lines, *(fenced(packed(shown)) if shown else [])], missing)
