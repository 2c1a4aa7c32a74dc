"""The workbench of one planning run: what has been matched, decided and asked so far. Never leaves the planner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Literal

from reconciler.kinds import marker as markers
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import KINDS
from reconciler.model import (
    Action,
    Address,
    Change,
    ChangeClass,
    Desired,
    FieldChange,
    Guard,
    Marker,
    Observation,
    Observed,
    Problem,
    Question,
    Reply,
    Resource,
    Tree,
)
from reconciler.planning.canonical import canonical, complete
from reconciler.planning.live import Live, LiveIndex
from reconciler.planning.options import PlanOptions
from reconciler.planning.steps import StepBook, body, reference


class Work:
    """Everything the deciders share. ``lives`` has the live side of every declared address."""

    def __init__(self, desired: Desired, observation: Observation, options: PlanOptions) -> None:
        self.desired = desired
        self.observation = observation
        self.options = options
        self.index = LiveIndex(observation, frozenset({desired.project, *desired.former_names}))
        self.steps = StepBook()
        self.lives: dict[Address, Live] = {}
        self.changes: dict[Address, Change] = {}
        self.guards: list[Guard] = []
        self.warnings: list[Problem] = []
        self.questions: set[Question] = set()
        self.created: set[Address] = set()
        self.published: dict[Address, str] = {}
        """Drafts that this plan publishes, by id: what the others refer to."""
        self.replaced: set[Address] = set()
        self.retiring: set[Address] = set()
        self.unchanged: list[Address] = []
        self._keys: dict[tuple[str, str], str] = {}
        self._canonical: dict[tuple[str, str], tuple[Mapping[str, Tree] | None, dict[str, Tree]]] = {}
        self._apps = {_app_key(app): str(app.get("id")) for app in observation.apps}

    # What is live

    def match(self, resource: Resource) -> Live:
        """Find and remember the live side of a declared object."""
        live = self.index.find(KINDS[resource.address.kind], resource, self.desired)
        self.lives[resource.address] = live
        for row in live.rows:
            self._keys[row.kind, row.id] = resource.address.key
        return live

    def know(self, keys: Mapping[tuple[str, str], str]) -> None:
        """Settle under which keys live objects (by kind and id) are known."""
        self._keys.update(keys)

    def key_of(self, kind: str, ident: str) -> str | None:
        """The key under which a live object is known here, by its id."""
        if kind == "App":
            return next((key for key, known in self._apps.items() if known == ident), None)
        if (kind, ident) in self._keys:
            return self._keys[kind, ident]
        row = self.index.by_id(kind, ident)
        if row is None:
            return None
        if KINDS[kind].natural_key:
            return row.key
        return row.marker.key if row.marker and self.index.owner(row) == "ours" else None

    def id_of(self, address: Address) -> Tree:
        """The id of an object for a body: live, or a reference to the step that creates it."""
        if address.kind == "App":
            return self._apps.get(address.key)
        if address in self.created:
            return reference(address)
        if address in self.published:
            return self.published[address]
        live = self.lives.get(address)
        return live.current.id if live and live.current else None

    def live_spec(self, row: Observed) -> dict[str, Tree]:
        """The canonical spec of a live object, without our marker; computed once for each time it was read."""
        wire, found = self._canonical.get((row.kind, row.id), (None, {}))
        if wire is not row.wire:
            found = self._read(row, self.key_of)
            self._canonical[row.kind, row.id] = (row.wire, found)
        return found

    def seen_spec(self, row: Observed) -> dict[str, Tree]:
        """The same with the ids of what it names, where the API names it by id: whatever is declared, and as what."""
        return self.live_spec(row) if KINDS[row.kind].natural_key else self._read(row, _by_id)

    def _read(self, row: Observed, key_of: Callable[[str, str], str | None]) -> dict[str, Tree]:
        kind = KINDS[row.kind]
        spec = kind.binding(self.options.api).from_wire(row.wire, key_of)
        if "metadata" in spec:
            spec["metadata"] = markers.strip(spec["metadata"])
        return canonical(kind, spec)

    # What is wanted

    def wanted(self, resource: Resource) -> dict[str, Tree]:
        """The canonical spec of a declared object, complete."""
        return complete(KINDS[resource.address.kind], resource.address.key, resource.spec, self.feature_name)

    def feature_name(self, key: str) -> str | None:
        """The name of a feature, declared or live: what a card without a name is called."""
        address = Address("Feature", key)
        declared = self.desired.resources.get(address)
        if declared is not None and isinstance(name := declared.spec.get("name"), str):
            return name
        rows = self.index.rows(address)
        name = rows[0].wire.get("name") if rows else None
        return name if isinstance(name, str) else None

    def marker(self, resource: Resource, *, content: str | None = None, replaces: str | None = None) -> Marker:
        """The marker that a write of this object carries."""
        management = resource.management
        return Marker(
            project=self.desired.project,
            key=resource.address.key,
            protect=management.protect,
            on_remove=management.on_remove,
            content=content,
            replaces=replaces,
        )

    def is_protected(self, address: Address, rows: tuple[Observed, ...]) -> bool:
        """Whether an object must not be removed: by its document, its marker, or the project file.

        Where no update reaches the marker (features, published versions), a document overrules what it says.
        """
        kind, resource = KINDS[address.kind], self.desired.resources.get(address)
        lasting = kind.lifecycle.name == "versioned" or not kind.binding(self.options.api).marks_on_update
        declared = resource is not None and resource.management.protect
        marked = any(row.marker and row.marker.protect for row in rows) and (resource is None or not lasting)
        return declared or marked or any(fnmatchcase(str(address), pattern) for pattern in self.desired.protect)

    # What comes of it

    def body(
        self,
        address: Address,
        spec: Mapping[str, Tree],
        method: Literal["POST", "PUT"],
        marker: Marker | None,
    ) -> dict[str, Tree]:
        """The body of a write of this object."""
        kind = KINDS[address.kind]
        return body(kind, self.options.api, address.key, spec, method, self.id_of, marker)

    def collection(self, kind: Kind) -> str:
        """The path of a kind's list."""
        return kind.binding(self.options.api).collection

    def record(self, change: Change) -> None:
        """Keep a decision; nothing to do and nothing to say is only counted."""
        if change.action is Action.NO_CHANGE and not change.notes:
            self.unchanged.append(change.address)
            return
        if change.action is Action.NO_CHANGE:
            self.unchanged.append(change.address)
        self.changes[change.address] = change

    def guard(self, code: str, address: Address | None, message: str, *, consentable: bool = False) -> None:
        """Put something between the plan and its apply."""
        self.guards.append(Guard(code, address, message, consentable))

    def warn(self, rule: str, message: str, resource: Resource | None = None) -> None:
        """Say something that stops nothing."""
        self.warnings.append(
            Problem(
                rule,
                message,
                resource.location if resource else None,
                "warning",
                address=resource.address if resource else None,
            )
        )

    def ask(self, question: Question) -> Reply | None:
        """An answer, or None after noting that it is needed."""
        answer = self.observation.answers.get(question)
        if answer is None:
            self.questions.add(question)
        return answer


def _app_key(app: Mapping[str, Tree]) -> str:
    kind = str(app.get("type"))
    return kind if kind == "sandbox" else f"{kind}:{app.get('name')}"


def classes_of(kind: Kind, fields: tuple[FieldChange, ...], *more: ChangeClass) -> tuple[ChangeClass, ...]:
    """The classes of a change, mildest first."""
    return tuple(sorted({*kind.impact(fields), *more}, key=lambda item: item.rank))


def _by_id(kind: str, ident: str) -> None:
    """No key is known: what is named stays named by its id."""
    del kind, ident
