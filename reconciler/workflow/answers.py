"""Asking the backend for what the planner wants to know besides the lists."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.model import Desired, Observation, Plan
from reconciler.planning.options import Needs, PlanOptions
from reconciler.planning.planner import plan as plan_changes

if TYPE_CHECKING:
    from reconciler.backends import Backend

_ROUNDS = 4
"""How often the planner may ask for more before something is wrong with it."""


def answered(
    backend: Backend, desired: Desired, observation: Observation, options: PlanOptions
) -> tuple[Plan, Observation]:
    """Plan, asking the backend until the planner knows enough; with everything that it knew then."""
    for _ in range(_ROUNDS):
        made = plan_changes(desired, observation, options)
        if not isinstance(made, Needs):
            return replace(made, requests=backend.requests), observation
        answers = {**observation.answers, **backend.ask(made.questions)}
        observation = replace(observation, answers=answers)
    raise AssertionError("the planner keeps asking the same questions")
