"""How an error looks: what happened, what is behind it, and what helps."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler import errors
from reconciler.cli.console import Console, console
from reconciler.render.escape import escape
from reconciler.render.style import Style

if TYPE_CHECKING:
    from reconciler.model import Guard

_ROOT, _MAY_READ = "reconciler.root", "reconciler.may_read"
_ISSUES = "please report it with the traceback that -vv prints, and with secrets removed"


def show(error: Exception, ctx: click.Context | None) -> int:
    """Print an error to stderr and return the exit code that it ends with."""
    screen = console(ctx)
    if isinstance(error, errors.ReconcilerError):
        screen.say("\n".join(_lines(error, screen, _root(ctx), ctx.meta.get(_MAY_READ) if ctx else None)))
        _traceback(screen, error, 2)
        return error.exit_code
    name = type(error).__name__
    screen.say(f"{screen.err.paint('Error:', 'red', 'bold')} reconciler failed unexpectedly ({name}); {_ISSUES}.")
    _traceback(screen, error, 2)
    return 1


def _traceback(screen: Console, error: Exception, from_verbose: int) -> None:
    if screen.verbose >= from_verbose or os.environ.get("RECONCILER_DEBUG"):
        for line in traceback.format_exception(error):
            sys.stderr.write("\n".join(escape(part) for part in line.split("\n")))


def _lines(
    error: errors.ReconcilerError, screen: Console, root: Path, may_read: Callable[[Path], bool] | None
) -> Iterator[str]:
    style = screen.err
    match error:
        case errors.InputError(problems=found) if found:
            from reconciler.render.problems_text import problems

            yield problems(found, source_lines(root, may_read), style).rstrip("\n")
        case errors.GuardError(guards=guards):
            # The plan above has told what each of them means.
            yield _head("Refused", f"{_opened(guards)}. Nothing was written.", style)
        case errors.StaleError(moved=moved):
            yield _head("Refused", f"{error.message}. Nothing was written.", style)
            yield from (line for text in moved for line in style.wrap(escape(text), first="  ", rest="    "))
        case errors.PlanChangedError(differences=differences):
            from reconciler.render import replanned_text

            yield _head("Refused", f"{error.message}. Nothing was written.", style) + "\n"
            yield from (*replanned_text.lines(differences, style), "")
        case errors.RefusedError():
            yield _head("Refused", f"{error.message}. Nothing was written.", style)
        case _:
            yield _head("Error", error.message, style)
    if error.tip:
        yield from style.wrap(escape(error.tip), first="Tip: ", rest="     ")


def _opened(guards: Sequence[Guard]) -> str:
    names = ", ".join(guard.name for guard in guards)
    return f"1 guard is open: {names}" if len(guards) == 1 else f"{len(guards)} guards are open: {names}"


def _head(word: str, message: str, style: Style) -> str:
    return f"{style.paint(f'{word}:', 'red', 'bold')} {_sentence(message)}"


def _sentence(message: str) -> str:
    """Escaped, line by line: a message may have several."""
    return "\n".join(escape(line) for line in message.splitlines()) if message else ""


def remember_root(ctx: click.Context, root: Path, may_read: Callable[[Path], bool] | None = None) -> None:
    """Keep where the files are that locations are relative to, and which of them may be shown."""
    ctx.meta[_ROOT] = root
    ctx.meta[_MAY_READ] = may_read


def _root(ctx: click.Context | None) -> Path:
    found = ctx.meta.get(_ROOT) if ctx else None
    return found if isinstance(found, Path) else Path.cwd()


def source_lines(root: Path, may_read: Callable[[Path], bool] | None = None) -> Callable[[str], Sequence[str] | None]:
    """Reads the lines of source files, each once; None for one that is gone, or that ``may_read`` denies.

    A name need not be that of the file that was read: whoever makes a bundle names what is in it.
    """
    known: dict[str, Sequence[str] | None] = {}

    def lines(file: str) -> Sequence[str] | None:
        if file not in known:
            try:
                known[file] = _lines_of(root / file) if may_read is None or may_read(root / file) else None
            except OSError:
                known[file] = None
        return known[file]

    return lines


def _lines_of(path: Path) -> Sequence[str]:
    return path.read_text(encoding="utf-8", errors="replace").split("\n")
