"""A command over one environment or several.

Of several each has its section, what failed in one stops no other, and a table ends the run; of one it is as if there
were none of that. The summary file is the same for both.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import summaries
from reconciler.cli.console import Console
from reconciler.cli.options import Where
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.render.fleet import Turn

_INTERRUPTED = 130
_PLACEHOLDER = "{env}"
_FINE = (0, 2)


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command came to in one environment: its exit code, and a few words for the summary.

    ``reason`` is a slug of ``model.REASONS`` where it did not end well.
    """

    code: int
    said: str = ""
    reason: str | None = None


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
    """How to run over the environments ``names``; None: in the single one that is asked for."""

    ctx: click.Context
    screen: Console
    names: tuple[str, ...] | None
    form: str
    fail_fast: bool = False
    table: bool = True
    together: Callable[[Sequence[Turn]], str] | None = None
    """Makes one text of all environments, instead of a section each and the table; the command keeps what it needs."""

    def run(self, where: Where, do: Do) -> int:
        """Run in every environment, in order; the most serious exit code of all.

        In a single one: raises what the command raises, and ``reconciler.__main__`` writes the summary of that.
        """
        if self.names is None:
            ended = do(where, self.screen)
            summaries.ended(self.ctx, ended.code, ended.said, ended.reason)
            return ended.code
        return self._over(self.names, where, do)

    def _over(self, names: Sequence[str], where: Where, do: Do) -> int:
        from reconciler.render import fleet
        from reconciler.workflow import most_serious

        turns: list[Turn] = []
        for name in names:
            if turns and self._stops(turns[-1].code):
                turns.append(fleet.Turn(name, None, "not started"))
            else:
                turns.append(self._turn(replace(where, environment=name, shard=None), do, first=not turns))
        code = most_serious(turn.code for turn in turns if turn.code is not None)
        shard = str(where.shard) if where.shard else None
        summaries.write(self.ctx, turns, code, shard)
        if self.form == "json":
            self.screen.data(fleet.dumps(turns, code, shard))
        elif self.together is not None:
            self.screen.data(self.together(turns))
        elif self.table or code not in _FINE:
            self.screen.show("\n" + "\n".join(fleet.lines(turns, code, self.screen.out)) + "\n")
        return code

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
            ended = do(where, screen)
        except BrokenPipeError:
            raise
        except (KeyboardInterrupt, click.Abort) as interruption:
            return replace(summaries.turn(name, _INTERRUPTED, interruption), result=_parsed(kept))
        except Exception as problem:  # noqa: BLE001 - what fails in one environment stops no other
            return replace(self._failed(name, problem), result=_parsed(kept))
        return fleet.Turn(name, ended.code, ended.said, None, _parsed(kept), ended.reason)

    def _failed(self, name: str, problem: Exception) -> Turn:
        from reconciler.cli.failures import show

        sys.stdout.flush()
        self.screen.say(self.screen.err.paint(f"{name}:", "bold"))
        return summaries.turn(name, show(problem, self.ctx), problem)


def _parsed(texts: Sequence[str]) -> Any:  # noqa: ANN401 - the JSON document of any command
    if not texts:
        return None
    import simplejson

    return simplejson.loads("".join(texts), use_decimal=True)


def tell_table(turns: Sequence[Turn], screen: Console) -> None:
    """What became of each environment, to stderr: stdout has a document that other tools read."""
    from reconciler.render import fleet
    from reconciler.workflow import most_serious

    code = most_serious(turn.code for turn in turns if turn.code is not None)
    screen.say("\n".join(fleet.lines(turns, code, screen.err)))


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
