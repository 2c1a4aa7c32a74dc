"""Many environments in one run: which share of them is this run's, and what they come to together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.project import Project

_SERIOUSNESS = (0, 2, 3, 64, 1, 5, 4, 130)
"""Exit codes of ``cli.md``, mildest first: what was refused is milder than what went wrong half-way."""
_COUNTERS = {"JOB_COMPLETION_INDEX": 0, "CI_NODE_INDEX": 1}
"""Variables in which a CI tells which of its jobs this is, and with which number it begins."""
_SHARD = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``total`` shares of a fleet; ``index`` counts from 1."""

    index: int
    total: int

    @classmethod
    def parse(cls, text: str, surroundings: Mapping[str, str] | None = None) -> Shard:
        """Read ``INDEX/TOTAL``; raises ``ValueError`` for anything else.

        ``auto`` as the index is the one that the CI counts, from its environment variables: an indexed Kubernetes Job
        (``JOB_COMPLETION_INDEX``, which counts from 0) or GitLab (``CI_NODE_INDEX``, from 1).
        """
        index, slash, total = text.partition("/")
        if index == "auto":
            index = _counted(surroundings or {})
        match = _SHARD.fullmatch(f"{index}{slash}{total}")
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise ValueError(f"`{index}{slash}{total}` is not INDEX/TOTAL with an index from 1 to the total")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.index}/{self.total}"

    def of(self, names: Iterable[str]) -> tuple[str, ...]:
        """This share of the names: of the sorted ones every ``total``-th. All shares together are all of them."""
        return tuple(sorted(names)[self.index - 1 :: self.total])


def _counted(surroundings: Mapping[str, str]) -> str:
    for name, first in _COUNTERS.items():
        value = surroundings.get(name, "")
        if value.isdecimal():
            return str(int(value) - first + 1)
    raise ValueError(f"`auto`: none of {', '.join(_COUNTERS)} is set here; give the index, such as 2/8")


def matching(project: Project, pattern: str) -> tuple[str, ...]:
    """The environments that a glob, or several with commas between them, match: sorted, each once.

    Raises ``UsageError`` where one of them matches none: a name that is misspelt is not left out.
    """
    found: set[str] = set()
    for part in (text.strip() for text in pattern.split(",")):
        matched = {name for name in project.environments if name not in project.untrusted and fnmatchcase(name, part)}
        if not matched:
            known = ", ".join(project.environments) or "none"
            raise UsageError(f"no environment matches `{part}`", tip=f"environments: {known}")
        found |= matched
    return tuple(sorted(found))


def most_serious(codes: Iterable[int]) -> int:
    """The exit code of several runs together."""
    ranks: Sequence[int] = _SERIOUSNESS
    return max(codes, key=lambda code: ranks.index(code) if code in ranks else len(ranks), default=0)
