"""What happened, one JSON line at a time, so that a killed run can be read afterwards. Never holds a secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from os import SEEK_END
from pathlib import Path
from typing import TextIO

from reconciler.errors import UsageError
from reconciler.model import Plan, Report, Step, StepResult


def _about(plan: Plan) -> dict[str, object]:
    """What was applied: with it, what was declared then can be had from git again."""
    source = plan.source
    return {
        "environment": plan.target.environment,
        "mode": plan.mode,
        "complete": plan.complete,
        "source": {
            "manifests": source.manifests,
            "commit": source.commit,
            "dirty": source.dirty,
            "bundle": source.bundle,
            "revision": source.revision,
        },
    }


class Receipts:
    """Appends to a file of JSON lines: ``started`` before a step is sent, its outcome after.

    A step with a ``started`` line and no other was in flight when the run died; ``left`` in a line is how many of the
    plan's steps are not over yet, so that the last line of a run that came to its end has 0. Without a path nothing is
    kept.
    Raises ``UsageError`` where the file cannot be written at all; when the disk fills up later, ``lost`` becomes
    true and the run goes on.
    """

    def __init__(self, path: Path | None, run: str, clock: Callable[[], datetime], plan: Plan | None = None) -> None:
        self._run = run
        self._about = _about(plan) if plan is not None else {}
        steps = len(plan.steps) if plan is not None else 0
        self._left = steps
        self._clock = clock
        self._file: TextIO | None = None
        self.lost = False
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._file = path.open("a", encoding="utf-8")
                self._file.write("" if _ends_well(path) else "\n")
            except OSError as error:
                raise UsageError(f"receipts cannot be written to {path}: {error.strerror}") from None

    def started(self, step: Step) -> None:
        """A step is about to be sent."""
        self._write(step, {"state": "started", **self._about})

    def finished(self, result: StepResult) -> None:
        """A step is over, one way or the other."""
        self._left -= 1
        facts = {
            "state": result.state,
            "status": result.status,
            "request_id": result.request_id,
            "seconds": round(result.seconds, 3),
            "created_id": result.created_id,
            "error": result.error,
        }
        self._write(result.step, {name: value for name, value in facts.items() if value is not None})

    def verified(self, step: Step) -> None:
        """A step that was done is as it was meant: read back after the run."""
        self._write(step, {"state": "verified"})

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _write(self, step: Step, facts: dict[str, object]) -> None:
        if self._file is None or self.lost:
            return
        line = {
            "run": self._run,
            "at": self._clock().isoformat(),
            "step": step.id,
            "address": str(step.address),
            "verb": step.verb,
            "method": step.method,
            "path": step.path,
            **facts,
            "left": self._left,
        }
        try:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError:
            self.lost = True


def append_verified(path: Path, report: Report, clock: Callable[[], datetime]) -> None:
    """Add which steps of a run are as they were meant; receipts that cannot be written stay as they are."""
    with suppress(UsageError):
        receipts = Receipts(path, report.started_at, clock)
        for result in report.results:
            if result.state == "verified":
                receipts.verified(result.step)
        receipts.close()


def _ends_well(path: Path) -> bool:
    """Whether the file ends with a line of its own: a process that was killed may have left half of one."""
    with path.open("rb") as file:
        if file.seek(0, SEEK_END) == 0:
            return True
        file.seek(-1, SEEK_END)
        return file.read(1) == b"\n"
