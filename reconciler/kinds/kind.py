"""What a kind is: one frozen value that says everything the other rooms need to know of it.

A kind is written in one file of this folder, as ``KIND``; ``registry`` collects them. Adding a kind is adding that
file, its example and its entry in the registry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from reconciler.kinds.shape import Object, shape_of
from reconciler.model import Address, ChangeClass, FieldChange, Path, Severity, State, Tree, Verb


class Spec(BaseModel):
    """Base of every spec and of its parts: unknown fields are errors, nothing is coerced, names are the API's."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        strict=True,
        use_attribute_docstrings=True,
        arbitrary_types_allowed=True,
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is refused offline. ``id`` such as ``plan.tiers.open_end``; ``source`` where it is known from."""

    id: str
    why: str
    source: str
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a spec breaks, at a path inside the spec. ``at_key`` points at the field's name, not its value."""

    rule: Rule
    path: Path
    message: str
    at_key: bool = False
    publish_only: bool = False
    """The server accepts it on a draft and refuses it at publish: an error for ``active``, a warning for ``draft``."""


class Catalogue(Protocol):
    """What a rule may ask of the other declared objects."""

    def spec(self, kind: str, key: str) -> BaseModel | None:
        """The valid spec declared under this address; None if it is absent, invalid or only observed."""
        ...

    def state(self, kind: str, key: str) -> State | None:
        """The declared lifecycle state, None where it is not declared."""
        ...

    def keys(self, kind: str) -> Iterable[str]:
        """The keys of every declared object of a kind, in any order."""
        ...


class Check(Protocol):
    """The offline rules of a kind beyond its schema."""

    def __call__(self, key: str, spec: BaseModel, catalogue: Catalogue, /) -> Iterable[Finding]:
        """Every finding in one pass; ``spec`` is an instance of the kind's model."""
        ...


IdOf = Callable[[Address], Tree]
"""The id of an object for a body: the live id, or ``{"$ref": "Kind/key#id"}`` where a step has yet to make it."""

KeyOf = Callable[[str, str], str | None]
"""The declared or marked key of a live object, from its kind and id."""


@dataclass(frozen=True, slots=True)
class Binding:
    """How one API carries a kind.

    ``collection`` is the path of the list and of POST; an object stands at ``collection/{id}``. ``list_query`` is
    added to every list; ``paged`` is False where the API ignores page parameters and answers a bare array, cut at
    ``cap``. ``key_field`` is the wire name of the natural key, None where there is none. ``marks`` says where the
    marker can be written: on create, on update. ``to_wire`` turns an encoded spec (see ``wire.encode``) into a body;
    ``from_wire`` turns a live body into a spec tree: both are pure, and ``from_wire(to_wire(x)) == x``.
    ``catalog_write`` marks the writes that hold one database connection while they ask for another: with the
    server's default pool of four it hangs for good when four are in flight (measured for every kind but meters and
    features).
    """

    collection: str
    to_wire: Callable[[str, dict[str, Tree], IdOf], dict[str, Tree]]
    from_wire: Callable[[Mapping[str, Tree], KeyOf], dict[str, Tree]]
    key_field: str | None = None
    list_query: Mapping[str, str] = field(default_factory=dict)
    paged: bool = True
    cap: int | None = None
    updatable: bool = True
    create_only: frozenset[str] = frozenset()
    """Wire fields that a PUT does not carry."""
    marks_on_create: bool = True
    marks_on_update: bool = True
    catalog_write: bool = False
    deleted_field: str = "deletedAt"


LiveSituation = Literal["none", "live", "draft", "active", "active+draft"]


@dataclass(frozen=True, slots=True)
class Situation:
    """A cell of a lifecycle table: what is live, what is wanted, and whether they differ.

    ``changed`` compares with the live object, the active version, or the draft where there is only that;
    ``draft_changed`` compares with our draft where an active version is live too.
    """

    live: LiveSituation
    wanted: State
    changed: bool
    draft_changed: bool = False


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The table of a lifecycle: which verbs take an object from what is live to what is wanted."""

    name: Literal["mutable", "create-only", "versioned", "singleton-default"]
    states: tuple[State, ...]
    table: Mapping[Situation, tuple[Verb, ...]]


Impact = Callable[[tuple[FieldChange, ...]], Iterable[ChangeClass]]


Completion = Callable[[str, dict[str, Tree], Callable[[str], str | None]], dict[str, Tree]]
"""From the key, a spec tree and a lookup of feature names to another spec tree."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Everything about one kind.

    ``order`` is the position in create order (retirement runs in reverse). ``complete`` fills what a manifest may
    leave out because another declared value implies it (a card's key from its feature), before the canonical form;
    it gets the key, the spec tree and a lookup of feature names. ``check`` are the offline rules, ``rules`` their
    list. ``impact`` classifies field changes: *cannot tell* must return the careful class. ``on_create`` is the class
    of a new object.
    """

    name: str
    group: str
    order: int
    spec: type[Spec]
    lifecycle: Lifecycle
    bindings: Mapping[str, Binding]
    check: Check
    rules: tuple[Rule, ...]
    impact: Impact
    summary: str
    example: str
    natural_key: bool = True
    rename: str | None = None
    """Of a kind whose key the API keeps: the steps from an object ``{old}`` to another one, ``{new}``."""
    complete: Completion | None = None
    simplify: Completion | None = None
    """The inverse of ``complete``, for export: what the rest of a canonical spec implies is left out again."""
    on_create: ChangeClass = ChangeClass.ADDITIVE
    retain_by_default: bool = False
    marked_only_by_create: bool = False
    """An object that was here before us never gets our marker, although the API would take it (meters: the server
    does not start any more once a meter of its configuration file differs from the live one)."""

    @property
    def shape(self) -> Object:
        """The compiled fields and markers of the spec."""
        return shape_of(self.spec)

    def binding(self, api: str) -> Binding:
        """How this API carries the kind; raises ``KeyError`` for an API that does not."""
        return self.bindings[api]
