"""A command over several environments: one section each, what failed in one stops no other, one summary at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.console import Console
from reconciler.cli.options import Where
from reconciler.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.render.fleet import Turn

_INTERRUPTED = 130
_PLACEHOLDER = "{env}"
_FINE = (0, 2)


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command came to in one environment: its exit code, and a few words for the summary."""

    code: int
    said: str = ""


Do = Callable[[Where, Console], Ended]
"""Runs a command in the one environment that is named; raises like the command itself."""


@dataclass(frozen=True)
class _Collecting(Console):
    """A console that keeps its data: of several documents one is made at the end."""

    kept: list[str] = field(default_factory=list)

    def data(self, text: str) -> None:
        """Keep what the command was asked for."""
        self.kept.append(text)


@dataclass(frozen=True)
class _Spaced(Console):
    """A console that leaves a line empty before the first data; a section that has none leaves none."""

    due: list[str] = field(default_factory=list)

    def data(self, text: str) -> None:
        """Write what the command was asked for."""
        super().data("".join(self.due) + text)
        self.due.clear()


@dataclass(frozen=True, slots=True)
class Fleet:
    """How to run over several environments."""

    ctx: click.Context
    screen: Console
    names: tuple[str, ...]
    form: str
    fail_fast: bool = False
    summary: bool = True
    summary_file: Path | None = None

    def run(self, where: Where, do: Do) -> int:
        """Run in every environment, in order; the most serious exit code of all."""
        from reconciler.render import fleet
        from reconciler.workflow import most_serious

        turns: list[Turn] = []
        for name in self.names:
            if turns and self._stops(turns[-1].code):
                turns.append(fleet.Turn(name, None, "not started"))
            else:
                turns.append(self._turn(replace(where, environment=name, shard=None), do, first=not turns))
        code = most_serious(turn.code for turn in turns if turn.code is not None)
        self._keep(turns, code, str(where.shard) if where.shard else None)
        if self.form == "json":
            self.screen.data(fleet.dumps(turns, code, str(where.shard) if where.shard else None))
        elif self.summary or code not in _FINE:
            self.screen.data("\n" + "\n".join(fleet.lines(turns, code, self.screen.out)) + "\n")
        return code

    def _keep(self, turns: Sequence[Turn], code: int, shard: str | None) -> None:
        """Write the summary file. What was done stands on the screen whether or not that is possible."""
        from reconciler.cli import files
        from reconciler.cli.failures import show
        from reconciler.render import fleet

        if self.summary_file is not None:
            try:
                files.write(self.summary_file, fleet.dumps([replace(turn, result=None) for turn in turns], code, shard))
            except UsageError as error:
                show(error, self.ctx)

    def _stops(self, code: int | None) -> bool:
        return code in (None, _INTERRUPTED) or (self.fail_fast and code not in _FINE)

    def _turn(self, where: Where, do: Do, *, first: bool) -> Turn:
        from reconciler.render import fleet

        kept: list[str] = []
        now, due = self.screen, [] if first else ["\n"]
        screen: Console = _Spaced(now.out, now.err, now.interactive, now.live, now.verbose, now.terminal, due)
        if self.form == "json":
            screen = _Collecting(now.out, now.err, now.interactive, now.live, now.verbose, now.terminal, kept)
        name = where.environment or ""
        try:
            ended, error = do(where, screen), None
        except (KeyboardInterrupt, click.Abort):
            ended, error = Ended(_INTERRUPTED, "interrupted"), "interrupted"
        except BrokenPipeError:
            raise
        except Exception as problem:  # noqa: BLE001 - what fails in one environment stops no other
            ended, error = self._failed(name, problem)
        return fleet.Turn(name, ended.code, ended.said, error, _parsed(kept))

    def _failed(self, name: str, problem: Exception) -> tuple[Ended, str]:
        from reconciler.cli.failures import show

        sys.stdout.flush()
        self.screen.say(self.screen.err.paint(f"{name}:", "bold"))
        code = show(problem, self.ctx)
        said = problem.message if isinstance(problem, ReconcilerError) else type(problem).__name__
        return Ended(code, said.splitlines()[0] if said else ""), said


def _parsed(texts: Sequence[str]) -> Any:  # noqa: ANN401 - the JSON document of any command
    if not texts:
        return None
    import simplejson

    return simplejson.loads("".join(texts), use_decimal=True)


def require_several(summary_file: Path | None, *, several: bool) -> None:
    """Refuse a summary of one environment: its report says more. Raises ``UsageError``, also without its folder."""
    from reconciler.cli import files

    if summary_file is not None and not several:
        raise UsageError("--summary is of several environments", tip="give a glob as -e; of one there is --report")
    files.require_folder(summary_file)


def per_environment(path: Path | None, name: str, *, several: bool) -> Path | None:
    """The file of one environment: ``{env}`` in a path stands for its name, and has to be there for several.

    Raises ``UsageError`` where each environment would overwrite the file of the one before.
    """
    if path is None:
        return None
    if several and _PLACEHOLDER not in str(path):
        raise UsageError(
            f"{path} would be written once per environment",
            tip=f"put {_PLACEHOLDER} into it: {path.with_name('{env}-' + path.name)}",
        )
    return Path(str(path).replace(_PLACEHOLDER, name))
