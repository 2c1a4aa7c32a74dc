"""Many environments in one run: which share of them is this run's, and what they come to together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.project import Project

_SERIOUSNESS = (0, 2, 3, 64, 1, 5, 4, 130)
"""Exit codes of ``cli.md``, mildest first: what was refused is milder than what went wrong half-way."""
_SHARD = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``total`` shares of a fleet; ``index`` counts from 1."""

    index: int
    total: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``INDEX/TOTAL``; raises ``ValueError`` for anything else."""
        match = _SHARD.fullmatch(text)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise ValueError(f"`{text}` is not INDEX/TOTAL with an index from 1 to the total, such as 2/8")
        return cls(int(match[1]), int(match[2]))

    def of(self, names: Iterable[str]) -> tuple[str, ...]:
        """This share of the names: of the sorted ones every ``total``-th. All shares together are all of them."""
        return tuple(sorted(names)[self.index - 1 :: self.total])


def matching(project: Project, pattern: str) -> tuple[str, ...]:
    """The environments that a glob matches, sorted. Raises ``UsageError`` where there is none."""
    found = tuple(sorted(name for name in project.environments if fnmatchcase(name, pattern)))
    if not found:
        known = ", ".join(project.environments) or "none"
        raise UsageError(f"no environment matches `{pattern}`", tip=f"environments: {known}")
    return found


def most_serious(codes: Iterable[int]) -> int:
    """The exit code of several runs together."""
    ranks: Sequence[int] = _SERIOUSNESS
    return max(codes, key=lambda code: ranks.index(code) if code in ranks else len(ranks), default=0)
