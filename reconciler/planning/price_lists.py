"""The prices of what is declared, and of what is live: what scenarios are billed by. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired, Observation, Tree
from reconciler.planning.between import live_entries, matched
from reconciler.planning.canonical import complete
from reconciler.pricing import PriceList

PRICED = ("Plan", "Addon")
"""The kinds whose specs have prices."""


def declared_prices(desired: Desired, plans: Iterable[str] | None = None) -> PriceList:
    """What is declared; ``plans`` names those that matter, None: all. What is only observed has no prices here."""
    wanted = None if plans is None else frozenset(plans)

    def feature_name(key: str) -> str | None:
        feature = desired.resources.get(Address("Feature", key))
        name = feature.spec.get("name") if feature else None
        return name if isinstance(name, str) else None

    found: dict[Address, Mapping[str, Tree]] = {}
    for address, resource in desired.resources.items():
        matters = address.kind == "Addon" or wanted is None or address.key in wanted
        if address.kind in PRICED and resource.spec and matters:
            found[address] = complete(KINDS[address.kind], address.key, resource.spec, feature_name)
    return PriceList(found)


def live_prices(desired: Desired, observation: Observation, api: str) -> PriceList:
    """What a new customer gets today: the active versions. ``desired`` tells whose objects are ours."""
    priced = {address: resource for address, resource in desired.resources.items() if address.kind in PRICED}
    entries = live_entries(matched(replace(desired, resources=priced), observation, api), {})
    return PriceList(
        {
            address: entry.spec
            for address, entry in entries.items()
            if address.kind in PRICED and entry.side.state == "active"
        }
    )
