"""Gathering the problems of a run: each with its rule, its place, its object and its reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from reconciler.kinds.kind import Rule
from reconciler.model import Address, Location, Problem, Severity
from reconciler.reading.tree import Files


class Report(Protocol):
    """Reports one problem at a mark."""

    def __call__(self, rule: str, message: str, mark: int, *, span: int = 1) -> None:
        """``rule`` is the id of a rule, ``span`` the number of characters to underline."""
        ...


class Problems:
    """The problems found so far."""

    def __init__(self, files: Files, why: dict[str, Rule]) -> None:
        self.files, self.why = files, why
        self.found: list[Problem] = []

    def add(
        self,
        rule: str,
        message: str,
        mark: int,
        *,
        span: int = 1,
        address: Address | None = None,
        severity: Severity = "error",
    ) -> None:
        """Add a problem at a mark."""
        self.place(rule, message, self.files.location(mark), span=span, address=address, severity=severity)

    def place(
        self,
        rule: str,
        message: str,
        location: Location | None,
        *,
        span: int = 1,
        address: Address | None = None,
        severity: Severity = "error",
    ) -> None:
        """Add a problem at a place."""
        known = self.why.get(rule)
        why = known.why if known else None
        self.found.append(Problem(rule, message, location, severity, why, max(1, span), address))

    def about(self, address: Address) -> Report:
        """Reports errors about one object."""

        def report(rule: str, message: str, mark: int, *, span: int = 1) -> None:
            self.add(rule, message, mark, span=span, address=address)

        return report


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """By file, line and column, those without a place last; each once, whichever environment found it."""
    unique = {(p.rule, p.message, p.location, p.severity): p for p in problems}
    return tuple(sorted(unique.values(), key=_order))


def _order(problem: Problem) -> tuple[bool, str, int, int, str, str]:
    place = problem.location
    if place is None:
        return (True, "", 0, 0, problem.rule, problem.message)
    return (False, place.file, place.line, place.column, problem.rule, problem.message)
