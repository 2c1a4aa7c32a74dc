"""Progress on stderr: a live bar on a terminal, and everywhere one permanent line per finished object."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from reconciler.cli.console import Console
from reconciler.model import Address, Change, Plan, StepResult
from reconciler.render.escape import escape
from reconciler.render.report_text import Outcome, name_width, outcome_lines

if TYPE_CHECKING:
    from reconciler.execution import Event


class Bar(Protocol):
    """What the watcher draws on."""

    def line(self, text: str) -> None:
        """Print a permanent line."""
        ...

    def move(self, finished: int, total: int, doing: str) -> None:
        """Show how far the run is."""
        ...


class Lines:
    """No bar: permanent lines only."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen

    def line(self, text: str) -> None:
        """Print the line."""
        self._screen.say(text)

    def move(self, finished: int, total: int, doing: str) -> None:
        """Say nothing."""


class Watcher:
    """Collects the events of a run and prints an object's line once all its steps are over."""

    def __init__(self, plan: Plan, screen: Console, bar: Bar) -> None:
        self._changes: dict[Address, Change] = {change.address: change for change in plan.changes}
        self._left: dict[Address, int] = {}
        for step in plan.steps:
            self._left[step.address] = self._left.get(step.address, 0) + 1
        self._results: dict[Address, list[StepResult]] = {}
        self._running: list[str] = []
        self._pad = name_width(self._left)
        self._screen = screen
        self._bar = bar
        self._lock = Lock()

    def __call__(self, event: Event) -> None:
        """Take one event; safe from several threads."""
        with self._lock:
            name = escape(str(event.step.address))
            if event.kind == "slowed":
                said = f"Slowed down: no answer came to {name}, going on with one catalogue write at a time."
                self._bar.line(self._screen.err.paint(said, "yellow"))
            elif event.result is None:
                self._running.append(name)
            else:
                if name in self._running:
                    self._running.remove(name)
                self._finished(event.step.address, event.result)
            self._bar.move(event.finished, event.total, ", ".join(dict.fromkeys(self._running)))

    def _finished(self, address: Address, result: StepResult) -> None:
        results = self._results.setdefault(address, [])
        results.append(result)
        if len(results) == self._left.get(address, 0):
            outcome = Outcome(address, self._changes.get(address), tuple(results))
            for line in outcome_lines(outcome, self._screen.err, self._pad):
                self._bar.line(line)


@contextmanager
def watching(plan: Plan, screen: Console) -> Iterator[Watcher]:
    """A watcher for a run, with a live bar where one can be drawn."""
    if screen.live and plan.steps:
        from reconciler.cli.livebar import live_bar

        with live_bar(len(plan.steps), colour=screen.err.colour) as bar:
            yield Watcher(plan, screen, bar)
    else:
        yield Watcher(plan, screen, Lines(screen))
