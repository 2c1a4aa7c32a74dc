"""A plan that includes more than another one and costs less, whatever is used.

A larger plan that becomes cheaper with much usage is how catalogues are made; one that is cheaper from the first unit
to the last leaves no reason for the smaller. Compared are last phases, at no usage and around every edge of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import permutations

from reconciler.kinds.alignment import same_length
from reconciler.kinds.entitlements import BooleanEntitlement, MeteredEntitlement, StaticEntitlement
from reconciler.kinds.kind import Finding, Rule
from reconciler.kinds.plan import PlanSpec
from reconciler.pricing.lint.charges import Charge
from reconciler.pricing.lint.guard import settled
from reconciler.pricing.lint.words import money, number
from reconciler.pricing.money import ONE, ZERO
from reconciler.pricing.prices import FlatPrice
from reconciler.pricing.probes import edges

CHEAPER = Rule(
    "money.plan.cheaper_than_smaller",
    "A plan that includes more and costs less leaves nobody a reason to buy the smaller one.",
    "comparison of the declared plans",
    "warning",
)

RULES = (CHEAPER,)

_MANY = 60
"""So many alike plans are generated, and compared by nobody one by one."""

_USUAL = (Decimal(1_000), Decimal(1_000_000))


@dataclass(frozen=True)
class Offer:
    """What the last phase of a plan includes and costs in a billing period."""

    key: str
    plan: PlanSpec
    charges: tuple[Charge, ...]

    @cached_property
    def usage(self) -> dict[str, Charge]:
        """Feature → the card that prices its usage."""
        return {
            charge.card.key: charge
            for charge in self.charges
            if charge.price is not None and not isinstance(charge.price, FlatPrice)
        }

    @cached_property
    def fee(self) -> Decimal:
        """The recurring fees together."""
        return sum((charge.cost() for charge in self.fees), ZERO)

    @cached_property
    def idle(self) -> Decimal:
        """What a customer pays who uses nothing."""
        return self.fee + sum((charge.cost() for charge in self.usage.values()), ZERO)

    @cached_property
    def fees(self) -> list[Charge]:
        """The recurring fees."""
        return [one for one in self.charges if isinstance(one.price, FlatPrice) and one.card.cadence is not None]

    @property
    def fee_path(self) -> Charge | None:
        """The dearest recurring fee."""
        return max(self.fees, key=lambda charge: charge.cost(), default=None)

    @cached_property
    def grants(self) -> dict[str, Decimal | str | None]:
        """Feature → its allowance; None where it is on without one; a text for a setting."""
        found: dict[str, Decimal | str | None] = {}
        for charge in self.charges:
            feature = charge.card.feature
            match charge.spec.entitlement_template:
                case _ if feature is None:
                    continue
                case MeteredEntitlement() as template:
                    found[feature] = template.issue_after_reset or ZERO
                case StaticEntitlement() as template:
                    found[feature] = str(template.config)
                case BooleanEntitlement() | None:
                    found[feature] = None
        return found

    def paid(self, feature: str, quantity: Decimal) -> Decimal:
        """With so many units of one feature, and nothing of the others."""
        charge = self.usage[feature]
        return self.idle - charge.cost() + charge.cost(quantity)


def offer(key: str, plan: PlanSpec, charges: Sequence[Charge]) -> Offer | None:
    """The last phase of a plan; None where it cannot be compared: cards with other periods than the plan's."""
    last = len(plan.phases) - 1
    own = tuple(charge for charge in charges if charge.phase == last)
    for charge in own:
        cadence = charge.spec.billing_cadence
        other = cadence is not None and cadence != plan.billing_cadence
        if charge.price is not None and other and not same_length(cadence or "", plan.billing_cadence):
            return None
    return Offer(key, plan, own)


def check(offers: Sequence[Offer]) -> dict[str, list[Finding]]:
    """The findings of every plan, by its key."""
    groups: dict[tuple[str, str, frozenset[str]], list[Offer]] = {}
    for one in offers:
        if one.usage or one.fees:
            kind = (one.plan.currency, one.plan.billing_cadence, frozenset(one.usage))
            groups.setdefault(kind, []).append(one)
    found: dict[str, list[Finding]] = {}
    for group in groups.values():
        if len(group) > _MANY:
            continue
        for larger, smaller in permutations(group, 2):
            for finding in settled(_cheaper(larger, smaller)):
                found.setdefault(larger.key, []).append(finding)
    return found


def _cheaper(larger: Offer, smaller: Offer) -> Iterator[Finding]:
    if larger.idle >= smaller.idle or not _includes_more(larger, smaller):
        return
    seen: list[str] = []
    for feature in larger.usage:
        for quantity in _probes(larger.usage[feature], smaller.usage[feature]):
            if larger.paid(feature, quantity) >= smaller.paid(feature, quantity):
                return
        seen.append(_beside(larger, smaller, feature))
    at = larger.fee_path or next(iter(larger.usage.values()))
    currency = larger.plan.currency
    nothing = f"{money(larger.idle, currency)} instead of {money(smaller.idle, currency)} without usage"
    message = (
        f"this plan includes what Plan/{smaller.key} does and more, and costs less whatever is used: "
        f"{', '.join([nothing, *seen[:1]])}"
    )
    yield Finding(CHEAPER, at.at("price", "amount"), message, at_key=True)


def _beside(larger: Offer, smaller: Offer, feature: str) -> str:
    quantity = _USUAL[0]
    now, then = (money(one.paid(feature, quantity), one.plan.currency) for one in (larger, smaller))
    return f"{now} instead of {then} with {number(quantity)} units of `{feature}`"


def _includes_more(larger: Offer, smaller: Offer) -> bool:
    """Whether nothing is missing of what the smaller one includes, and something is on top."""
    more = len(larger.grants) > len(smaller.grants)
    for feature, granted in smaller.grants.items():
        if feature not in larger.grants:
            return False
        own = larger.grants[feature]
        if isinstance(own, Decimal) and isinstance(granted, Decimal):
            if own < granted:
                return False
            more = more or own > granted
        elif own != granted:
            return False
    for feature, charge in smaller.usage.items():
        if larger.usage[feature].free < charge.free:
            return False
        more = more or larger.usage[feature].free > charge.free
    return more or larger.fee > smaller.fee


def _probes(*charges: Charge) -> list[Decimal]:
    found = {*_USUAL}
    for charge in charges:
        for edge in (*(edges(charge.price) if charge.price is not None else ()), ZERO):
            found |= {charge.free + edge, charge.free + edge + ONE, (charge.free + edge) * 10}
    return sorted(found - {ZERO})
