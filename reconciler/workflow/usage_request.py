"""How real usage is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.model import Address


def _nobody(plan: Address, done: int, total: int) -> None:
    del plan, done, total


@dataclass(frozen=True, slots=True)
class UsageRequest:
    """How real usage is looked at: at most ``cap`` subscriptions per plan; ``names``: movers carry customers' names.

    ``on_progress`` gets the plan, how many customers were read and how many there are, in any thread.
    """

    cap: int = 1000
    names: bool = False
    on_progress: Callable[[Address, int, int], None] = _nobody
