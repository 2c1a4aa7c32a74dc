"""The sentences that count: what a plan would do, what a run did. The order is that of ``Action``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

from reconciler.model import Action, Mode, Plan

NOTHING = "No changes. OpenMeter matches the manifests."

_PLANNED = {
    Action.ADOPT: "to adopt",
    Action.CREATE: "to create",
    Action.UPDATE: "to update",
    Action.REPLACE: "to replace",
    Action.ARCHIVE: "to archive",
    Action.DELETE: "to delete",
    Action.RELEASE: "to release",
}
_DONE = {
    Action.ADOPT: "adopted",
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.ARCHIVE: "archived",
    Action.DELETE: "deleted",
    Action.RELEASE: "released",
}


def plural(count: int, one: str, many: str | None = None) -> str:
    """``1 error``, ``2 errors``; ``many`` where an ``s`` is not enough."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def planned(summary: Mapping[str, int], guards: int = 0) -> str:
    """``Plan: 1 to adopt, 2 to create, 1 new version.``, or that there is nothing to do.

    ``guards`` are those that are open: what they stand for is not as declared.
    """
    parts = _parts(summary, _PLANNED)
    if parts or not guards:
        return f"Plan: {', '.join(parts)}." if parts else NOTHING
    return f"No changes that could be made: {plural(guards, 'guard is', 'guards are')} open."


def done(summary: Mapping[str, int], mode: Mode) -> str:
    """``Apply complete: 1 adopted, 2 created``."""
    what = "Destroy" if mode == "destroy" else "Apply"
    parts = _parts(summary, _DONE)
    return f"{what} complete: {', '.join(parts)}." if parts else f"{what} complete: nothing was to be done."


_ENDINGS = {
    1: "Nothing was applied: every write was refused.",
    3: "Nothing was applied: somebody else had changed what was to be written.",
    4: "Partly applied.",
    5: "Applied, but reading back shows something else.",
    130: "Interrupted.",
}


def ended(code: int, summary: Mapping[str, int], mode: Mode) -> str:
    """What an apply came to, in one sentence, by its exit code."""
    return _ENDINGS.get(code) or done(summary, mode)


def _parts(summary: Mapping[str, int], words: Mapping[Action, str]) -> list[str]:
    return [
        _part(action, count, words)
        for action in Action
        if (count := summary.get(action.value, 0)) and action in {*words, Action.NEW_VERSION}
    ]


def _part(action: Action, count: int, words: Mapping[Action, str]) -> str:
    return plural(count, "new version") if action is Action.NEW_VERSION else f"{count} {words[action]}"


def told(announced: date, plan: Plan) -> str:
    """``customers know since 2027-01-02``, or that they are yet to be told, by the day on which the plan was made."""
    yet = bool(plan.created_at) and announced.isoformat() > plan.created_at[:10]
    return f"customers are told on {announced}" if yet else f"customers know since {announced}"


def snapshot(plan: Plan) -> str | None:
    """``from a snapshot taken 14 h ago, 2026-11-20 03:12 UTC, sha256:ab12…``; None where it was planned live."""
    source = plan.source
    if source.snapshot is None:
        return None
    digest = "".join(char for char in source.snapshot[:12] if char.isalnum())
    taken, made = _instant(source.snapshot_at), _instant(plan.created_at)
    if taken is None:
        return f"from a snapshot, sha256:{digest}…"
    ago = f"{age(made - taken)} ago, " if made is not None else ""
    return f"from a snapshot taken {ago}{taken:%Y-%m-%d %H:%M} UTC, sha256:{digest}…"


def age(past: timedelta) -> str:
    """``5 min``, ``14 h``, ``3 days``; never less than nothing, whatever two clocks say."""
    minutes = max(0, int(past.total_seconds() // 60))
    if minutes < 2 * 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def _instant(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def listed(items: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *head, last = list(items) or [""]
    return f"{', '.join(head)} and {last}" if head else last
