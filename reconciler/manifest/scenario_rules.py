"""What never makes sense in a scenario: a customer that cannot be, and a bill that cannot come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from typing import cast

from pydantic import BaseModel

from reconciler.kinds.addon import AddonSpec
from reconciler.kinds.alignment import same_length
from reconciler.kinds.currencies import FIAT
from reconciler.kinds.kind import Catalogue, Finding, Rule
from reconciler.kinds.plan import Offer, Phase, PlanSpec
from reconciler.kinds.prices import FlatPrice
from reconciler.kinds.ratecards import FlatFeeCard, UsageBasedCard
from reconciler.manifest.scenario_spec import ExpectSpec, IncreaseSpec, ScenarioSpec
from reconciler.model import Bound, Path
from reconciler.reading.suggest import did_you_mean, one_of

_LANGUAGE = "manifest language"
Card = FlatFeeCard | UsageBasedCard

PHASE = Rule("scenario.phase", "A customer is in one phase of the plan, or goes through all of them.", _LANGUAGE)
ADDON = Rule("scenario.addon", "Only what the plan offers can be bought, from the phase on that it says.", _LANGUAGE)
QUANTITY = Rule("scenario.quantity", "The server refuses to sell more of an add-on than that.", "OpenMeter v1, add-ons")
USAGE = Rule("scenario.usage", "Usage that nothing prices would test nothing.", _LANGUAGE)
START = Rule("scenario.start", "A customer begins on a day, in UTC.", _LANGUAGE)
CARD = Rule("scenario.card", "A line that never comes can only be expected to be 0.", _LANGUAGE)
EXPECT = Rule("scenario.expect", "An expectation has to say something, and something that can be.", _LANGUAGE)
INCREASE = Rule("scenario.increase", "A bill is above another one by an amount or by a percentage.", _LANGUAGE)
PRECISION = Rule("scenario.precision", "A bill has no decimals that its currency does not have.", "OpenMeter rating")

RULES = (PHASE, ADDON, QUANTITY, USAGE, START, CARD, EXPECT, INCREASE, PRECISION)


def check(key: str, spec: BaseModel, catalogue: Catalogue) -> Iterator[Finding]:
    """Every finding of a scenario; what it says of a plan that is not there or not valid is not looked at."""
    del key
    scenario = cast("ScenarioSpec", spec)
    yield from _phase_or_sign_up(scenario)
    if scenario.expect is not None:
        yield from _expect(scenario.expect)
    plan = catalogue.spec("Plan", scenario.plan)
    if plan is not None:
        yield from _Customer(scenario, cast("PlanSpec", plan), catalogue).check()


def _phase_or_sign_up(scenario: ScenarioSpec) -> Iterator[Finding]:
    if scenario.phase is not None and scenario.signs_up:
        message = "who signs up goes through all phases; leave out `phase` or `signsUp`"
        yield Finding(PHASE, ("phase",), message, at_key=True)


class _Customer:
    """A scenario beside the plan that it is about."""

    def __init__(self, scenario: ScenarioSpec, plan: PlanSpec, catalogue: Catalogue) -> None:
        self._scenario, self._plan, self._catalogue = scenario, plan, catalogue
        self._offers: dict[str, Offer] = {offer.addon: offer for offer in plan.addons or ()}

    def check(self) -> Iterator[Finding]:
        """What does not fit the plan."""
        phases = [phase.key for phase in self._plan.phases]
        phase = self._scenario.phase
        if phase is not None and phase not in phases:
            hint = did_you_mean(phase, phases) or f"; its phases are {one_of(phases)}"
            yield Finding(PHASE, ("phase",), f"Plan/{self._scenario.plan} has no phase `{phase}`{hint}")
            return
        for addon, quantity in (self._scenario.addons or {}).items():
            yield from self._addon(addon, quantity)
        yield from self._usage()
        if self._scenario.expect is not None:
            yield from self._lines(self._scenario.expect.lines or {})
            yield from _precise(self._scenario.expect, self._plan.currency)

    @cached_property
    def _phases(self) -> list[Phase]:
        """The phases that the customer is in."""
        if self._scenario.signs_up:
            return list(self._plan.phases)
        wanted = self._scenario.phase
        return [phase for phase in reversed(self._plan.phases) if wanted in (None, phase.key)][:1]

    @cached_property
    def _cards(self) -> list[Card]:
        """The rate cards of the customer, with those of add-ons."""
        bought = [addon for key in self._scenario.addons or {} if (addon := self._catalogue.spec("Addon", key))]
        of_addons = [card for addon in bought for card in cast("AddonSpec", addon).rate_cards]
        return [*(card for phase in self._phases for card in phase.rate_cards), *of_addons]

    def _addon(self, key: str, quantity: int) -> Iterator[Finding]:
        at: Path = ("addons", key)
        offer = self._offers.get(key)
        if offer is None:
            hint = did_you_mean(key, self._offers) or _list("; it offers ", self._offers, "; it offers none")
            yield Finding(ADDON, at, f"Plan/{self._scenario.plan} does not offer the add-on `{key}`{hint}", at_key=True)
            return
        phases = [phase.key for phase in self._plan.phases]
        here = self._phases[-1].key
        if offer.from_plan_phase in phases and phases.index(offer.from_plan_phase) > phases.index(here):
            message = f"`{key}` is offered from the phase `{offer.from_plan_phase}` on; the customer is in `{here}`"
            yield Finding(ADDON, at, message, at_key=True)
        addon = cast("AddonSpec | None", self._catalogue.spec("Addon", key))
        if addon is not None and addon.instance_type == "single" and quantity > 1:
            yield Finding(QUANTITY, at, f"`{key}` is bought once, it is a `single` add-on")
        elif offer.max_quantity is not None and quantity > offer.max_quantity:
            message = f"Plan/{self._scenario.plan} offers at most {offer.max_quantity} of `{key}`"
            yield Finding(QUANTITY, at, message)

    def _usage(self) -> Iterator[Finding]:
        priced = {card.feature_key: card for card in self._cards if isinstance(card, UsageBasedCard)}
        known = [feature for feature in priced if feature]
        for feature, units in (self._scenario.usage or {}).items():
            if feature not in priced:
                where = self._where()
                hint = did_you_mean(feature, known) or _list("; by usage it prices ", known, "; it prices none")
                message = f"{where} does not price the usage of `{feature}`{hint}"
                yield Finding(USAGE, ("usage", feature), message, at_key=True)
            elif isinstance(units, tuple):
                yield from self._periods(feature, len(units), priced[feature].billing_cadence)

    def _periods(self, feature: str, given: int, cadence: str) -> Iterator[Finding]:
        """More totals than there are periods would be passed over."""
        if not same_length(cadence, self._plan.billing_cadence):
            return
        periods = self._scenario.periods or 1
        stubs = len(self._phases) - 1
        if given > periods + stubs:
            also = f" and {stubs} more phases" if stubs else ""
            message = f"{given} totals of `{feature}` for {periods} billing periods{also}; write `periods: {given}`"
            yield Finding(USAGE, ("usage", feature), message, at_key=True)

    def _lines(self, lines: Mapping[str, Decimal]) -> Iterator[Finding]:
        by_key: dict[str, list[Card]] = {}
        for card in self._cards:
            by_key.setdefault(_key(card), []).append(card)
        for key, amount in lines.items():
            at: Path = ("expect", "lines", key)
            if key not in by_key:
                hint = did_you_mean(key, by_key) or _list("; its cards are ", by_key, "")
                yield Finding(CARD, at, f"{self._where()} has no rate card `{key}`{hint}", at_key=True)
            elif amount and (reason := self._never(by_key[key])):
                yield Finding(CARD, at, f"`{key}` is never billed here: {reason}; expect `0`, or leave it out")

    def _never(self, cards: list[Card]) -> str | None:
        if all(card.price is None for card in cards):
            return "it has no price"
        ending = {_key(card) for phase in self._phases[:-1] for card in phase.rate_cards}
        if _key(cards[0]) not in ending and all(map(_once_at_the_end, cards)):
            return "a one-time fee in arrears is due when the phase ends, and this one has no end"
        return None

    def _where(self) -> str:
        plan = f"Plan/{self._scenario.plan}"
        return plan if self._scenario.signs_up else f"{plan} in its phase `{self._phases[0].key}`"


def _key(card: Card) -> str:
    return card.key or card.feature_key or ""


def _once_at_the_end(card: Card) -> bool:
    price = card.price
    return isinstance(price, FlatPrice) and price.payment_term == "in_arrears" and card.billing_cadence is None


def _list(words: str, names: Iterable[str], otherwise: str) -> str:
    listed = one_of(names)
    return f"{words}{listed}" if listed else otherwise


def _precise(expect: ExpectSpec, currency: str) -> Iterator[Finding]:
    """A total that no bill can have."""
    places = FIAT.get(currency)
    amounts: dict[Path, Decimal] = {("total",): expect.total} if expect.total is not None else {}
    amounts |= {("lines", key): amount for key, amount in (expect.lines or {}).items()}
    for path, amount in amounts.items():
        if places is not None and amount != round(amount, places):
            decimals = f"{places} decimals" if places else "no decimals"
            message = f"{currency} has {decimals}: no bill comes to {amount:f}"
            yield Finding(PRECISION, ("expect", *path), message)


def _expect(expect: ExpectSpec) -> Iterator[Finding]:
    if not expect.model_fields_set or all(getattr(expect, name) is None for name in expect.model_fields_set):
        names = one_of(("total", "lines", "atMost", "atLeast", "increaseVs"))
        yield Finding(EXPECT, ("expect",), f"it expects nothing; write {names}", at_key=True)
    yield from _possible(expect)
    for versus, increase in (expect.increase_vs or {}).items():
        yield from _increase(versus, increase)


def _possible(expect: ExpectSpec) -> Iterator[Finding]:
    least, most, total = expect.at_least, expect.at_most, expect.total
    lines = sum((expect.lines or {}).values(), Decimal(0))
    contradictions: tuple[tuple[str, bool, Callable[[], str]], ...] = (
        ("atLeast", _above(least, most), lambda: f"at least {least:f} and at most {most:f} cannot both be"),
        ("total", _above(total, most), lambda: f"a total of {total:f} is more than the {most:f} of `atMost`"),
        ("total", _above(least, total), lambda: f"a total of {total:f} is less than the {least:f} of `atLeast`"),
        ("lines", _above(lines, total), lambda: f"the lines come to {lines:f}, more than the total of {total:f}"),
        ("lines", _above(lines, most), lambda: f"the lines come to {lines:f}, more than the {most:f} of `atMost`"),
    )
    for name, wrong, message in contradictions:
        if wrong:
            yield Finding(EXPECT, ("expect", name), message(), at_key=name == "lines")


def _above(one: Decimal | None, other: Decimal | None) -> bool:
    return one is not None and other is not None and one > other


def _increase(versus: str, increase: IncreaseSpec) -> Iterator[Finding]:
    at: Path = ("expect", "increaseVs", versus)
    least, most = cast("Bound | None", increase.at_least), cast("Bound | None", increase.at_most)
    if least is None and most is None:
        yield Finding(EXPECT, at, "it says no bound; write `atMost` or `atLeast`", at_key=True)
    elif least is not None and most is not None and least.percent == most.percent and least.value > most.value:
        message = f"an increase of at least {least} and at most {most} cannot be"
        yield Finding(EXPECT, (*at, "atLeast"), message)
