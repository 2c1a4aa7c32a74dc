"""The command ``reconciler``: parse, run, and turn every ending into a message and an exit code.

The one place where errors become exit codes. Exit codes: see ``cli.md`` and ``reconciler.errors``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from reconciler.cli.main import PROGRAM, cli

_COMPLETE = "_RECONCILER_COMPLETE"
_USAGE = 64
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (without the program's name) and return its exit code."""
    _open_streams()
    if instruction := os.environ.get(_COMPLETE):
        return _complete(instruction)
    args = list(sys.argv[1:] if argv is None else argv)
    context: click.Context | None = None
    try:
        context = cli.make_context(PROGRAM, args)
        with context:
            cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as ending:
        return _flushed(ending.exit_code)
    except BaseException as error:  # noqa: BLE001 - the last door: nothing may leave as a traceback
        return _failed(error, context)
    return 0


def _failed(error: BaseException, context: click.Context | None) -> int:
    """Say what went wrong, and write the summary that is asked for; the exit code."""
    from reconciler.cli import summaries

    code = _told(error, context)
    summaries.failed(context, code, error)
    return code


def _told(error: BaseException, context: click.Context | None) -> int:
    match error:
        case click.UsageError():
            return _usage(error)
        case click.ClickException():
            error.show()
            return 1
        case KeyboardInterrupt() | click.Abort():
            return _interrupted()
        case BrokenPipeError():
            return _quiet()
        case Exception():
            from reconciler.cli.failures import show

            return show(error, context)
    raise error  # SystemExit and its like


def _open_streams() -> None:
    """A stream that the caller closed (``>&-``) swallows what is written to it."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - open till the end


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _quiet()
    return code


def _usage(error: click.UsageError) -> int:
    """Click's own message; its exit code 2 means changes pending here, so usage is 64."""
    error.show()
    return _USAGE


def _interrupted() -> int:
    print("\nInterrupted.", file=sys.stderr)  # noqa: T201 - the console may be what was interrupted
    return _INTERRUPTED


def _quiet() -> int:
    """Nothing to say to a reader that went away."""
    from reconciler.cli.console import forget_stdout

    forget_stdout()
    return 1


def _complete(instruction: str) -> int:
    """Answer the shell's question for completions."""
    from click.shell_completion import shell_complete

    return shell_complete(cli, {}, PROGRAM, _COMPLETE, instruction)


if __name__ == "__main__":
    sys.exit(main())
