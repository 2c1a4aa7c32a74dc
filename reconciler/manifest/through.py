"""Problems that stand in a shared card or a base and come up only in what starts from it: they say where."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.model import Address, Location, Problem, SourceDocument

_NAMED = 3


def told_through(problems: Iterable[Problem], documents: Sequence[SourceDocument]) -> list[Problem]:
    """The problems, each once; one that only others have adds ``(in Plan/pro, Plan/team)`` to its message.

    ``documents`` are all that were read, sorted by place.
    """
    starts = [_order(one.location) for one in documents]
    groups: dict[tuple[str, str, Location | None, str], list[Problem]] = {}
    for problem in problems:
        groups.setdefault((problem.rule, problem.message, problem.location, problem.severity), []).append(problem)
    return [_told(group, _owner(group[0].location, starts, documents)) for group in groups.values()]


def _told(group: list[Problem], owner: Address | None) -> Problem:
    users = dict.fromkeys(problem.address for problem in group if problem.address is not None)
    if owner is None or owner in users or not users:
        return group[0]
    names = [str(address) for address in users]
    shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    return replace(group[0], message=f"{group[0].message} (in {shown})")


def _owner(
    location: Location | None, starts: Sequence[tuple[str, int, int]], documents: Sequence[SourceDocument]
) -> Address | None:
    """What the document declares that a place is in."""
    at = bisect_right(starts, _order(location)) - 1 if location else -1
    found = documents[at] if at >= 0 else None
    return found.address if found and location and found.location.file == location.file else None


def _order(location: Location) -> tuple[str, int, int]:
    return location.file, location.line, location.column
