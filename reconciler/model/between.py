"""How two catalogues differ: one live and another, or what is declared and what is live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reconciler.model.base import Address, Location
from reconciler.model.classes import ChangeClass
from reconciler.model.plan import FieldChange

Managed = Literal["declared", "owned", "claimed", "unmanaged", "foreign"]


@dataclass(frozen=True, slots=True)
class Side:
    """One object on one side. ``project`` is the marker's, ``version`` that of the server; neither is compared."""

    managed: Managed
    state: str = "active"
    version: int | None = None
    project: str | None = None
    location: Location | None = None
    draft_beside: bool = False
    """Whether a draft, which is not compared, stands beside the active version."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that is not the same on both sides, or only on one: the other is None.

    ``fields`` lead from the target's values (``before``) to the source's (``after``), as a plan that would make the
    target like the source would show them; ``classes`` say how much that could hurt. ``unchanged`` counts equal values.
    """

    address: Address
    source: Side | None
    target: Side | None
    fields: tuple[FieldChange, ...] = ()
    classes: tuple[ChangeClass, ...] = ()
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What one side of a comparison is: a live environment, or manifests rendered for one."""

    name: str
    endpoint: str | None = None
    identity: str | None = None
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Between:
    """Everything in which two catalogues differ, in address order of the registry; ``same`` counts equal objects."""

    source: Catalogue
    target: Catalogue
    differences: tuple[Difference, ...] = ()
    same: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many are only in the source, only in the target, and different."""
    left_out: int = 0
    """How many of the target were not compared, because the source is only a part of what is declared."""
    capped: tuple[str, ...] = ()
    """Kinds whose list a server cuts short: what is said to be on one side only may be beyond its end on the other."""
