"""One field for people; and what the expression of a rule can name, told like fields."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.expressions.variables import RECORDS, VARIABLES, Attribute

_TYPES = {"int?": "whole number (int), or null", "double": "number with a point (double)", "dyn": "any value"}


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """One field for people. ``notes`` are what the markers say; ``children`` are the fields below it."""

    path: str
    name: str
    type: str
    required: bool
    description: str
    notes: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    children: tuple[FieldFacts, ...] = ()


def named_in_expressions(path: str) -> tuple[FieldFacts, ...]:
    """The variables of an expression, as fields below it."""
    return tuple(
        FieldFacts(f"{path}.{name}", name, record.says, required=False, description="", children=_of(path, name, name))
        for name, record in VARIABLES.items()
    )


def _of(path: str, name: str, record: str) -> tuple[FieldFacts, ...]:
    known = VARIABLES.get(record) or RECORDS[record]
    here = f"{path}.{name}"
    return tuple(
        FieldFacts(
            f"{here}.{one.name}",
            one.name,
            _TYPES.get(one.type, one.type.replace("list(", "list of ").rstrip(")")),
            required=False,
            description=one.meaning,
            children=_of(here, one.name, _record(one)) if _record(one) else (),
        )
        for one in known.attributes
    )


def _record(one: Attribute) -> str:
    """The record that an attribute is, or a list of; the changes of a plan are those told under ``change``."""
    name = one.type.removeprefix("list(").removesuffix(")")
    return name if name in RECORDS and name != "Change" else ""
