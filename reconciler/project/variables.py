"""Variables: their declaration, and the value that a text or a YAML scalar gives one."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from reconciler.model import Location
from reconciler.project.values import Value, Variable
from reconciler.reading.suggest import did_you_mean, one_of
from reconciler.reading.tree import Map, find
from reconciler.reading.validation import Issue
from reconciler.reading.wording import describe

if TYPE_CHECKING:
    from reconciler.project.document import VariableDocument

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]{1,100}(?:\.[0-9]{1,100})?|\.[0-9]{1,100})")
_INTEGER = re.compile(r"[-+]?[0-9]{1,100}")
_BOOLEANS = {"true": True, "false": False}
_WANTED = {"string": "text", "decimal": "a decimal number", "integer": "a whole number", "boolean": "`true` or `false`"}

Locate = Callable[[int], Location]


def variable(name: str, document: VariableDocument, tree: Map, locate: Locate) -> tuple[Variable, list[Issue]]:
    """A declared variable; ``tree`` is the map of all declarations."""
    issues: list[Issue] = []
    mark = find(tree, tree.mark, (name,))
    if not _NAME.fullmatch(name):
        issues.append(Issue("project.variable", f"`{name}` is no name for a template: letters, digits and `_`", mark))
    bare = Variable(name, document.type, description=document.description or "", location=locate(mark))

    def value(given: object, *path: str | int, bound: bool = False) -> Value | None:
        if given is None:
            return None
        kind = Variable(name, "decimal") if bound else bare
        found, reason = convert(kind, given, text=False)
        if reason:
            issues.append(Issue("project.variable", reason, find(tree, tree.mark, (name, *path))))
        return found

    low, high = value(document.min, "min", bound=True), value(document.max, "max", bound=True)
    if (low is not None or high is not None) and document.type not in ("decimal", "integer"):
        issues.append(Issue("project.variable", f"`min` and `max` bound numbers; `{name}` is a {document.type}", mark))
    choices = [value(item, "enum", index) for index, item in enumerate(document.enum or ())]
    made = Variable(
        name=name,
        type=document.type,
        minimum=low if isinstance(low, Decimal) else None,
        maximum=high if isinstance(high, Decimal) else None,
        choices=tuple(item for item in choices if item is not None),
        description=bare.description,
        location=bare.location,
    )
    default, reason = (None, None) if document.default is None else convert(made, document.default, text=False)
    if reason and not issues:
        issues.append(Issue("project.variable", reason, find(tree, tree.mark, (name, "default"))))
    return _with_default(made, default), issues


def _with_default(made: Variable, default: Value | None) -> Variable:
    from dataclasses import replace

    return replace(made, default=default)


def convert(declared: Variable, given: object, *, text: bool) -> tuple[Value | None, str | None]:
    """The value of the declared type, or why there is none. ``text``: from a command line, where all is text."""
    value = _typed(declared, given, text=text)
    if value is None:
        return (
            None,
            f"variable `{declared.name}` is {_WANTED[declared.type]}, not {describe(given)}{_hint(declared, given)}",
        )
    if declared.choices and value not in declared.choices:
        shown = [str(choice) for choice in declared.choices]
        hint = did_you_mean(str(value), shown)
        return None, f"variable `{declared.name}` has to be one of {one_of(shown)}, not `{value}`{hint}"
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        if declared.minimum is not None and value < declared.minimum:
            return None, f"variable `{declared.name}` has to be at least {declared.minimum}, not `{value}`"
        if declared.maximum is not None and value > declared.maximum:
            return None, f"variable `{declared.name}` has to be at most {declared.maximum}, not `{value}`"
    return value, None


def _typed(declared: Variable, given: object, *, text: bool) -> Value | None:
    match declared.type, given:
        case "string", str():
            return given
        case "boolean", bool():
            return given
        case "boolean", str() if text:
            return _BOOLEANS.get(given)
        case "integer", int() if not isinstance(given, bool):
            return given
        case "integer", str() if _INTEGER.fullmatch(given):
            return int(given)
        case "decimal", int() | Decimal() if not isinstance(given, bool):
            return Decimal(given)
        case "decimal", str() if _DECIMAL.fullmatch(given):
            return Decimal(given)
        case _:
            return None


def _hint(declared: Variable, given: object) -> str:
    if declared.type == "string" and isinstance(given, bool | int | Decimal):
        shown = str(given).lower() if isinstance(given, bool) else str(given)
        return f'; quote it: `"{shown}"`'
    return ""
