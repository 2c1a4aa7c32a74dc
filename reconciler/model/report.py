"""What was done, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reconciler.model import reasons
from reconciler.model.plan import Plan, Step

StepState = Literal["not-sent", "sent-unknown", "done", "verified", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of one step.

    ``seconds`` is the time of its requests; ``error`` one sentence for people; ``overtaken``: it failed without writing
    anything, because somebody else had changed or made the object.
    """

    step: Step
    state: StepState
    status: int | None = None
    request_id: str | None = None
    seconds: float = 0.0
    created_id: str | None = None
    error: str | None = None
    tip: str | None = None
    notes: tuple[str, ...] = ()
    overtaken: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did. ``mismatches`` are differences found by reading back; ``interrupted`` after Ctrl-C."""

    plan: Plan
    results: tuple[StepResult, ...]
    requests: int = 0
    seconds: float = 0.0
    started_at: str = ""
    plan_digest: str = ""
    mismatches: tuple[str, ...] = ()
    interrupted: bool = False

    def count(self, *states: StepState) -> int:
        """How many steps ended in one of these states."""
        return sum(result.state in states for result in self.results)

    @property
    def exit_code(self) -> int:
        """The exit code of ``cli.md`` that this run ends with."""
        written = self.count("done", "verified", "sent-unknown")
        if self.interrupted:
            return 130
        if self.count("failed", "sent-unknown", "not-sent", "skipped"):
            overtaken = all(result.overtaken for result in self.results if result.state == "failed")
            return 4 if written else 3 if overtaken else 1
        return 5 if self.mismatches else 0

    @property
    def reason(self) -> str | None:
        """The same as a slug (``REASONS``); None where all went well."""
        return _REASONS.get(self.exit_code)


_REASONS = {
    1: reasons.WRITES_REFUSED,
    3: reasons.OVERTAKEN,
    4: reasons.PARTLY_APPLIED,
    5: reasons.NOT_VERIFIED,
    130: reasons.INTERRUPTED,
}
