"""Where text goes and how it is dressed: data to stdout, everything else to stderr, colour decided once."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

import click

from reconciler.cli.common import NO_COLOR, VERBOSE
from reconciler.render.escape import uncommanding
from reconciler.render.style import Style

_PIPE_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Console:
    """The two streams of one command. ``interactive``: somebody can answer; ``live``: a bar may be drawn."""

    out: Style
    err: Style
    interactive: bool
    live: bool
    verbose: int = 0
    terminal: bool = False
    """Whether what the command was asked for goes to somebody's terminal, not to a file or a job's log."""

    def data(self, text: str) -> None:
        """Write what the command was asked for to stdout."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def show(self, text: str) -> None:
        """The same for text that somebody reads: none of its lines is taken for a command by the runner of a CI."""
        self.data(uncommanding(text))

    def say(self, text: str) -> None:
        """Write a line about the run to stderr; a reader that went away must not stop the run."""
        with suppress(OSError):
            sys.stderr.write(uncommanding(text) + "\n")
            sys.stderr.flush()


def forget_stdout() -> None:
    """The reader of stdout went away (``| head``): send the rest nowhere, at exit too."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def console(ctx: click.Context | None) -> Console:
    """The console of a command, from its options and its surroundings."""
    meta: Mapping[str, object] = ctx.meta if ctx else {}
    env = os.environ
    plain = bool(meta.get(NO_COLOR))
    width = shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns
    verbose = meta.get(VERBOSE, 0)
    live = _is_terminal(sys.stderr) and not env.get("CI") and env.get("TERM") != "dumb"
    return Console(
        out=_style(sys.stdout, env, width, plain=plain),
        err=_style(sys.stderr, env, width, plain=plain),
        interactive=_is_terminal(sys.stdin) and _is_terminal(sys.stderr) and not env.get("CI"),
        live=live,
        verbose=verbose if isinstance(verbose, int) else 0,
        terminal=_is_terminal(sys.stdout) and not env.get("CI"),
    )


def _style(stream: TextIO, env: Mapping[str, str], width: int, *, plain: bool) -> Style:
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
    if isinstance(stream, io.TextIOWrapper):
        # A name that the terminal cannot print must not end a run half-way.
        stream.reconfigure(errors="backslashreplace")
    terminal = _is_terminal(stream)
    return Style(
        colour=wants_colour(env, terminal=terminal, plain=plain),
        unicode=encoding.startswith("utf"),
        width=width if terminal or "COLUMNS" in env else _PIPE_WIDTH,
    )


def wants_colour(env: Mapping[str, str], *, terminal: bool, plain: bool) -> bool:
    """``--no-color`` first, then ``NO_COLOR``, then ``FORCE_COLOR``, then whether it is a terminal."""
    if plain or env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return terminal and env.get("TERM") != "dumb"


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:
        return False
