"""What is declared: resources, how far each is ours, and all of an environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from reconciler.model.base import Address, Location, Problem, Source, SourceDocument, Tree
from reconciler.model.scenario import Scenario
from reconciler.model.schedule import Scheduled

State = Literal["active", "draft", "archived", "absent"]
Manage = Literal["full", "create-only", "observe"]
OnRemove = Literal["retain", "remove"]


@dataclass(frozen=True, slots=True)
class Management:
    """The ``lifecycle:`` of a document: how far an object is ours to change. See ``manifest.md``."""

    state: State = "active"
    protect: bool = False
    on_remove: OnRemove | None = None
    ignore: tuple[str, ...] = ()
    manage: Manage = "full"
    replace_on: tuple[str, ...] = ()
    former_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """One declared object, after templates and overlays, valid by its kind's schema and rules.

    ``spec`` is the tree as declared (nothing filled in); ``secrets`` maps paths inside it to their sources, which
    stand in the spec as ``{"env": NAME}``, ``{"file": …}`` or ``{"command": […]}``.
    """

    address: Address
    spec: Mapping[str, Tree]
    management: Management
    location: Location
    source: Source


@dataclass(frozen=True, slots=True)
class Approval:
    """A consent that stands among the manifests (``kind: Approval``): reviewed and committed, never sent.

    ``allow`` are consents as ``--allow`` takes them; ``expires`` is the last day, in UTC, on which they hold;
    ``change`` the beginning of the change digest that an object must have for them to hold; ``announced`` the day on
    which customers were told of it.
    """

    key: str
    allow: tuple[str, ...]
    because: str
    location: Location
    expires: date | None = None
    change: str | None = None
    announced: date | None = None

    @property
    def origin(self) -> str:
        """``catalog/approvals.yaml:3 (raise_2027)``."""
        return f"{self.location.file}:{self.location.line} ({self.key})"


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything that one environment declares: the input of the planner, in address order."""

    resources: Mapping[Address, Resource]
    project: str
    environment: str
    protect: tuple[str, ...] = ()
    former_names: tuple[str, ...] = ()
    adopt: Mapping[Address, str] = field(default_factory=dict)
    approvals: tuple[Approval, ...] = ()
    warnings: tuple[Problem, ...] = ()
    digest: str = ""
    complete: bool = True
    """False when only a part was read (PATHs, targets): then nothing is pruned."""
    scheduled: tuple[Scheduled, ...] = ()
    """Patches that are held back until later, in the order of their dates."""
    on_remove: Mapping[Address, OnRemove] = field(default_factory=dict)
    """What documents say of their end where ``resources`` has none of them, because all shall go: before any marker."""
    documents: tuple[SourceDocument, ...] = ()
    """Every document that was read, in the order of files and lines; empty where nothing starts from another."""
    scenarios: tuple[Scenario, ...] = ()
    """Customers and what they are to pay, by key: no part of ``resources`` or of ``digest``, for nothing is sent."""
