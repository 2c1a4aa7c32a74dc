"""Scenarios billed, and held to what they expect. Pure: prices are given, nothing is read.

::

    prices = PriceList({Address("Plan", "pro"): spec})
    price_test(scenario, prices).passed
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal

from reconciler.errors import PricingError
from reconciler.model import Address, Bound, Expectation, Increase, Location, Path, Scenario
from reconciler.pricing.bills import START, Bill, Course, Customer, Usage, bill, course
from reconciler.pricing.money import HUNDRED, ZERO, exact, rounded, subunits
from reconciler.pricing.offers import Extra, Spec, Tariff, cards_of, items, tariff
from reconciler.pricing.prices import FlatPrice
from reconciler.pricing.subscriptions import Card


@dataclass(frozen=True, slots=True)
class Miss:
    """One expectation that a bill does not meet, or could not be held to.

    ``what`` is the expectation's name in the document, such as ``total`` or ``lines.tokens``; ``difference`` is by how
    much the bill is off, in its currency, None where there is no number. ``location`` is where it is written.
    """

    what: str
    expected: str
    got: str
    difference: Decimal | None
    location: Location

    @property
    def sentence(self) -> str:
        """For people: what was expected, and what came."""
        return f"{self.what}: expected {self.expected}, got {self.got}"


@dataclass(frozen=True, slots=True)
class PriceTest:
    """What came of one scenario. ``refused`` says why there is no bill; ``notes`` what could not be compared."""

    scenario: Scenario
    bill: Bill | None
    misses: tuple[Miss, ...] = ()
    refused: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether there is a bill and it is as expected."""
        return self.refused is None and not self.misses


@dataclass(frozen=True, slots=True)
class _Offered:
    """A plan, read once, with the phases from which on its add-ons can be bought."""

    tariff: Tariff
    addons: Mapping[str, str]


class PriceList:
    """Plans and add-ons by address, with everything filled in that other declared values imply; each is read once."""

    def __init__(self, specs: Mapping[Address, Spec]) -> None:
        self._specs = specs
        self._plans: dict[str, _Offered] = {}
        self._addons: dict[str, tuple[Card, ...]] = {}
        self._courses: dict[Hashable, Course] = {}

    def has(self, plan: str) -> bool:
        """Whether there is such a plan."""
        return bool(self._specs.get(Address("Plan", plan)))

    def bill(self, scenario: Scenario, *, as_far_as_offered: bool = False) -> Bill:
        """What the customer pays. Raises ``PricingError`` for what cannot be billed.

        ``as_far_as_offered``: usage that has no price here costs nothing, and add-ons that are not offered are left
        out, for comparing with prices that the scenario was not written for.
        """
        offered = self._plan(scenario.plan)
        usage: Usage = scenario.usage
        if as_far_as_offered:
            usage = _metered(offered.tariff, scenario)
        customer = Customer(
            usage=usage,
            extras=tuple(self._extras(offered, scenario, strict=not as_far_as_offered)),
            phase=scenario.phase,
            signs_up=scenario.signs_up,
            periods=scenario.periods,
            start=datetime.combine(scenario.start, time(), UTC) if scenario.start else START,
        )
        return bill(self._course(offered.tariff, scenario, customer), customer)

    def _course(self, found: Tariff, scenario: Scenario, customer: Customer) -> Course:
        """The same for all customers who differ in usage only: most of the work is in the dates."""
        bought = tuple((id(extra.addon), extra.quantity) for extra in customer.extras)  # each is read once and kept
        same = (scenario.plan, bought, customer.phase, customer.signs_up, customer.periods, customer.start)
        known = self._courses.get(same)
        if known is None:
            known = self._courses[same] = course(found, customer)
        return known

    def _plan(self, key: str) -> _Offered:
        found = self._plans.get(key)
        if found is None:
            spec = self._specs.get(Address("Plan", key))
            if not spec:
                raise PricingError(f"the prices of Plan/{key} are not known here")
            addons = {str(offer.get("addon")): str(offer.get("fromPlanPhase")) for offer in items(spec.get("addons"))}
            found = self._plans[key] = _Offered(tariff(spec), addons)
        return found

    def _extras(self, offered: _Offered, scenario: Scenario, *, strict: bool) -> Iterator[Extra]:
        for key, quantity in scenario.addons.items():
            if key in offered.addons:
                yield Extra(self._addon(key), quantity, offered.addons[key])
            elif strict:
                raise PricingError(f"Plan/{scenario.plan} does not offer the add-on `{key}`")

    def _addon(self, key: str) -> tuple[Card, ...]:
        found = self._addons.get(key)
        if found is None:
            spec = self._specs.get(Address("Addon", key))
            if not spec:
                raise PricingError(f"the prices of Addon/{key} are not known here")
            found = self._addons[key] = cards_of(spec)
        return found


def _metered(found: Tariff, scenario: Scenario) -> Usage:
    """The usage that this tariff has a card for, where the customer is."""
    wanted = scenario.phase or (found.phases[-1].key if found.phases else None)
    known = {
        card.feature
        for phase in found.phases
        if scenario.signs_up or phase.key == wanted
        for card in phase.cards
        if not isinstance(card.price, FlatPrice)
    }
    return {feature: units for feature, units in scenario.usage.items() if feature in known}


