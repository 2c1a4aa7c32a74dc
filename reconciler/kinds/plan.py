"""Plan: what customers subscribe to. Natural key: ``key``; a version never changes once it is active.

Source of every rule: OpenMeter v1, plans and plan add-ons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, BaseModel, Field

from reconciler.kinds import markers as m
from reconciler.kinds import offers, plan_rules, ratecard_rules
from reconciler.kinds.durations import Period
from reconciler.kinds.fields import Currency, Description, IsoDuration, Key, Metadata, Name, problem
from reconciler.kinds.kind import Binding, Catalogue, Finding, IdOf, KeyOf, Kind, Spec
from reconciler.kinds.lifecycles import VERSIONED
from reconciler.kinds.price_impact import impact
from reconciler.kinds.ratecards import RateCards, card_from_wire, complete_cards, simplify_cards
from reconciler.model import Tree

_CADENCES = ("P1W", "P2W", "P4W", "P1M", "P3M", "P6M", "P12M", "P1Y")


def _cadence(value: str) -> str:
    if str(Period.parse(value)) not in _CADENCES:
        raise problem(
            "plan.billing_cadence", f"a plan is billed every {', '.join(_CADENCES)}; `{value}` is none of them"
        )
    return value


class ProRating(Spec):
    """Whether a part of a period costs a part of the price."""

    enabled: Annotated[bool, m.ServerDefault(value=True)] | None = None
    """Whether fees of a shortened period are prorated."""
    mode: Annotated[Literal["prorate_prices"], m.ServerDefault("prorate_prices")] | None = None
    """How."""


class Phase(Spec):
    """A stretch of a subscription with prices of its own: a trial, a ramp, the rest."""

    key: Key
    """Unique in the plan."""
    name: Name
    """Display name."""
    description: Annotated[str, Field(max_length=1024)] | None = None
    """For people."""
    duration: Annotated[IsoDuration, m.WhenEmpty("null", on_create=True)] | None = None
    """How long it lasts; nothing on the last phase."""
    rate_cards: RateCards
    """What is priced and granted."""
    metadata: Metadata | None = None
    """Free key-value pairs of your own."""


class PlanAlignment(Spec):
    """Deprecated: whether cards align to the plan."""

    billables_must_align: bool | None = None
    """Refused: OpenMeter drops it."""


class Offer(Spec):
    """An add-on that subscribers of the plan can buy."""

    addon: Annotated[Key, m.Ref("Addon")]
    """The add-on."""
    from_plan_phase: Key
    """The phase from which on it can be bought."""
    max_quantity: int | None = None
    """How many a subscriber can buy at most; for add-ons that can be bought several times."""
    metadata: Metadata | None = None
    """Free key-value pairs of your own."""


class PlanSpec(Spec):
    """A plan: what customers subscribe to, phase by phase."""

    name: Name
    """Display name."""
    description: Description | None = None
    """For people."""
    currency: Currency
    """What its prices are in."""
    billing_cadence: Annotated[IsoDuration, AfterValidator(_cadence)]
    """How often subscribers are billed."""
    pro_rating_config: Annotated[ProRating, m.Filled()] | None = None
    """Whether a part of a period costs a part of the price."""
    settlement_mode: (
        Annotated[Literal["credit_then_invoice", "credit_only"], m.ServerDefault("credit_then_invoice")] | None
    ) = None
    """How usage is settled."""
    alignment: PlanAlignment | None = None
    """Refused: OpenMeter drops it."""
    phases: Annotated[list[Phase], Field(min_length=1), m.Keyed("key", ordered=True)]
    """The phases, in order."""
    addons: Annotated[list[Offer], m.Keyed("addon")] | None = None
    """The add-ons on offer."""
    metadata: Metadata | None = None
    """Free key-value pairs of your own."""


def _check(key: str, spec: BaseModel, catalogue: Catalogue) -> Iterator[Finding]:
    plan = cast("PlanSpec", spec)
    yield from plan_rules.check(key, plan, catalogue)
    yield from offers.check(plan, catalogue)


def _complete(key: str, spec: dict[str, Tree], feature_name: Callable[[str], str | None]) -> dict[str, Tree]:
    del key
    phases = [
        {**phase, "rateCards": complete_cards(phase.get("rateCards"), feature_name)}
        if isinstance(phase, Mapping)
        else phase
        for phase in cast("list[Tree]", spec.get("phases") or [])
    ]
    return {**spec, "phases": phases}


def _simplify(key: str, spec: dict[str, Tree], feature_name: Callable[[str], str | None]) -> dict[str, Tree]:
    del key
    phases = cast("list[Mapping[str, Tree]]", spec.get("phases") or [])
    plain: list[Tree] = [
        {
            **phase,
            **({"duration": None} if "duration" not in phase and phase is not phases[-1] else {}),
            "rateCards": simplify_cards(phase.get("rateCards"), feature_name),
        }
        for phase in phases
    ]
    return {**spec, "phases": plain}


def _to_wire(key: str, body: dict[str, Tree], ids: IdOf) -> dict[str, Tree]:
    del ids
    phases = [
        {**phase, "rateCards": phase.get("rateCards", [])} if isinstance(phase, Mapping) else phase
        for phase in cast("list[Tree]", body["phases"])
    ]
    return {"key": key, **{name: value for name, value in body.items() if name != "addons"}, "phases": phases}


_FIELDS = ("name", "description", "currency", "billingCadence", "proRatingConfig", "settlementMode", "metadata")
_PHASE = ("key", "name", "description", "duration", "metadata")


def _from_wire(wire: Mapping[str, Tree], keys: KeyOf) -> dict[str, Tree]:
    del keys
    spec = {name: wire[name] for name in _FIELDS if wire.get(name) is not None}
    spec["phases"] = [_phase(phase) for phase in cast("list[Tree]", wire.get("phases") or [])]
    return spec


def _phase(phase: Tree) -> Tree:
    if not isinstance(phase, Mapping):
        return phase
    spec = {name: phase[name] for name in _PHASE if phase.get(name) is not None}
    cards = [card_from_wire(card) for card in cast("list[Tree]", phase.get("rateCards") or [])]
    return {**spec, "rateCards": cards}


KIND = Kind(
    name="Plan",
    group="openmeter.io/v1",
    order=40,
    spec=PlanSpec,
    lifecycle=VERSIONED,
    bindings={
        "v1": Binding(
            collection="/api/v1/plans",
            to_wire=_to_wire,
            from_wire=_from_wire,
            key_field="key",
            list_query={"includeDeleted": "true"},
            create_only=frozenset({"key", "currency"}),
            catalog_write=True,
        )
    },
    check=_check,
    rules=(*plan_rules.RULES, *ratecard_rules.RULES, *offers.RULES),
    impact=impact,
    complete=_complete,
    simplify=_simplify,
    summary="What customers subscribe to: phases, rate cards, add-ons on offer.",
    rename=(
        "(1) declare Plan/{new} with its `spec`, and apply; (2) subscribe customers to `{new}` from then on: those of "
        "`{old}` stay there until they are changed to it; (3) once nobody is left, write "
        "`lifecycle: {{state: archived}}` in Plan/{old}, and apply"
    ),
    example="""\
apiVersion: openmeter.io/v1
kind: Plan
key: pro
spec:
  name: Pro
  currency: USD
  billingCadence: P1M
  phases:
    - key: trial
      name: Trial
      duration: P14D
      rateCards:
        - {type: usage_based, featureKey: tokens, name: Tokens, billingCadence: P1M, price: null}
    - key: main
      name: Main
      rateCards:
        - type: flat_fee
          key: base
          name: Base fee
          billingCadence: P1M
          price: {type: flat, amount: "20"}
        - type: usage_based
          featureKey: tokens
          name: Tokens
          billingCadence: P1M
          price: {type: unit, amount: "0.0001"}
""",
)
