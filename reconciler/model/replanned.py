"""How a plan that was made again differs from the one that was approved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from reconciler.model.base import Address
from reconciler.model.plan import Change, FieldChange

Standing = Literal["equal", "rest", "nothing", "changed"]
"""What a plan made again is beside the approved one: the same change; what an apply that was cut off has left of it;
nothing, for all of it is live already; or something that nobody has approved."""

Fate = Literal["new", "gone", "different"]
"""Whether only the plan of now has it, only the approved one, or both, each its own."""


@dataclass(frozen=True, slots=True)
class FieldPair:
    """One field in two plans; None where a plan does not change it."""

    path: str
    approved: FieldChange | None
    now: FieldChange | None


@dataclass(frozen=True, slots=True)
class ObjectPair:
    """One object in two plans; None where a plan does nothing to it.

    ``fields`` are those that the plans do not change alike. ``requests``: what is shown is the same, but not what would
    be sent.
    """

    address: Address
    approved: Change | None
    now: Change | None
    fields: tuple[FieldPair, ...] = ()
    requests: bool = False

    @property
    def fate(self) -> Fate:
        """In which of the plans it is."""
        return "new" if self.approved is None else "gone" if self.now is None else "different"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that two plans were made from, and that is not the same, such as ``commit`` or ``tool``."""

    name: str
    approved: str
    now: str


@dataclass(frozen=True, slots=True)
class Replanned:
    """What an approved plan and the one of now do differently to one environment.

    ``created_at`` and ``digest`` are those of the approved plan, the latter its change digest; ``now`` is the change
    digest of the other one. ``guards_new`` and ``guards_gone`` are names of guards that only one of them has;
    ``causes`` are sentences on why the plans are not the same, most likely first.
    """

    environment: str
    created_at: str
    digest: str
    now: str
    objects: tuple[ObjectPair, ...] = ()
    guards_new: tuple[str, ...] = ()
    guards_gone: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    causes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether both are the same change."""
        return self.digest == self.now

    def of(self, fate: Fate) -> Iterator[ObjectPair]:
        """The objects of one fate."""
        return (pair for pair in self.objects if pair.fate == fate)
