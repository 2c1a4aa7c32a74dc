"""Documents of the tool itself that are read like objects: templates, overlays, ``extends``. Never sent.

``kind: RateCard`` is a card that any plan or add-on uses: it is part of what uses it.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.kinds.kind import Check, Rule, Spec
from reconciler.kinds.ratecards import RateCard
from reconciler.kinds.shape import Object, Shape, shape_of


class CardHolder(Spec):
    """Something with a card in it."""

    card: RateCard


@dataclass(frozen=True, slots=True)
class SharedKind:
    """What documents of this kind are called, what their ``spec`` looks like, and an example."""

    name: str
    spec: type[Spec]
    """Holds a card as ``card``: what a shared card is checked as on its own."""
    summary: str
    example: str

    @property
    def shape(self) -> Shape:
        """The shape of a card."""
        return shape_of(self.spec).fields["card"].shape


@dataclass(frozen=True, slots=True)
class LocalKind:
    """What documents of this kind are called, and how they are checked: each stands for itself, on this machine only.

    ``check`` and ``rules`` are as those of a kind of the product.
    """

    name: str
    spec: type[Spec]
    check: Check
    rules: tuple[Rule, ...]
    summary: str
    example: str

    @property
    def shape(self) -> Object:
        """The compiled fields and markers of the spec."""
        return shape_of(self.spec)


SHARED = SharedKind(
    "RateCard",
    CardHolder,
    "A rate card written once and used in any plan or add-on: `{use: KEY}`, with what differs beside it.",
    """\
apiVersion: reconciler/v1
kind: RateCard
key: tokens
spec:
  type: usage_based
  featureKey: tokens
  billingCadence: P1M
  price: {type: unit, amount: "0.000002"}
---
apiVersion: openmeter.io/v1
kind: Plan
key: pro
spec:
  name: Pro
  currency: USD
  billingCadence: P1M
  phases:
    - key: main
      name: Main
      duration: null
      rateCards:
        - use: tokens
          discounts: {percentage: {percentage: 10}}
""",
)
