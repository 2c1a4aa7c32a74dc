"""What would be done: changes, steps, guards, and what was looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from reconciler.model.affected import Affected
from reconciler.model.base import Address, Location, Problem, SourceDocument, Tree
from reconciler.model.classes import Action, ChangeClass
from reconciler.model.contents import Contents
from reconciler.model.impact import Curve, Impact
from reconciler.model.policy import Ruling
from reconciler.model.rehearsal import Rehearsal
from reconciler.model.schedule import Scheduled
from reconciler.model.usage import Rerated


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs, at a path in the one path grammar.

    ``before``/``after`` are canonical values, None where the field is not there. A money field carries its
    ``currency``. A secret's values are never here: both are None and ``note`` says ``(secret, changed)``.
    """

    path: str
    before: Tree
    after: Tree
    location: Location | None = None
    currency: str | None = None
    note: str | None = None
    forces: Literal["replace", "new_version"] | None = None
    shared: SourceDocument | None = None
    """The shared rate card or base that the value comes from; None: the object's own documents."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one object goes through, and why.

    ``actions`` are the elementary ones (``("create", "archive")``) that a scanner looks for; ``classes`` is sorted,
    mildest first. ``title`` is the sentence of the header, without the ``#``; ``notes`` are further lines under it.
    ``unchanged`` counts the compared fields that are equal.
    """

    address: Address
    action: Action
    actions: tuple[str, ...] = ()
    classes: tuple[ChangeClass, ...] = ()
    reasons: tuple[str, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    location: Location | None = None
    title: str = ""
    notes: tuple[str, ...] = ()
    unchanged: int = 0
    before_version: int | None = None
    after_version: int | None = None

    @property
    def change_class(self) -> ChangeClass | None:
        """The most severe class, None where nothing changes."""
        return self.classes[-1] if self.classes else None


Verb = Literal["create", "update", "publish", "archive", "delete", "attach", "reattach", "detach", "adopt", "release"]


@dataclass(frozen=True, slots=True)
class Step:
    """One request of the plan.

    ``path`` and ``body`` may name ids that are not known yet: ``{Plan/pro#id}`` inside the path,
    ``{"$ref": "Feature/tokens#id"}`` as a value of the body; they are filled from the answer of the step that
    creates that object. ``{"$secret": {"env": NAME}}`` and ``{"$live": "signingSecret"}`` are filled just before
    the write. ``after`` names the steps that must be done first. ``target_id`` is the live object written, if known.
    """

    id: str
    address: Address
    verb: Verb
    method: Literal["POST", "PUT", "DELETE"]
    path: str
    body: Mapping[str, Tree] | None = None
    after: tuple[str, ...] = ()
    target_id: str | None = None
    may_refuse: str | None = None
    """Why a refusal of this step by the server (4xx) is no failure; None: it is one."""


GuardStatus = Literal["open", "consented"]


@dataclass(frozen=True, slots=True)
class Guard:
    """Something that stands between the plan and its apply. ``code`` is of ``cli.md``: a class, or a guard name."""

    code: str
    address: Address | None
    message: str
    consentable: bool
    status: GuardStatus = "open"
    consent: str | None = None
    """What consented: ``--allow``, an approval, a policy."""
    change: str | None = None
    """The change digest of the object: what an approval of exactly this change names."""
    team: str | None = None
    """Who has to consent, as the environment's policy names them; None: anybody who may apply."""
    location: Location | None = None
    """The line that asks for it, where one does: of the project file, or of a price test."""

    @property
    def name(self) -> str:
        """``CODE:KIND/KEY``, what ``--allow`` takes."""
        return f"{self.code}:{self.address}" if self.address else self.code


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing the planner looked at: an object, or its absence, with a fingerprint of what was seen."""

    address: Address
    fingerprint: str
    absent: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a plan is to be applied: environment, address, and which namespace answers there."""

    environment: str
    endpoint: str
    identity: str | None
    api: str = "v1"


Mode = Literal["apply", "destroy", "heal", "rollback", "promote"]


@dataclass(frozen=True, slots=True)
class PlanSource:
    """What a plan was made from. ``manifests`` is the digest of the declared catalogue.

    ``bundle`` is the digest of the bundle that was declared, ``promoted_from`` the environment that it was proven in,
    ``revision`` the commit that was gone back to, ``snapshot`` the digest of the snapshot that it was planned against
    instead of the live catalogue, and ``snapshot_at`` when that was taken (RFC 3339).
    """

    manifests: str = ""
    commit: str | None = None
    dirty: bool | None = None
    bundle: str | None = None
    promoted_from: str | None = None
    revision: str | None = None
    snapshot: str | None = None
    snapshot_at: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done, complete enough to be done by somebody who has nothing else.

    ``created_at`` and ``valid_until`` are RFC 3339 in UTC. ``changes`` is in address order of the registry and
    holds no ``no_change`` entries but those with notes; ``steps`` is in a valid order of execution. ``rehearsal`` is
    None where the plan was not tried out. ``scheduled`` are changes that are declared and not in this plan, because
    they are not due; ``not_before`` is when a plan of the future (``--at``) may be applied at the earliest. ``impacts``
    are bills before and after, of every plan of which a price changes, and ``curves`` what they come to against the
    quantity; ``affected`` who is on every plan that gets a new version or ends; ``rerated`` what real
    customers would have paid, where that was asked for; ``policy`` what the environment's policy says of it;
    ``contents`` what the live objects that change hold before and after.
    """

    target: Target
    project: str
    changes: tuple[Change, ...]
    steps: tuple[Step, ...]
    guards: tuple[Guard, ...] = ()
    observed: tuple[Sighting, ...] = ()
    warnings: tuple[Problem, ...] = ()
    unchanged: int = 0
    mode: Mode = "apply"
    complete: bool = True
    source: PlanSource = PlanSource()
    created_at: str = ""
    valid_until: str = ""
    tool: str = ""
    write_secrets: bool = False
    requests: int = 0
    seconds: float = 0.0
    rehearsal: Rehearsal | None = None
    scheduled: tuple[Scheduled, ...] = ()
    not_before: datetime | None = None
    impacts: tuple[Impact, ...] = ()
    curves: tuple[Curve, ...] = ()
    affected: tuple[Affected, ...] = ()
    rerated: tuple[Rerated, ...] = ()
    policy: tuple[Ruling, ...] = ()
    contents: tuple[Contents, ...] = ()

    @property
    def summary(self) -> dict[str, int]:
        """How many objects per action, every key present."""
        counts = dict.fromkeys((action.value for action in Action), 0)
        for change in self.changes:
            if change.action is not Action.NO_CHANGE:
                counts[change.action.value] += 1
        counts[Action.NO_CHANGE.value] = self.unchanged
        return counts

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to do."""
        return not self.steps and all(change.action is Action.NO_CHANGE for change in self.changes)

    @property
    def shared(self) -> dict[SourceDocument, tuple[Address, ...]]:
        """Every shared card and base that changes what is there, with the objects that it changes, in their order."""
        found: dict[SourceDocument, dict[Address, None]] = {}
        for change in self.changes:
            untouched = change.action in (Action.CREATE, Action.NO_CHANGE)
            for field in () if untouched else change.fields:
                if field.shared is not None:
                    found.setdefault(field.shared, {})[change.address] = None
        return {shared: tuple(found[shared]) for shared in sorted(found)}

    @property
    def open_guards(self) -> tuple[Guard, ...]:
        """The guards nobody consented to."""
        return tuple(guard for guard in self.guards if guard.status == "open")
