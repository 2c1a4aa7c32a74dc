"""The live bar and the spinner: the only place that imports rich, and only for a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

_DOING_UP_TO = 48


class LiveBar:
    """One bar over all steps; what is in flight stands beside it."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def line(self, text: str) -> None:
        """Print a permanent line above the bar."""
        self._progress.console.print(Text.from_ansi(text), soft_wrap=True, highlight=False)

    def move(self, finished: int, total: int, doing: str) -> None:
        """Show how far the run is."""
        shown = doing if len(doing) <= _DOING_UP_TO else f"{doing[: _DOING_UP_TO - 1]}…"
        self._progress.update(self._task, completed=finished, total=total, doing=Text(shown))


@contextmanager
def live_bar(total: int, *, colour: bool) -> Iterator[LiveBar]:
    """A bar at the bottom of the terminal that vanishes when the block ends."""
    progress = Progress(
        SpinnerColumn(),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[doing]}", markup=False),
        console=_console(colour=colour),
        transient=True,
    )
    with progress:
        yield LiveBar(progress, progress.add_task("", total=total, doing=""))


@contextmanager
def spinner(text: str, *, colour: bool) -> Iterator[None]:
    """A spinner with a sentence, gone when the block ends."""
    with _console(colour=colour).status(Text(text)):
        yield


def _console(*, colour: bool) -> Console:
    return Console(file=sys.stderr, no_color=not colour, highlight=False, markup=False)
