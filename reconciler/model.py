"""The frozen values that cross rooms: what is declared, what is observed, what will be done, what was done.

Nothing here does anything; every room reads these and hands on new ones. Trees (a spec, a wire body) are plain
``dict``/``list``/``str``/``bool``/``int``/``Decimal``/``None`` values and are never changed once they are inside
one of these classes. Money and quantities are ``Decimal`` or canonical decimal text, never ``float``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal, Protocol

Tree = None | bool | int | str | Decimal | Sequence["Tree"] | Mapping[str, "Tree"]
"""A value of a spec or of a wire body."""

PathPart = str | int
Path = tuple[PathPart, ...]
"""Where a value stands: field names and, inside a list, the item's key (or its index where it has none)."""

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Names one object of the catalogue: ``Plan/pro``. The key is unique per kind."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.key}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read ``Kind/key``; raises ``ValueError`` for anything else."""
        kind, slash, key = text.partition("/")
        if not (kind and slash and key):
            raise ValueError(f"`{text}` is not KIND/KEY")
        return cls(kind, key)


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file: ``file`` relative to the project, ``line`` and ``column`` from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input file, by the rule that found it.

    ``message`` says what is wrong and what to write instead; ``why`` adds the reason (what the server does);
    ``span`` is how many characters to underline at ``location``.
    """

    rule: str
    message: str
    location: Location | None = None
    severity: Severity = "error"
    why: str | None = None
    span: int = 1
    address: Address | None = None


def render_path(path: Path) -> str:
    """The one path grammar: ``phases[main].rateCards[tokens].price.tiers[2].unitPrice.amount``.

    Items of a list appear as ``[key]`` or ``[index]``; callers mark them by wrapping: a part that is an ``int``, or
    a ``str`` beginning with ``[``, is an item; everything else is a field name.
    """
    out: list[str] = []
    for part in path:
        if isinstance(part, int):
            out.append(f"[{part}]")
        elif part.startswith("["):
            out.append(part)
        else:
            out.append(f".{part}" if out else part)
    return "".join(out)


class Source(Protocol):
    """Where the values of a declared object stand; the manifest room implements it over its positioned trees."""

    def locate(self, path: Path) -> Location:
        """The place of the value at ``path`` or, where it is not written, of the nearest parent that is."""
        ...


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
class Desired:
    """Everything that one environment declares: the input of the planner, in address order."""

    resources: Mapping[Address, Resource]
    project: str
    environment: str
    protect: tuple[str, ...] = ()
    former_names: tuple[str, ...] = ()
    adopt: Mapping[Address, str] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    digest: str = ""
    complete: bool = True
    """False when only a part was read (PATHs, targets): then nothing is pruned."""


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
    ``readable``: read plan or add-on ``key`` by key although no list shows it → "absent" | "unreadable" | "present".
    """

    topic: Literal["subscribers", "readable"]
    kind: str
    key: str


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
    answers: Mapping[Question, int | str] = field(default_factory=dict)
    requests: int = 0
    seconds: float = 0.0


class Action(StrEnum):
    """What happens to one object; the order is the one in which summaries count."""

    ADOPT = "adopt"
    CREATE = "create"
    UPDATE = "update"
    NEW_VERSION = "new_version"
    REPLACE = "replace"
    ARCHIVE = "archive"
    DELETE = "delete"
    RELEASE = "release"
    NO_CHANGE = "no_change"


class ChangeClass(StrEnum):
    """How much a change can hurt, mildest first. Everything from ``price-lowering`` on needs consent."""

    COSMETIC = "cosmetic"
    OPERATIONAL = "operational"
    ADDITIVE = "additive"
    PRICE_LOWERING = "price-lowering"
    ENTITLEMENT_REDUCING = "entitlement-reducing"
    PRICE_RAISING = "price-raising"
    BILLING_BEHAVIOUR = "billing-behaviour"
    METERING_SEMANTIC = "metering-semantic"
    DESTRUCTIVE = "destructive"

    @property
    def rank(self) -> int:
        """Position in the order of severity, 0 = mildest."""
        return tuple(ChangeClass).index(self)


NEEDS_NO_CONSENT = frozenset({ChangeClass.COSMETIC, ChangeClass.OPERATIONAL, ChangeClass.ADDITIVE})


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
    """What a plan was made from. ``manifests`` is the digest of the declared catalogue."""

    manifests: str = ""
    commit: str | None = None
    dirty: bool | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done, complete enough to be done by somebody who has nothing else.

    ``created_at`` and ``valid_until`` are RFC 3339 in UTC. ``changes`` is in address order of the registry and
    holds no ``no_change`` entries but those with notes; ``steps`` is in a valid order of execution.
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
    def open_guards(self) -> tuple[Guard, ...]:
        """The guards nobody consented to."""
        return tuple(guard for guard in self.guards if guard.status == "open")


StepState = Literal["not-sent", "sent-unknown", "done", "verified", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of one step. ``seconds`` is the time of its requests; ``error`` one sentence for people."""

    step: Step
    state: StepState
    status: int | None = None
    request_id: str | None = None
    seconds: float = 0.0
    created_id: str | None = None
    error: str | None = None
    tip: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did. ``mismatches`` are differences found by reading back; ``interrupted`` after Ctrl-C."""

    plan: Plan
    results: tuple[StepResult, ...]
    requests: int = 0
    seconds: float = 0.0
    started_at: str = ""
    plan_digest: str = ""
    mismatches: tuple[str, ...] = ()
    interrupted: bool = False

    def count(self, *states: StepState) -> int:
        """How many steps ended in one of these states."""
        return sum(result.state in states for result in self.results)

    @property
    def exit_code(self) -> int:
        """The exit code of ``cli.md`` that this run ends with."""
        written = self.count("done", "verified", "sent-unknown")
        if self.interrupted:
            return 130
        if self.count("failed", "sent-unknown", "not-sent", "skipped"):
            return 4 if written else 1
        return 5 if self.mismatches else 0
