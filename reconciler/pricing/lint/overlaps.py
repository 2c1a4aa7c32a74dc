"""Events that are billed twice, and events that nothing bills. Source: OpenMeter, features and meters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations

from reconciler.kinds.feature import FeatureSpec
from reconciler.kinds.kind import Catalogue, Finding, Rule
from reconciler.kinds.meter import MeterSpec
from reconciler.pricing.lint.charges import Charge, never_charges
from reconciler.pricing.lint.events import Event, Events, counted_by_both, counted_by_none, events
from reconciler.pricing.lint.words import money, units
from reconciler.pricing.money import HUNDRED, ZERO
from reconciler.pricing.prices import FlatPrice

_SOURCE = "OpenMeter v1, features"

TWICE = Rule(
    "money.filters.overlap", "Every feature counts for itself: an event that two of them count is billed by both.",
    _SOURCE, "warning",
)  # fmt: skip
UNBILLED = Rule("money.filters.gap", "An event that no feature counts is stored, and never billed.", _SOURCE, "warning")

RULES = (TWICE, UNBILLED)

_MOST = Decimal(10) ** 12


class Overlaps:
    """The filters of one catalogue; each pair of features is looked at once, however many plans price it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._events: dict[str, Events | None] = {}
        self._pairs: dict[tuple[str, str], Event | None] = {}
        self._together: dict[str, tuple[str, Charge]] = {}
        """Meter → the first plan that prices several features of it in one phase, and one of their cards."""

    def check(self, plan: str, charges: Sequence[Charge]) -> Iterator[Finding]:
        """Pairs of priced cards of one phase that count the same event."""
        by_meter: dict[tuple[int | None, str], list[Charge]] = {}
        for charge in charges:
            meter = self._meter(charge)
            if meter is not None:
                by_meter.setdefault((charge.phase, meter), []).append(charge)
        for (_, meter), together in by_meter.items():
            if len(together) > 1:
                self._together.setdefault(meter, (plan, together[0]))
            for one, other in combinations(together, 2):
                yield from self._twice(meter, one, other)

    def _meter(self, charge: Charge) -> str | None:
        """The meter that a card bills by usage; None for one that bills nothing."""
        price, feature = charge.price, charge.card.feature
        if price is None or isinstance(price, FlatPrice) or feature is None or never_charges(price):
            return None
        if charge.card.discounts.percentage == HUNDRED:
            return None
        found = self._catalogue.spec("Feature", feature)
        return found.meter_slug if isinstance(found, FeatureSpec) else None

    def _of(self, key: str) -> Events | None:
        if key not in self._events:
            feature = self._catalogue.spec("Feature", key)
            found = None
            if isinstance(feature, FeatureSpec) and feature.meter_slug is not None:
                meter = self._catalogue.spec("Meter", feature.meter_slug)
                found = events(key, feature, meter if isinstance(meter, MeterSpec) else None)
            self._events[key] = found
        return self._events[key]

    def _twice(self, meter: str, one: Charge, other: Charge) -> Iterator[Finding]:
        first, second = (self._of(charge.card.feature or "") for charge in (one, other))
        if first is None or second is None:
            return
        pair = (first.feature, second.feature)
        if pair not in self._pairs:
            self._pairs[pair] = counted_by_both(first, second)
        event = self._pairs[pair]
        if event is None:
            return
        which = f"an event of the meter `{meter}` with {event}" if event.values else f"every event of `{meter}`"
        quantity = _noticeable(one, other)
        costs = [charge.cost(quantity) - charge.cost() for charge in (one, other)]
        message = (
            f"{which} is billed twice, by `{pair[0]}` and by `{pair[1]}`: {units(quantity)} of it cost "
            f"{money(costs[0], one.currency)} and {money(costs[1], one.currency)}, together "
            f"{money(sum(costs, ZERO), one.currency)}; let their filters exclude each other"
        )
        yield Finding(TWICE, other.at("featureKey"), message, at_key=True)

    def gap(self, key: str, feature: FeatureSpec) -> Iterator[Finding]:
        """Events of a meter that no feature counts, told at the first of its features.

        Only of meters of which one phase prices several features: who prices a part alone wants a part.
        """
        together = self._together.get(feature.meter_slug or "")
        known = self._features(feature.meter_slug or "") if together is not None else None
        if together is None or not known or known[0].feature != key or (event := counted_by_none(known)) is None:
            return
        plan, one = together
        quantity = _noticeable(one)
        cost = money(one.cost(quantity) - one.cost(), one.currency)
        message = (
            f"no declared feature counts events of `{feature.meter_slug}` with {event}, so nothing bills them: "
            f"{units(quantity)} cost nothing; as `{one.card.feature}` {cost} "
            f"in Plan/{plan}; a feature with `$nin` or `$ne` catches the rest"
        )
        at = "advancedMeterGroupByFilters" if feature.advanced_meter_group_by_filters else "meterGroupByFilters"
        yield Finding(UNBILLED, (at,), message, at_key=True)

    def _features(self, meter: str) -> list[Events] | None:
        """The features of a meter; None where what one of them counts is not known."""
        found: list[Events] = []
        for key in self._catalogue.keys("Feature"):
            if self._catalogue.state("Feature", key) in ("archived", "absent"):
                continue
            feature = self._catalogue.spec("Feature", key)
            if not isinstance(feature, FeatureSpec):
                return None
            if feature.meter_slug == meter:
                counted = self._of(key)
                if counted is None:
                    return None
                found.append(counted)
        return found


def _noticeable(*charges: Charge) -> Decimal:
    """A round number of units for which every card charges something."""
    quantity = Decimal(1_000)
    while quantity < _MOST and any(charge.cost(quantity) == charge.cost() for charge in charges):
        quantity *= 10
    return quantity
