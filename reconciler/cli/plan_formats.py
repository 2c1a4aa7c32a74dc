"""Plans for other tools: the formats of which several plans make one document, and Terraform's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.errors import InputError, ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.model import Plan, Problem
    from reconciler.render.findings import Places

MERGED = ("sarif", "github", "junit")
"""Of several plans these make one document."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """The plans of a run, and the problems of files for which there is none, until one document is made of them."""

    form: str
    plans: list[Plan] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @contextmanager
    def noting(self, environment: str | None) -> Iterator[None]:
        """Keep what ends a block before there is a plan, so that the document does not look as if all were well."""
        before = len(self.plans)
        try:
            yield
        except InputError as error:
            self.problems.extend(error.problems)
            raise
        except ReconcilerError as error:
            if len(self.plans) == before:
                self.problems.append(_failed(error, environment))
            raise

    @property
    def anything(self) -> bool:
        """Whether there is something to tell."""
        return bool(self.plans or self.problems)

    def document(self, places: Places) -> str:
        """All of it in the format."""
        return document(self.form, self.plans, places, self.problems)


def _failed(error: ReconcilerError, environment: str | None) -> Problem:
    from reconciler.model import Problem

    where = f"{environment}: " if environment else ""
    return Problem("plan.failed", f"{where}{error.message}", why=error.tip)


def require_one(form: str, *, several: bool) -> None:
    """Refuse several plans in a format that has one. Raises ``UsageError``."""
    if several and form == "terraform-json":
        raise UsageError(
            "terraform-json is of one plan, and -e names several environments",
            tip="save them with `-o 'plans/{env}.plan'`, then show each: "
            "reconciler show --plan plans/ENV.plan --format terraform-json",
        )


def document(form: str, plans: Sequence[Plan], places: Places, broken: Sequence[Problem] = ()) -> str:
    """Plans in a format for other tools; ``broken`` are problems of files for which there is no plan."""
    if form == "sarif":
        from reconciler.render import sarif

        return sarif.plans(plans, places, broken)
    if form == "github":
        from reconciler.render import annotations

        return annotations.plans(plans, places, broken)
    from reconciler.render import findings_junit

    return findings_junit.plans(plans, places, broken)
