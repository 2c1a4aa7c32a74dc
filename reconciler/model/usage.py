"""Real customers and what they used: what bills of the past are computed from. Never saved anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from reconciler.model.base import Address


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One active subscription of a customer. ``key`` is the customer's, their id where they have none."""

    customer: str
    key: str = field(repr=False)
    name: str = field(repr=False)
    subscription: str
    version: int


@dataclass(frozen=True, slots=True, order=True)
class Metered:
    """Usage of a meter in a period: ``start`` counts, ``end`` does not. ``filters`` is JSON text, "" for none."""

    meter: str
    filters: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Mover:
    """One customer's bill of a period, as it was and as it would have been. Never part of a saved plan."""

    key: str = field(repr=False)
    name: str = field(repr=False)
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        """How much more; negative: less."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Spread:
    """How differences are distributed: the smallest, the middle one, what nine of ten stay below, the largest."""

    least: Decimal
    median: Decimal
    ninth: Decimal
    most: Decimal


@dataclass(frozen=True, slots=True)
class Rerated:
    """The last closed billing period of a plan's subscribers, rated as it was and on the new version.

    ``looked_at`` of ``subscriptions`` were read (a cap may leave some out, evenly spread); ``rated`` of them could be
    rated, ``unrated`` counts the others by reason. ``before`` and ``after`` are sums over the rated ones, in
    ``currency``; ``spread`` is of their differences, None where nobody was rated. ``steepest`` is the largest increase
    in per cent among those who paid something, ``newly_charged`` counts those who paid nothing and would.
    ``movers`` are the customers whose bill changes most: they are for the eyes of who asked and never saved.
    """

    plan: Address
    currency: str
    subscriptions: int
    looked_at: int
    rated: int
    unrated: tuple[tuple[str, int], ...]
    before: Decimal
    after: Decimal
    more: int
    less: int
    spread: Spread | None = None
    steepest: Decimal = Decimal(0)
    newly_charged: int = 0
    movers: tuple[Mover, ...] = field(default=(), repr=False, compare=False)

    @property
    def same(self) -> int:
        """How many bills would not change."""
        return self.rated - self.more - self.less
