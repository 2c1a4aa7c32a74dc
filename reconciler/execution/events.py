"""What happens during a run, for those who watch it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reconciler.model import Step, StepResult

EventKind = Literal["started", "slowed", "finished"]


@dataclass(frozen=True, slots=True)
class Event:
    """One step started or finished. ``result`` is there once it finished, skipped and not-sent ones included.

    ``slowed``: no answer came to this step, so that from now on one catalogue write at a time is sent.
    ``finished`` of ``total`` steps are over, this one counted; ``in_flight`` are being sent.
    """

    kind: EventKind
    step: Step
    result: StepResult | None
    finished: int
    total: int
    in_flight: int
