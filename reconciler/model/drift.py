"""What is live and not as declared, and which side of it moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from reconciler.model.base import Address, Location, Problem
from reconciler.model.classes import ChangeClass
from reconciler.model.plan import FieldChange, PlanSource, Target

Origin = Literal["outside", "manifest", "both", "unknown"]
"""Which side moved since the base: somebody outside, the manifests, both; unknown where nothing tells."""

What = Literal["changed", "missing", "extra", "unmarked", "draft", "in-the-way"]
"""How an object differs: other values · not live · live and not declared so · without our marker · a draft that is not
ours · something that is not ours or cannot be told stands in its place."""


@dataclass(frozen=True, slots=True)
class DriftField:
    """One field. ``change.before`` is declared, ``change.after`` is live: it reads as what happened to live."""

    change: FieldChange
    origin: Origin


@dataclass(frozen=True, slots=True)
class Drifted:
    """One object that is not as declared.

    ``classes`` are those of putting it back to what is declared, mildest first; ``healable``: putting it back touches
    no money and nothing that an environment asks consent for. ``version`` is the live one of a plan or add-on.
    """

    address: Address
    what: What
    origin: Origin
    title: str
    fields: tuple[DriftField, ...] = ()
    classes: tuple[ChangeClass, ...] = ()
    healable: bool = False
    location: Location | None = None
    notes: tuple[str, ...] = ()
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """Live against declared. ``base`` says what the third side was, None where there was none."""

    target: Target
    project: str
    objects: tuple[Drifted, ...]
    warnings: tuple[Problem, ...] = ()
    unchanged: int = 0
    complete: bool = True
    base: str | None = None
    source: PlanSource = field(default_factory=PlanSource)
    tool: str = ""
    created_at: str = ""
    requests: int = 0
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        """Whether live is as declared."""
        return not self.objects

    def count(self, *origins: Origin) -> int:
        """How many objects have one of these origins."""
        return sum(found.origin in origins for found in self.objects)
