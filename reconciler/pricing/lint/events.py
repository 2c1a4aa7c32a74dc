"""Which events a feature counts, as a set: for every group-by value that it filters by, a condition.

Values of one JSONPath are one value, whatever the meter calls them. Source: OpenMeter, features and meters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product

from reconciler.kinds.feature import FeatureSpec
from reconciler.kinds.filters import StringFilter, filter_findings
from reconciler.kinds.meter import MeterSpec
from reconciler.pricing.lint.texts import After, Atom, Joined, Not, Pattern, Undecided, example

_COMBINATIONS = 2_000
"""Ways in which an event can escape several features that are looked at."""

_ANY_VALUE = "other"
_NOT_EMPTY = Not(Pattern(""))
"""Examples with a value are read more easily, and leave open what a missing value counts as."""


@dataclass(frozen=True, slots=True)
class Events:
    """The events of a meter that one feature counts: all of ``conditions`` hold. Empty: every event."""

    feature: str
    meter: str
    conditions: Mapping[str, Atom]
    names: Mapping[str, str]
    constants: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Event:
    """An example: group-by name → value. Empty: any event."""

    values: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return " and ".join(f"{name} `{value}`" for name, value in self.values)


def events(key: str, feature: FeatureSpec, meter: MeterSpec | None) -> Events | None:
    """What a feature counts; None where it has no meter, or its filters are not to be decided."""
    if feature.meter_slug is None:
        return None
    paths = (meter.group_by if meter else None) or {}
    conditions: dict[str, Atom] = {}
    names: dict[str, str] = {}
    constants: dict[str, tuple[str, ...]] = {}
    try:
        for name, condition in _filters(feature):
            if any(True for _ in filter_findings(condition, ())):
                return None
            value = paths.get(name, name)
            found = _atom(condition)
            conditions[value] = Joined((conditions[value], found)) if value in conditions else found
            names.setdefault(value, name)
            constants[value] = (*constants.get(value, ()), *_constants(condition))
    except Undecided:
        return None
    return Events(key, feature.meter_slug, conditions, names, constants)


def _filters(feature: FeatureSpec) -> Iterator[tuple[str, StringFilter]]:
    advanced = feature.advanced_meter_group_by_filters
    if advanced:
        yield from advanced.items()
        return
    for name, value in (feature.meter_group_by_filters or {}).items():
        yield name, StringFilter.model_validate({"$eq": value})


def _atom(condition: StringFilter) -> Atom:
    """The one operator of a filter."""
    (name,) = (name for name in condition.model_fields_set if getattr(condition, name) is not None)
    value = getattr(condition, name)
    match name:
        case "and_" | "or_":
            return Joined(tuple(map(_atom, value)), every=name == "and_")
        case "in_" | "nin":
            listed = Joined(tuple(map(Pattern, value)), every=False)
            return listed if name == "in_" else Not(listed)
        case "eq":
            return Pattern(value)
        case "ne":
            return Not(Pattern(value))
        case "gt" | "lte":
            return After(value) if name == "gt" else Not(After(value))
        case "gte" | "lt":
            reached = Joined((After(value), Pattern(value)), every=False)
            return reached if name == "gte" else Not(reached)
        case _:
            like = Pattern(value, wildcards=True, any_case="ilike" in name)
            return Not(like) if name.startswith("n") else like


def _constants(condition: StringFilter) -> Iterator[str]:
    """Values that a reader knows from the filter."""
    for name in condition.model_fields_set:
        value = getattr(condition, name)
        if name in ("eq", "gte", "gt", "lt", "lte") and value:
            yield value
        elif name == "in_":
            yield from value or ()
        elif name in ("and_", "or_"):
            for part in value or ():
                yield from _constants(part)


def counted_by_both(one: Events, other: Events) -> Event | None:
    """An event that both features count; None where there is none, or it cannot be told."""
    wanted: dict[str, tuple[Atom, ...]] = {value: (atom,) for value, atom in one.conditions.items()}
    for value, atom in other.conditions.items():
        wanted[value] = (*wanted.get(value, ()), atom)
    return _event(wanted, (one, other))


def counted_by_none(features: Iterable[Events]) -> Event | None:
    """An event that no feature counts, of as few values as possible; None where there is none, or cannot be told."""
    known = tuple(features)
    if not known or any(not one.conditions for one in known):
        return None
    escapes = islice(product(*(one.conditions.items() for one in known)), _COMBINATIONS)
    ways: list[dict[str, tuple[Atom, ...]]] = []
    for escape in escapes:
        wanted: dict[str, tuple[Atom, ...]] = {}
        for value, atom in escape:
            wanted[value] = (*wanted.get(value, ()), Not(atom))
        ways.append(wanted)
    found = (_event(wanted, known) for wanted in sorted(ways, key=len))
    return next((event for event in found if event is not None), None)


def _event(wanted: Mapping[str, tuple[Atom, ...]], of: tuple[Events, ...]) -> Event | None:
    values: list[tuple[str, str]] = []
    for value, atoms in wanted.items():
        name = next((one.names[value] for one in of if value in one.names), value)
        preferred = (*(text for one in of for text in one.constants.get(value, ())), _ANY_VALUE)
        try:
            found = example(Joined((*atoms, _NOT_EMPTY)), preferred)
        except Undecided:
            return None
        if found is None:
            return None
        values.append((name, found))
    return Event(tuple(sorted(values)))
