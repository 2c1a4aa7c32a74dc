"""What is rated, and what comes of it: the lines of an invoice and the detailed lines under each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from reconciler.pricing.money import ZERO
from reconciler.pricing.prices import PaymentTerm, Price

Category = Literal["regular", "commitment"]
Reason = Literal["ratecard_percentage", "maximum_spend"]


@dataclass(frozen=True, slots=True)
class Period:
    """From one moment, included, to another one, excluded; both in UTC."""

    start: datetime
    end: datetime

    @property
    def is_empty(self) -> bool:
        """Whether no second lies in it."""
        return self.start >= self.end

    @property
    def seconds(self) -> Decimal:
        """How long it is."""
        length = self.end - self.start
        return Decimal(length.days * 86_400 + length.seconds) + Decimal(length.microseconds) / 1_000_000

    def to_seconds(self) -> Period:
        """The same without fractions of seconds: nothing is billed finer."""
        return Period(self.start.replace(microsecond=0), self.end.replace(microsecond=0))


@dataclass(frozen=True, slots=True)
class Conversion:
    """How the metered quantity becomes the billed one (``unit_config`` of API v3).

    ``operation`` with ``factor``, then rounded to ``precision`` decimals.
    """

    operation: Literal["multiply", "divide"]
    factor: Decimal
    rounding: Literal["none", "ceiling", "floor", "half_up"] = "none"
    precision: int = 0


@dataclass(frozen=True, slots=True)
class Discounts:
    """``usage``: so many units are free, once per service period. ``percentage``: off every detailed line, 0 to 100."""

    usage: Decimal | None = None
    percentage: Decimal | None = None


NO_DISCOUNTS = Discounts()


@dataclass(frozen=True, slots=True)
class Line:
    """One rate card in one service period, or in a part of it.

    ``feature`` is the key of what is metered: every price but a flat one needs it. ``quantity`` is the metered usage of
    the part and ``before`` that of the earlier parts of the same period; ``billed``
    is what those were invoiced at, before discounts. ``first`` and ``last`` tell where the part stands in the period;
    a whole period is both. ``service`` is the whole period where ``period`` is a part of it.
    """

    name: str
    price: Price
    currency: str
    quantity: Decimal = ZERO
    before: Decimal = ZERO
    discounts: Discounts = NO_DISCOUNTS
    conversion: Conversion | None = None
    feature: str | None = None
    period: Period | None = None
    service: Period | None = None
    invoice_at: datetime | None = None
    billed: Decimal = ZERO
    first: bool = True
    last: bool = True


@dataclass(frozen=True, slots=True)
class AmountDiscount:
    """Money taken off a detailed line."""

    amount: Decimal
    reason: Reason
    percentage: Decimal | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class UsageDiscount:
    """Units that were free: ``quantity`` now, ``before`` in earlier parts of the period, of ``granted`` in all."""

    quantity: Decimal
    before: Decimal
    granted: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """``amount`` is gross; ``total``, what is to be paid, is amount + charges - discounts.

    Taxes are not computed by the server either.
    """

    amount: Decimal = ZERO
    charges: Decimal = ZERO
    discounts: Decimal = ZERO
    total: Decimal = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", self.amount + self.charges - self.discounts)


def added(totals: Iterable[Totals]) -> Totals:
    """Their plain sum: nothing is rounded again."""
    amount = charges = discounts = ZERO
    for one in totals:
        amount, charges, discounts = amount + one.amount, charges + one.charges, discounts + one.discounts
    return Totals(amount, charges, discounts)


@dataclass(frozen=True, slots=True)
class DetailedLine:
    """One row under a line: ``quantity`` × ``unit_amount``, rounded to the currency once.

    ``period`` is None where it is that of the line.
    """

    name: str
    quantity: Decimal
    unit_amount: Decimal
    totals: Totals
    payment_term: PaymentTerm = "in_arrears"
    category: Category = "regular"
    discounts: tuple[AmountDiscount, ...] = ()
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class RatedLine:
    """A line with its price worked out. ``quantity`` and ``before`` are what was billed: converted, less free units."""

    line: Line
    quantity: Decimal
    before: Decimal
    detailed: tuple[DetailedLine, ...]
    free: UsageDiscount | None = None
    totals: Totals = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "totals", added(detail.totals for detail in self.detailed))

    @property
    def name(self) -> str:
        """As the invoice shows it."""
        return self.line.name


@dataclass(frozen=True, slots=True)
class Invoice:
    """Lines in the order in which the server lists them: by name, then by period."""

    lines: tuple[RatedLine, ...]
    totals: Totals = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "totals", added(line.totals for line in self.lines))
