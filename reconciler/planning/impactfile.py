"""Bills and curves inside a saved plan: covered by the file's digest, not by the change digest."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reconciler.model import Address, Amounts, Curve, Impact


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


def curve_tree(curve: Curve) -> dict[str, Any]:
    """A curve as plain values."""
    return {
        "plan": str(curve.plan),
        "phase": curve.phase,
        "feature": curve.feature,
        "currency": curve.currency,
        "quantities": [f"{value:f}" for value in curve.quantities],
        "before": [f"{value:f}" for value in curve.before],
        "after": [f"{value:f}" for value in curve.after],
    }


def read_curve(item: Mapping[str, Any]) -> Curve:
    """A curve from plain values."""
    quantities, before, after = (
        tuple(Decimal(value) for value in item[name]) for name in ("quantities", "before", "after")
    )
    return Curve(
        Address.parse(item["plan"]), item["phase"], item["feature"], item["currency"], quantities, before, after
    )


def _amounts(amounts: Amounts | None) -> dict[str, str] | None:
    if amounts is None:
        return None
    return {"before": f"{amounts.before:f}", "after": f"{amounts.after:f}", "difference": f"{amounts.difference:f}"}


def _read(item: Mapping[str, Any] | None) -> Amounts | None:
    return Amounts(Decimal(item["before"]), Decimal(item["after"])) if item is not None else None
