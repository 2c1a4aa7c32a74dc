"""What a planning run is told besides what is declared and what is live."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reconciler.model import Address, Mode, Question, Tree

RevealSecret = Callable[[Mapping[str, Tree]], str | None]
"""The value behind a secret source, None where it is not to be had here. Called in memory only."""


def _nobody(address: Address) -> bool:
    del address
    return False


def no_secret(source: Mapping[str, Tree]) -> str | None:
    """Tells the value of no source: every secret counts as not checked."""
    del source
    return None


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """``prune``: remove owned objects that are no longer declared. ``adopt``: addresses whose adoption is consented.

    ``only``: when given, plan these addresses and nothing else (targets, with what they depend on).
    """

    api: str = "v1"
    prune: bool = False
    mode: Mode = "apply"
    adopt: Callable[[Address], bool] = _nobody
    only: frozenset[Address] | None = None
    write_secrets: bool = False
    reveal: RevealSecret = no_secret


@dataclass(frozen=True, slots=True)
class Needs:
    """The planner cannot decide without these answers; ask the backend and plan again."""

    questions: frozenset[Question]
