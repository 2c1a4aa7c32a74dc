"""What a changed price is called by people: the card's name, the tier's bounds, what it is for.

The names come from what the plan would send: the bodies of its steps hold every rate card whole; of a card that goes,
or of a plan that is blocked, from what is live. Where neither knows it, the keys of the path have to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciler.model import Address, FieldChange, Plan, Tree, exact_number
from reconciler.render import money
from reconciler.render.bill_text import grouped
from reconciler.render.impact_text import period
from reconciler.render.markdown import code, sentence, unhidden

_CARD = re.compile(r"(?:phases\[(?P<phase>[^\]]*)\]\.)?rateCards\[(?P<card>[^\]]*)\](?:\.(?P<rest>.*))?")
_TIER = re.compile(r"price\.tiers\[(?P<index>\d+)\](?:\.(?P<leaf>.*))?")
_WORDS = {
    "price.multiplier": "multiplier",
    "price.quantityPerPackage": "units in a package",
    "price.mode": "how tiers count",
    "price.type": "price model",
    "price.paymentTerm": "when it is billed",
    "discounts.percentage.percentage": "discount in per cent",
    "discounts.usage.quantity": "free units",
    "featureKey": "what it is for",
    "billingCadence": "billing cadence",
}
_MILLION = Decimal(1_000_000)
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Label:
    """What a price is called. ``name`` is somebody else's text, ``words`` are ours; ``each``: it is for one unit."""

    name: str
    words: tuple[str, ...] = ()
    each: bool = False
    named: bool = True

    def markdown(self, more: str = "") -> str:
        """For a cell of a table."""
        name = sentence(clipped(self.name)) if self.named else code(clipped(self.name))
        return ", ".join(part for part in (name, *self.words, more) if part)

    def plain(self, more: str = "") -> str:
        """For a line of code."""
        return ", ".join(part for part in (unhidden(clipped(self.name)), *self.words, more) if part)


def clipped(text: str, longest: int = _LONGEST) -> str:
    """Text of others in a table, cut where nobody reads on."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


class Names:
    """The rate cards of everything that a plan changes, as they would be sent, and as they are."""

    def __init__(self, plan: Plan) -> None:
        self._specs: dict[Address, list[Mapping[str, Tree]]] = {}
        for step in plan.steps:
            if step.body is not None and ("phases" in step.body or "rateCards" in step.body):
                self._specs.setdefault(step.address, [step.body])
        for one in plan.contents:
            self._specs.setdefault(one.address, []).extend(side for side in (one.after, one.before) if side is not None)

    def label(self, address: Address, field: FieldChange) -> Label:
        """What the price at a path is called."""
        match = _CARD.fullmatch(field.path)
        if match is None:
            return Label(field.path, named=False)
        phase, key, rest = match["phase"], match["card"], match["rest"] or ""
        cards = [card for card in self._cards(address, phase) if card.get("key") == key]
        name = self._name(address, phase, key, cards)
        words, each = _words(rest, cards)
        return Label(name or key, (*words, *self._phase(address, phase)), each, named=name is not None)

    def _cards(self, address: Address, phase: str | None) -> list[Mapping[str, Tree]]:
        """The cards of a phase, or of an add-on: those of what would be sent first."""
        return [card for spec in self._specs.get(address, ()) for card in _cards_of(spec, phase)]

    def _name(self, address: Address, phase: str | None, key: str, cards: Iterable[Mapping[str, Tree]]) -> str | None:
        """The card's name; with its key where another one has the same name."""
        names = (card.get("name") for card in cards)
        name = next((name for name in names if isinstance(name, str) and name.strip()), None)
        alike = {other.get("key") for other in self._cards(address, phase) if other.get("name") == name}
        return name if name is None or alike == {key} else f"{name} ({key})"

    def _phase(self, address: Address, phase: str | None) -> tuple[str, ...]:
        """The phase, unless it is the last one: that is what everybody pays in the end."""
        spec = next(iter(self._specs.get(address, ())), {})
        keys = [item.get("key") for item in items(spec.get("phases"))]
        known = phase is None or (keys and keys[-1] == phase)
        return () if known or phase == "main" else (f"in phase {code(clipped(phase or ''))}",)


def _cards_of(spec: Mapping[str, Tree], phase: str | None) -> Iterator[Mapping[str, Tree]]:
    holders = [spec] if phase is None else [item for item in items(spec.get("phases")) if item.get("key") == phase]
    for holder in holders:
        yield from items(holder.get("rateCards"))


def items(value: Tree) -> Iterable[Mapping[str, Tree]]:
    """The objects of a list, whatever a server or an older plan put there."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def _words(rest: str, cards: Sequence[Mapping[str, Tree]]) -> tuple[tuple[str, ...], bool]:
    """What the rest of a path means, and whether it is the price of one unit."""
    prices = [price for card in cards if isinstance(price := card.get("price"), Mapping)]
    price = prices[0] if prices else {}
    cadence = cards[0].get("billingCadence") if cards else None
    often = sentence(clipped(period(cadence))) if isinstance(cadence, str) else "once" if cards else ""
    tier = _TIER.fullmatch(rest)
    if tier is not None:
        index = int(tier["index"])
        sides = [list(items(price.get("tiers"))) for price in prices]
        return _tier(index, tier["leaf"] or "", next((tiers for tiers in sides if index < len(tiers)), []))
    if rest == "price.amount":
        return _amount(price, often)
    if rest in ("price.minimumAmount", "price.maximumAmount"):
        return (f"{'minimum' if 'minimum' in rest else 'maximum'} {often}".strip(),), False
    if rest in ("", "price"):
        return ({"": "the whole card", "price": "the whole price"}[rest],), False
    return (_WORDS.get(rest) or code(clipped(rest)),), False


def _amount(price: Mapping[str, Tree], often: str) -> tuple[tuple[str, ...], bool]:
    match price.get("type"):
        case "flat":
            return (often,) if often else (), False
        case "package":
            number = exact_number(price.get("quantityPerPackage"))
            return (f"per package of {quantity(number)}" if number is not None else "per package",), False
        case _:
            return (), True


def _tier(index: int, leaf: str, tiers: Iterable[Mapping[str, Tree]]) -> tuple[tuple[str, ...], bool]:
    bounds = _bounds(index, [exact_number(tier.get("upToAmount")) for tier in tiers])
    match leaf:
        case "unitPrice.amount":
            return (bounds,), True
        case "flatPrice.amount":
            return (bounds, "flat"), False
        case "upToAmount":
            return (f"end of tier {index + 1}",), False
        case _:
            return (bounds, *([code(clipped(leaf))] if leaf else [])), False


def _bounds(index: int, ends: list[Decimal | None]) -> str:
    """``above 10M``, ``up to 5M``, ``5M to 10M``; its number where the tiers are not known."""
    if index >= len(ends):
        return f"tier {index + 1}"
    start, end = ends[index - 1] if index else None, ends[index]
    if end is None:
        return f"above {quantity(start)}" if start is not None else "any quantity"
    return f"{quantity(start)} to {quantity(end)}" if start is not None else f"up to {quantity(end)}"


def quantity(number: Decimal) -> str:
    """``10M``, ``2.5M``, ``5,000``: units as people say them."""
    if abs(number) >= _MILLION and number % 100_000 == 0:
        return f"{money.plain(number / _MILLION)}M"
    return grouped(number)
