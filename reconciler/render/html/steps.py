"""The requests of a plan, in a valid order."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model import Plan
from reconciler.render.html.text import anchor


@dataclass(frozen=True, slots=True)
class StepView:
    """One request; ``after`` are the numbers of the steps that must be done first."""

    number: int
    address: str
    anchor: str
    verb: str
    method: str
    path: str
    after: tuple[int, ...]
    may_refuse: str


def views(plan: Plan) -> tuple[StepView, ...]:
    """Every step, numbered from 1."""
    numbers = {step.id: number for number, step in enumerate(plan.steps, 1)}
    return tuple(
        StepView(
            number,
            str(step.address),
            anchor(step.address),
            step.verb,
            step.method,
            step.path,
            tuple(sorted(numbers[before] for before in step.after if before in numbers)),
            step.may_refuse or "",
        )
        for number, step in enumerate(plan.steps, 1)
    )
