"""Paths of fields for people: where a line may break, and what a price is the price of."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SEGMENTS = re.compile(r"\.?[^.\[\]]+|\[[^\]]*\]")
_CARD = re.compile(r"(?:phases\[(?P<phase>[^\]]*)\]\.)?rateCards\[(?P<card>[^\]]*)\](?:\.(?P<rest>.*))?")
_TIER = re.compile(r"tiers\[([0-9]{1,4})\]\.?(.*)")
_WORDS = {
    "": "price",
    "amount": "price",
    "unitPrice.amount": "per unit",
    "unitPrice": "per unit",
    "flatPrice.amount": "flat",
    "flatPrice": "flat",
    "minimumAmount": "minimum",
    "maximumAmount": "maximum",
    "unitCost.amount": "unit cost",
}


@dataclass(frozen=True, slots=True)
class Spot:
    """What a price is the price of: the card, the phase it is sold in, and which of the card's prices."""

    card: str
    phase: str
    what: str


def segments(path: str) -> tuple[str, ...]:
    """The path in parts between which a line may break."""
    return tuple(_SEGMENTS.findall(path)) or (path,)


def spot(path: str) -> Spot:
    """The price at a path: ``tokens``, ``main``, ``tier 2, per unit``. A path of no card is told as it is."""
    found = _CARD.fullmatch(path)
    if found is None:
        return Spot("", "", _WORDS.get(path, path))
    rest = (found["rest"] or "").removeprefix("price.")
    return Spot(found["card"], found["phase"] or "", _told("" if rest == "price" else rest))


def _told(rest: str) -> str:
    tier = _TIER.fullmatch(rest)
    if tier is None:
        return _WORDS.get(rest, rest)
    inner = _WORDS.get(tier[2], tier[2]) if tier[2] else ""
    return f"tier {int(tier[1]) + 1}{f', {inner}' if inner else ''}"
