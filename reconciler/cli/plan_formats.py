"""Plans in the format that was asked for: each for itself, or one document of those of several environments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.console import Console
from reconciler.cli.places import places_here
from reconciler.errors import InputError, ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.model import Plan, Problem
    from reconciler.render.findings import Places
    from reconciler.render.fleet import Turn

MERGED = ("sarif", "github", "junit")
"""Of several plans these make one document, and of files that are wrong too."""

_SINGLE = ("terraform-json", "html")
"""Of several plans these are several documents."""


@dataclass(frozen=True, slots=True)
class Printing:
    """How the plans of a run are printed: at once, or kept until one document is made of them.

    ``file`` is the project file, if one was named. Raises ``UsageError`` for several plans in a format that has one.
    """

    form: str
    screen: Console
    file: Path | None
    several: bool
    plans: list[Plan] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.several and self.form in _SINGLE:
            raise UsageError(
                f"{self.form} is of one plan, and -e names several environments",
                tip="save them with `-o 'plans/{env}.plan'`, then show each: "
                f"reconciler show --plan plans/ENV.plan --format {self.form}",
            )

    @property
    def keeps(self) -> bool:
        """Whether plans are kept until the end."""
        return self.form in MERGED or (self.several and self.form == "markdown")

    def show(self, made: Plan, screen: Console) -> None:
        """Print a plan, or keep it."""
        if self.keeps:
            self.plans.append(made)
        else:
            print_plan(made, screen, self.form)

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

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Print the document of a single environment in the end, also of one that fails."""
        try:
            yield
        finally:
            if self.form in MERGED and not self.several and (self.plans or self.problems):
                self.screen.data(self._document())

    @property
    def together(self) -> Callable[[Sequence[Turn]], str] | None:
        """Makes one text of all environments; None where each prints its own."""
        return self._together if self.keeps else None

    def _together(self, turns: Sequence[Turn]) -> str:
        if self.form == "markdown":
            return _markdown(self.plans, turns)
        from reconciler.cli.several import tell_table

        tell_table(turns, self.screen)
        return self._document()

    def _document(self) -> str:
        return document(self.form, self.plans, places_here(self.file), self.problems)


def _failed(error: ReconcilerError, environment: str | None) -> Problem:
    from reconciler.model import Problem

    where = f"{environment}: " if environment else ""
    return Problem("plan.failed", f"{where}{error.message}", why=error.tip)


def _markdown(plans: Sequence[Plan], turns: Sequence[Turn]) -> str:
    """One Markdown of all environments; those without a plan say why."""
    from reconciler.render import plan_markdown

    kept = {made.target.environment: made for made in plans}
    return plan_markdown.plans(
        [plan_markdown.Section(turn.name or "", kept.get(turn.name or ""), turn.failure) for turn in turns]
    )


def print_plan(made: Plan, screen: Console, form: str) -> None:
    """One plan to stdout."""
    if form == "text":
        from reconciler.render import text

        style = screen.out
        screen.data(text.plan(made, colour=style.colour, unicode=style.unicode, width=style.width))
    elif form in MERGED:
        screen.data(document(form, [made], places_here()))
    else:
        screen.data(_whole(form)(made))


def _whole(form: str) -> Callable[[Plan], str]:
    """What makes the text of one plan."""
    match form:
        case "markdown":
            from reconciler.render import plan_markdown

            return plan_markdown.plan
        case "html":
            from reconciler.render import html

            return html.plan
        case "terraform-json":
            from reconciler.render import terraform_json

            return terraform_json.dumps
        case _:
            from reconciler.planning import planfile

            return planfile.dumps


def document(form: str, plans: Sequence[Plan], places: Places, broken: Sequence[Problem] = ()) -> str:
    """Plans in a format of ``MERGED``; ``broken`` are problems of files for which there is no plan."""
    if form == "sarif":
        from reconciler.render import sarif

        return sarif.plans(plans, places, broken)
    if form == "github":
        from reconciler.render import annotations

        return annotations.plans(plans, places, broken)
    from reconciler.render import findings_junit

    return findings_junit.plans(plans, places, broken)
