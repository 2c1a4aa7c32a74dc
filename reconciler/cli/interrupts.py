"""Ctrl-C: the first stops starting new steps, the second stops at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_STOPPED = 130
_STDERR = 2


@contextmanager
def stoppable() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C (or SIGTERM) sets while the block runs; the second ends the process."""
    stop = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        if stop.is_set():
            _write("\nStopped at once. What was done so far stands in the receipts under .reconciler/receipts/.\n")
            os._exit(_STOPPED)
        stop.set()
        _write("\nStopping: no new step is started, those in flight are waited for. Ctrl-C again stops at once.\n")

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _write(text: str) -> None:
    """Straight to the descriptor: the signal may have come in the middle of a print."""
    os.write(_STDERR, text.encode())
