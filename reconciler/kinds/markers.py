"""Facts about a field, written once, on the field, as ``Annotated`` metadata of its pydantic model.

Parser, canonicaliser, differ, planner, wire encoder, renderers, JSON Schema and ``explain`` all read them here. A
marker says what is true of the field at the server, never what some room should do about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reconciler.model import Tree


@dataclass(frozen=True, slots=True)
class Ref:
    """The value is the key of another object of this kind."""

    kind: str


@dataclass(frozen=True, slots=True)
class Immutable:
    """The server never changes this field of an existing object. ``because`` says what ignores or refuses it."""

    because: str = "the API cannot update it"


@dataclass(frozen=True, slots=True)
class Secret:
    """Never shown, stored or compared outside memory. ``required_source``: a literal in a manifest is an error."""

    required_source: bool = True


@dataclass(frozen=True, slots=True)
class NotClearable:
    """Once set, the server keeps the value: leaving it out of a PUT changes nothing, and no value clears it."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """A list whose items are told apart by this field. ``ordered``: their order is meaning too (phases)."""

    by: str = "key"
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Unordered:
    """A list of scalars whose order and repetitions mean nothing."""


@dataclass(frozen=True, slots=True)
class CannotUpdate:
    """No update of the API changes it and a replacement would be too much: a difference only there is a warning.

    ``lifecycle.replaceOn`` asks for the replacement all the same.
    """


@dataclass(frozen=True, slots=True)
class ServerDefault:
    """What the server stores when the field is left out."""

    value: bool | int | str


@dataclass(frozen=True, slots=True)
class Filled:
    """An object that the server always shows: left out, it is the object of all its parts' defaults."""


@dataclass(frozen=True, slots=True)
class ServerChosen:
    """The server chooses a value when the field is left out; whatever it chose is no difference.

    With ``beside`` it does so only where that other field of the same object is declared.
    """

    beside: str | None = None


@dataclass(frozen=True, slots=True)
class DecimalText:
    """An exact decimal that travels as a JSON string (``Numeric``). Money is in the currency's major unit."""

    money: bool = False


@dataclass(frozen=True, slots=True)
class DecimalNumber:
    """An exact decimal that travels as a JSON number."""


@dataclass(frozen=True, slots=True)
class Duration:
    """An ISO-8601 duration, compared by component: ``P12M`` is not ``P1Y``, ``P1M0D`` is ``P1M``."""


@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time, compared in UTC to the microsecond."""


@dataclass(frozen=True, slots=True)
class JsonText:
    """A JSON document that travels as text inside a string; compared as what it says, key order aside."""


@dataclass(frozen=True, slots=True)
class AsIs:
    """A value of free depth (a nested filter): it is compared and travels as it stands, nothing in it is filled."""


@dataclass(frozen=True, slots=True)
class WhenEmpty:
    """What a write sends where the field is not declared, so that the server neither keeps nor guesses.

    ``value`` goes into every PUT, and with ``on_create`` into every POST too (keys that the server requires but lets
    be null). Without this marker an undeclared field is not sent.
    """

    value: Literal["text", "map", "null"]
    on_create: bool = False

    @property
    def wire(self) -> Tree:
        """The value itself: ``""``, ``{}`` or ``null``."""
        empties: dict[str, Tree] = {"text": "", "map": {}, "null": None}
        return empties[self.value]


Marker = (
    Ref
    | Immutable
    | Secret
    | NotClearable
    | CannotUpdate
    | Keyed
    | Unordered
    | ServerDefault
    | Filled
    | ServerChosen
    | DecimalText
    | DecimalNumber
    | Duration
    | Instant
    | JsonText
    | AsIs
    | WhenEmpty
)
