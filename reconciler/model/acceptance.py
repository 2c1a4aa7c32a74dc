"""Live edits that were written into files, and those that were not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reconciler.model.base import Address, Location, Tree

How = Literal["manifest", "overlay", "variable"]
"""Where an edit went: a manifest that the environment may share with others, an overlay of its own, a variable."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """One live value that a file now declares. ``path`` is empty where it is about the whole object."""

    address: Address
    path: str
    before: Tree
    after: Tree
    how: How
    location: Location
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """One difference that stays, why (by the rule that says so, if one does), and where somebody can change it."""

    address: Address
    path: str
    reason: str
    location: Location | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """One file before and after; ``before`` is None for a new one, ``after`` for one with nothing left in it."""

    file: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What accepting came to. ``also`` says, per other environment, which objects it declares differently now."""

    environment: str
    accepted: tuple[Accepted, ...] = ()
    left: tuple[Left, ...] = ()
    edits: tuple[Edit, ...] = ()
    also: tuple[tuple[str, tuple[Address, ...]], ...] = ()
    written: bool = False
