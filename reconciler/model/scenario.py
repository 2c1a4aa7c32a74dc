"""A customer that the manifests describe (``kind: Scenario``), and what they are to pay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from reconciler.model.base import Location, Source


@dataclass(frozen=True, slots=True)
class Bound:
    """How far one bill may be above another: in the plan's currency, or in percent of the other. May be negative."""

    value: Decimal
    percent: bool = False

    def __str__(self) -> str:
        return f"{self.value:f}%" if self.percent else f"{self.value:f}"


@dataclass(frozen=True, slots=True)
class Increase:
    """What a bill is compared with, ``live`` or a git revision, and by how much it may be above that."""

    versus: str
    at_most: Bound | None = None
    at_least: Bound | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a bill is to come to, over all its periods. ``lines`` has amounts by the key of a rate card."""

    total: Decimal | None = None
    lines: Mapping[str, Decimal] = field(default_factory=dict)
    at_most: Decimal | None = None
    at_least: Decimal | None = None
    increases: tuple[Increase, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A customer on a plan; with ``expect`` a price test.

    ``phase`` None: the last one; ``signs_up``: through all phases from the first day instead. ``periods`` counts
    billing periods of the plan. ``usage`` has, by the key of a feature, the units in every service period of its card,
    or in each of them in order. ``start`` None: a year that begins with a billing period (``pricing.bills.START``).
    ``source`` knows where every value stands, at its path in the document's ``spec``.
    """

    key: str
    plan: str
    location: Location
    source: Source
    description: str | None = None
    phase: str | None = None
    signs_up: bool = False
    addons: Mapping[str, int] = field(default_factory=dict)
    periods: int = 1
    start: date | None = None
    usage: Mapping[str, Decimal | tuple[Decimal, ...]] = field(default_factory=dict)
    expect: Expectation | None = None
