"""What a plan does to bills."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from reconciler.model.base import Address


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a customer pays before and after, in the plan's currency."""

    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        """How much more; negative: less."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Impact:
    """The bill of one customer of a plan, before and after a change of it.

    ``customer`` is a scenario's key, or says what was made up (``generated``): ``10,000 tokens``. ``period`` is the
    plan's billing cadence; ``each`` what one such period costs, ``yearly`` what a year does. Where a bill could not be
    computed both are None and ``reason`` says why. It is what somebody pays who subscribes after the change: existing
    subscribers stay on their version.
    """

    plan: Address
    customer: str
    generated: bool
    currency: str
    period: str
    each: Amounts | None = None
    yearly: Amounts | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """What a customer in a phase pays for each quantity of a feature in a billing period, everything else being none.

    ``plan`` may be an add-on, whose ``phase`` is empty: then it is what one of it adds to a bill.
    ``before`` and ``after`` are as long as ``quantities``, or empty where that side has no price for the feature.
    """

    plan: Address
    phase: str
    feature: str
    currency: str
    quantities: tuple[Decimal, ...]
    before: tuple[Decimal, ...]
    after: tuple[Decimal, ...]
