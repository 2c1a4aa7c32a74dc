"""What happened, one JSON line at a time, so that a killed run can be read afterwards. Never holds a secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TextIO

from reconciler.errors import UsageError
from reconciler.model import Step, StepResult


class Receipts:
    """Appends to a file of JSON lines: ``started`` before a step is sent, its outcome after.

    A step with a ``started`` line and no other was in flight when the run died. Without a path nothing is kept.
    Raises ``UsageError`` where the file cannot be written at all; when the disk fills up later, ``lost`` becomes
    true and the run goes on.
    """

    def __init__(self, path: Path | None, run: str, clock: Callable[[], datetime]) -> None:
        self._run = run
        self._clock = clock
        self._file: TextIO | None = None
        self.lost = False
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._file = path.open("a", encoding="utf-8")
            except OSError as error:
                raise UsageError(f"receipts cannot be written to {path}: {error.strerror}") from None

    def started(self, step: Step) -> None:
        """A step is about to be sent."""
        self._write(step, {"state": "started"})

    def finished(self, result: StepResult) -> None:
        """A step is over, one way or the other."""
        facts = {
            "state": result.state,
            "status": result.status,
            "request_id": result.request_id,
            "seconds": round(result.seconds, 3),
            "created_id": result.created_id,
            "error": result.error,
        }
        self._write(result.step, {name: value for name, value in facts.items() if value is not None})

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
        }
        try:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError:
            self.lost = True
