"""Bills inside a saved plan: covered by the file's digest, not by the change digest."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reconciler.model import Address, Amounts, Impact


def tree(impact: Impact) -> dict[str, Any]:
    """As plain values; amounts are text, because they are exact."""
    return {
        "plan": str(impact.plan),
        "customer": impact.customer,
        "generated": impact.generated,
        "currency": impact.currency,
        "period": impact.period,
        "each": _amounts(impact.each),
        "yearly": _amounts(impact.yearly),
        "reason": impact.reason,
    }


def read(item: Mapping[str, Any]) -> Impact:
    """From plain values; raises what indexing raises where something is missing."""
    return Impact(
        Address.parse(item["plan"]),
        item["customer"],
        item["generated"],
        item["currency"],
        item["period"],
        _read(item["each"]),
        _read(item["yearly"]),
        item["reason"],
    )


def _amounts(amounts: Amounts | None) -> dict[str, str] | None:
    if amounts is None:
        return None
    return {"before": f"{amounts.before:f}", "after": f"{amounts.after:f}", "difference": f"{amounts.difference:f}"}


def _read(item: Mapping[str, Any] | None) -> Amounts | None:
    return Amounts(Decimal(item["before"]), Decimal(item["after"])) if item is not None else None