Versus = Mapping[str, PriceList | str]
"""What bills are compared with, by its name in ``increaseVs``: prices, or why there are none to compare with."""


@exact
def price_test(scenario: Scenario, prices: PriceList, versus: Versus | None = None) -> PriceTest:
    """Bill a scenario and hold it to what it expects; what cannot be billed is said, not raised."""
    try:
        found = prices.bill(scenario)
    except (PricingError, ArithmeticError, ValueError) as error:
        return PriceTest(scenario, None, refused=str(error))
    if scenario.expect is None:
        return PriceTest(scenario, found)
    notes: list[str] = []
    misses = (*_misses(scenario, found, scenario.expect), *_increases(scenario, found, versus or {}, notes))
    return PriceTest(scenario, found, misses, notes=tuple(notes))


def _misses(scenario: Scenario, found: Bill, expect: Expectation) -> Iterator[Miss]:
    total, said = found.total, _Amounts(found.currency)
    if expect.total is not None and total != expect.total:
        yield said.miss(scenario, ("total",), said.text(expect.total), total, expect.total)
    if expect.at_most is not None and total > expect.at_most:
        yield said.miss(scenario, ("atMost",), f"at most {said.text(expect.at_most)}", total, expect.at_most)
    if expect.at_least is not None and total < expect.at_least:
        yield said.miss(scenario, ("atLeast",), f"at least {said.text(expect.at_least)}", total, expect.at_least)
    by_card = found.by_card() if expect.lines else {}
    for card, amount in expect.lines.items():
        got = by_card.get(card, ZERO)
        if got != amount:
            yield said.miss(scenario, ("lines", card), said.text(amount), got, amount)


@dataclass(frozen=True, slots=True)
class _Amounts:
    """Words for amounts in a currency."""

    currency: str

    def text(self, amount: Decimal) -> str:
        """With the decimals of the currency, or more where it has more."""
        places = max(subunits(self.currency), -int(amount.as_tuple().exponent))
        return f"{amount:.{places}f} {self.currency}"

    def miss(self, scenario: Scenario, at: Path, expected: str, got: Decimal, near: Decimal) -> Miss:
        """An amount that is not what was expected."""
        return _miss(scenario, at, expected, self.text(got), got - near)


def _miss(scenario: Scenario, at: Path, expected: str, got: str, difference: Decimal | None = None) -> Miss:
    what = ".".join(map(str, at))
    return Miss(what, expected, got, difference, scenario.source.locate(("expect", *at)))


def _increases(scenario: Scenario, found: Bill, versus: Versus, notes: list[str]) -> Iterator[Miss]:
    expect = scenario.expect
    for increase in expect.increases if expect else ():
        at: Path = ("increaseVs", increase.versus)
        other = versus.get(increase.versus, "it was not asked for")
        if isinstance(other, str):
            yield _miss(scenario, at, f"a bill on {increase.versus} to compare with", f"none: {other}")
        elif not other.has(scenario.plan):
            notes.append(f"increaseVs.{increase.versus}: there is no Plan/{scenario.plan} to compare with")
        else:
            yield from _increase(scenario, found, increase, other)


def _increase(scenario: Scenario, found: Bill, increase: Increase, other: PriceList) -> Iterator[Miss]:
    at: Path = ("increaseVs", increase.versus)
    try:
        before = other.bill(scenario, as_far_as_offered=True)
    except (PricingError, ArithmeticError, ValueError) as error:
        yield _miss(scenario, at, f"a bill on {increase.versus} to compare with", f"none: {error}")
        return
    if before.currency != found.currency:
        yield _miss(scenario, at, f"a bill in {found.currency}", f"one in {before.currency}")
        return
    yield from _out_of_bounds(scenario, found, increase, before)


def _out_of_bounds(scenario: Scenario, found: Bill, increase: Increase, before: Bill) -> Iterator[Miss]:
    rise = found.total - before.total
    for name, bound, sign, words in (
        ("atMost", increase.at_most, 1, "at most"),
        ("atLeast", increase.at_least, -1, "at least"),
    ):
        # Held to a hundredfold, so that no percentage has to be divided.
        if bound is not None and (beyond := rise * HUNDRED - _allowed(bound, before.total)) * sign > 0:
            said = _Amounts(found.currency)
            expected = f"{words} {bound if bound.percent else said.text(bound.value)} above {increase.versus}"
            bills = f"{said.text(before.total)} -> {said.text(found.total)}"
            got = f"{said.text(rise)}{_percent(rise, before.total)}: {bills}"
            yield _miss(scenario, ("increaseVs", increase.versus, name), expected, got, beyond / HUNDRED)


def _percent(rise: Decimal, before: Decimal) -> str:
    """For people: with one decimal."""
    return f" ({rounded(rise * HUNDRED / before, 1):+}%)" if before else ""


def _allowed(bound: Bound, before: Decimal) -> Decimal:
    """A hundred times the rise that a bound is."""
    return bound.value * (before if bound.percent else HUNDRED)
