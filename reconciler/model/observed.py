"""What is live: objects, assignments, and everything seen at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reconciler.model.base import Address, Tree
from reconciler.model.declared import OnRemove

LiveState = Literal["live", "draft", "active", "archived"]


@dataclass(frozen=True, slots=True)
class Marker:
    """What we wrote into an object's metadata: whose it is (``reconciler.project``) and under which key."""

    project: str
    key: str
    protect: bool = False
    on_remove: OnRemove | None = None
    content: str | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """One add-on attached to one plan version; names the add-on *version* by id and number."""

    addon_key: str
    addon_id: str
    addon_version: int
    from_phase: str
    max_quantity: int | None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observed:
    """One object as the server shows it; a plan or add-on has one per version. Deleted rows are never here.

    ``key`` is the natural key (slug, key), else the marker's key, else None. ``wire`` is the body as it came.
    ``assignments`` is None where they were not read.
    """

    kind: str
    id: str
    key: str | None
    wire: Mapping[str, Tree] = field(repr=False)
    state: LiveState = "live"
    version: int | None = None
    marker: Marker | None = None
    created_at: str | None = None
    effective_from: str | None = None
    assignments: tuple[Assignment, ...] | None = None


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """Something the planner needs to know that no list tells.

    ``subscribers``: how many customers are on plan ``key`` → int.
    ``versions``: how many active subscriptions each version of plan ``key`` has → (version, count) pairs, or "untold"
    where the server does not let us see them.
    ``overrides``: how many customers are pinned to the billing profile with the *id* ``key`` → int.
    ``invoices``: how many invoices were issued since the instant ``key`` → int, or "untold" where billing is not asked.
    ``readable``: read plan or add-on ``key`` by key although no list shows it → "absent" | "unreadable" | "present".
    """

    topic: Literal["subscribers", "versions", "overrides", "readable", "invoices"]
    kind: str
    key: str


Reply = int | str | tuple[tuple[int, int], ...]
"""The answer to a question, of the type that it documents."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The live catalogue at one moment.

    ``objects`` holds every live object per kind, every non-deleted version of plans and add-ons; ``last_versions``
    the highest version number ever used per plan or add-on, deleted ones included; ``capped`` the kinds whose list
    the server cuts short, so that absence cannot be concluded from it; ``apps`` the installed apps.
    """

    endpoint: str
    identity: str | None
    objects: Mapping[str, tuple[Observed, ...]]
    apps: tuple[Mapping[str, Tree], ...] = ()
    last_versions: Mapping[Address, int] = field(default_factory=dict)
    capped: frozenset[str] = frozenset()
    answers: Mapping[Question, Reply] = field(default_factory=dict)
    requests: int = 0
    seconds: float = 0.0
