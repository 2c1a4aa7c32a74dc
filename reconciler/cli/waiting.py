"""The spinner while something is read. Light: every command that reads imports it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.cli.console import Console


@contextmanager
def busy(screen: Console, text: str) -> Iterator[None]:
    """Show on a terminal that something is going on."""
    if screen.live:
        from reconciler.cli.livebar import spinner

        with spinner(text, colour=screen.err.colour):
            yield
    else:
        if screen.verbose:
            screen.say(f"{text} ...")
        yield
