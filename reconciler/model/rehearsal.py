"""What became of a plan that was tried out on a copy of the live catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.base import Address, Location


@dataclass(frozen=True, slots=True)
class Refusal:
    """One step that the copy refused: what it answered, in our words, and where what it is about is declared."""

    step: str
    address: Address
    message: str
    location: Location | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A plan's steps on a copy in memory of what was observed; nothing of it reached the target.

    ``total`` are the steps that were tried; the rest of ``accepted`` were refused, or skipped because they need a
    refused one. ``left_out`` are the objects that a guard blocks, with what needs them: nothing of theirs was tried.
    ``second_empty`` is None where steps were refused: then there was nothing to plan a second time.
    ``differences`` says what was not as meant when read back, and what a second plan would still do.
    """

    accepted: int
    total: int
    refusals: tuple[Refusal, ...] = ()
    second_empty: bool | None = None
    differences: tuple[str, ...] = ()
    left_out: tuple[Address, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every step was accepted and left nothing to do."""
        return not self.refusals and not self.differences and self.accepted == self.total

    @property
    def tried_nothing(self) -> bool:
        """Whether guards block every step, so that nobody knows whether any would be accepted."""
        return bool(self.left_out) and not self.total
