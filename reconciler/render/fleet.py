"""What a command came to in several environments: a table, or one JSON document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import simplejson

from reconciler.render import table
from reconciler.render.escape import escape
from reconciler.render.style import Paint, Style
from reconciler.render.table import Cell
from reconciler.render.words import plural

FORMAT_VERSION = "1.0"
_HEAD = ("ENVIRONMENT", "EXIT", "RESULT")
_FINE = (0, 2)
_ROOM = 26
"""What the other columns and the gaps take of a line, more or less."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One environment: its exit code (None: not started), a few words, and the document that was printed for it.

    ``name`` is None where the run ended before it was known which environment it is about. ``reason`` is a slug of
    ``model.REASONS``, None where nothing failed; ``differences`` are those of a plan that is not the approved one, as
    ``planning.replannedfile`` has them.
    """

    name: str | None
    code: int | None
    said: str = ""
    error: str | None = None
    result: Any = None
    reason: str | None = None
    differences: Any = None

    @property
    def failure(self) -> str | None:
        """What went wrong, or that it was not started; None where nothing did."""
        return None if self.code in _FINE else self.error or self.said or "failed"


def lines(turns: Sequence[Turn], code: int, style: Style) -> list[str]:
    """The summary: one line per environment, then how many there are."""
    rows = [_row(turn, style) for turn in turns]
    fine = sum(turn.code in _FINE for turn in turns)
    failed = sum(turn.code is not None and turn.code not in _FINE for turn in turns)
    parts = [f"{fine} done"] if fine else []
    parts += [f"{failed} failed or refused"] if failed else []
    parts += [f"{len(turns) - fine - failed} not started"] if len(turns) > fine + failed else []
    total = f"{plural(len(turns), 'environment')}: {', '.join(parts) or 'nothing to do'}. Exit code {code}."
    return [*(table.lines(_HEAD, rows, style) if rows else []), style.paint(total, "bold")]


def _row(turn: Turn, style: Style) -> list[Cell]:
    paint: Paint = "dim" if turn.code is None else "green" if turn.code in _FINE else "red"
    said, room = escape(turn.said), max(24, style.columns - _ROOM)
    return [
        Cell(escape(turn.name or "-"), "bold"),
        Cell("-" if turn.code is None else str(turn.code), paint),
        Cell(said if len(said) <= room else said[: room - 1] + style.glyph("…", "~")),
    ]


def dumps(turns: Sequence[Turn], code: int, shard: str | None) -> str:
    """All of it; ``result`` is the document that the command prints for one environment, null where there is none."""
    document = {
        "format_version": FORMAT_VERSION,
        "shard": shard,
        "environments": [
            {
                "environment": turn.name,
                "exit_code": turn.code,
                "said": turn.said,
                "error": turn.error,
                "reason": turn.reason,
                "differences": turn.differences,
                "result": turn.result,
            }
            for turn in turns
        ],
        "exit_code": code,
        "reason": reason(turns, code),
    }
    return simplejson.dumps(document, indent=2, use_decimal=True, ensure_ascii=False) + "\n"


def reason(turns: Sequence[Turn], code: int) -> str | None:
    """Why the whole ended with its exit code: that of the first environment that ended with it."""
    return next((turn.reason for turn in turns if turn.code == code), None)


@dataclass(frozen=True, slots=True)
class Summary:
    """What one run came to, environment by environment. ``shard`` is ``(index, total)``, None for all of them."""

    turns: tuple[Turn, ...]
    code: int
    shard: tuple[int, int] | None = None


def loads(text: str) -> Summary:
    """Read what ``dumps`` wrote, also before there were reasons. Raises ``ValueError`` for anything else."""
    document = simplejson.loads(text, use_decimal=True)
    try:
        if str(document["format_version"]).partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
            raise ValueError(f"format {document['format_version']} is not one that this version reads")
        turns = tuple(_turn(item) for item in document["environments"])
        shard, code = document["shard"], document["exit_code"]
        index, _, total = str(shard).partition("/")
        return Summary(turns, int(code), (int(index), int(total)) if shard is not None else None)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a summary: {error}") from None


def _turn(item: Mapping[str, Any]) -> Turn:
    name, code = item["environment"], item["exit_code"]
    return Turn(
        None if name is None else str(name),
        None if code is None else int(code),
        str(item["said"]),
        item["error"],
        reason=item.get("reason"),
        differences=item.get("differences"),
    )


def missing(found: Sequence[Summary]) -> list[str]:
    """The shares that no summary is of, as ``3/8``: their job ended before it could write one."""
    totals = {one.shard[1] for one in found if one.shard}
    seen = {one.shard for one in found}
    return [
        f"{index}/{total}" for total in sorted(totals) for index in range(1, total + 1) if (index, total) not in seen
    ]
