"""Real usage inside a saved plan: aggregates only; covered by the file's digest, not by the change digest."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reconciler.model import Address, Rerated, Spread

_SPREAD = ("least", "median", "ninth", "most")


def tree(found: Rerated) -> dict[str, Any]:
    """As plain values; amounts are text, because they are exact. Movers stay out."""
    spread = found.spread
    return {
        "plan": str(found.plan),
        "currency": found.currency,
        "subscriptions": found.subscriptions,
        "looked_at": found.looked_at,
        "rated": found.rated,
        "unrated": [{"reason": reason, "subscriptions": count} for reason, count in found.unrated],
        "before": f"{found.before:f}",
        "after": f"{found.after:f}",
        "difference": f"{found.after - found.before:f}",
        "more": found.more,
        "less": found.less,
        "same": found.same,
        "spread": None if spread is None else {name: f"{getattr(spread, name):f}" for name in _SPREAD},
        "steepest_percent": f"{found.steepest.quantize(Decimal('0.0001')):f}",
        "newly_charged": found.newly_charged,
    }


def read(item: Mapping[str, Any]) -> Rerated:
    """From plain values; raises what indexing raises where something is missing."""
    spread = item["spread"]
    return Rerated(
        Address.parse(item["plan"]),
        item["currency"],
        item["subscriptions"],
        item["looked_at"],
        item["rated"],
        tuple((each["reason"], each["subscriptions"]) for each in item["unrated"]),
        Decimal(item["before"]),
        Decimal(item["after"]),
        item["more"],
        item["less"],
        None if spread is None else Spread(*(Decimal(spread[name]) for name in _SPREAD)),
        Decimal(item["steepest_percent"]),
        item["newly_charged"],
    )
