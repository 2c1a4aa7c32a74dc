"""Addon: what subscribers can buy beside a plan. Natural key: ``key``; versioned like plans.

Source of every rule: OpenMeter v1, add-ons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, cast

from pydantic import BaseModel

from reconciler.kinds import addon_rules, ratecard_rules
from reconciler.kinds.fields import Currency, Description, Metadata, Name
from reconciler.kinds.kind import Binding, Catalogue, Finding, IdOf, KeyOf, Kind, Spec
from reconciler.kinds.lifecycles import VERSIONED
from reconciler.kinds.price_impact import impact
from reconciler.kinds.ratecards import RateCards, card_from_wire, complete_cards, simplify_cards
from reconciler.model import Tree


class AddonSpec(Spec):
    """An add-on: rate cards that a subscriber buys beside a plan that offers it."""

    name: Name
    """Display name."""
    description: Description | None = None
    """For people."""
    currency: Currency
    """What its prices are in."""
    instance_type: Literal["single", "multiple"]
    """Whether a subscriber can buy it once or several times."""
    rate_cards: RateCards
    """What is priced and granted."""
    metadata: Metadata | None = None
    """Free key-value pairs of your own."""


def _check(key: str, spec: BaseModel, catalogue: Catalogue) -> Iterator[Finding]:
    yield from addon_rules.check(key, cast("AddonSpec", spec), catalogue)


def _complete(key: str, spec: dict[str, Tree], feature_name: Callable[[str], str | None]) -> dict[str, Tree]:
    del key
    return {**spec, "rateCards": complete_cards(spec.get("rateCards"), feature_name)}


def _simplify(key: str, spec: dict[str, Tree], feature_name: Callable[[str], str | None]) -> dict[str, Tree]:
    del key
    return {**spec, "rateCards": simplify_cards(spec.get("rateCards"), feature_name)}


def _to_wire(key: str, body: dict[str, Tree], ids: IdOf) -> dict[str, Tree]:
    del ids
    return {"key": key, **body, "rateCards": body.get("rateCards", [])}


_FIELDS = ("name", "description", "currency", "instanceType", "metadata")


def _from_wire(wire: Mapping[str, Tree], keys: KeyOf) -> dict[str, Tree]:
    del keys
    spec = {name: wire[name] for name in _FIELDS if wire.get(name) is not None}
    rows = wire.get("rateCards")
    cards = [card_from_wire(card) for card in rows] if isinstance(rows, list) else []
    return {**spec, "rateCards": cards}


KIND = Kind(
    name="Addon",
    group="openmeter.io/v1",
    order=30,
    spec=AddonSpec,
    lifecycle=VERSIONED,
    bindings={
        "v1": Binding(
            collection="/api/v1/addons",
            to_wire=_to_wire,
            from_wire=_from_wire,
            key_field="key",
            list_query={"includeDeleted": "true"},
            create_only=frozenset({"key", "currency"}),
            catalog_write=True,
        )
    },
    check=_check,
    rules=(*addon_rules.RULES, *ratecard_rules.RULES),
    impact=impact,
    complete=_complete,
    simplify=_simplify,
    summary="What subscribers can buy beside a plan that offers it.",
    rename=(
        "(1) declare Addon/{new} with its `spec`; (2) write `addon: {new}` where plans offer it, and apply: they get a "
        "new version; (3) write `lifecycle: {{state: archived}}` in Addon/{old}, and apply"
    ),
    example="""\
apiVersion: openmeter.io/v1
kind: Addon
key: priority
spec:
  name: Priority support
  currency: USD
  instanceType: single
  rateCards:
    - type: flat_fee
      key: priority_fee
      name: Priority support
      billingCadence: P1M
      price: {type: flat, amount: "49"}
""",
)
