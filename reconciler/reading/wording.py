"""The sentences for what a schema refuses: what is wrong, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pydantic_core import ErrorDetails

from reconciler.model import render_path
from reconciler.reading.suggest import did_you_mean, one_of
from reconciler.reading.trace import Trace

_FORMS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "`true` or `false`",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
    "mapping_type": "a map",
    "list_type": "a list",
    "tuple_type": "a list",
    "decimal_type": "a number",
    "is_instance_of": "a number",
    "float_type": "a number",
    "none_required": "nothing (`null`)",
}
WRONG_FORM = frozenset(_FORMS) | {"literal_error"}
_BOOLEANS = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
_MAX_SHOWN = 60


def explain(detail: ErrorDetails, found: Trace, what: str) -> tuple[str, str]:
    """The rule id and the message of one error; ``what`` names the whole tree (``a Meter``)."""
    kind = detail["type"]
    if "." in kind:
        return kind, detail["msg"]
    if kind in _FORMS:
        form = _FORMS[kind]
        # Where a map is wanted, a text may be a secret that somebody wrote out instead of naming its source.
        given = form_of(found.node) if form in ("a map", "a list") else describe(found.node)
        return "schema.type", f"{_field(found)}has to be {form}, not {given}{_hint(kind, found.node)}"
    wording = _WORDINGS.get(kind)
    if wording is not None:
        return wording(detail, found, what)
    return "schema.value", f"{_field(found)}is not accepted: {detail['msg'][:1].lower()}{detail['msg'][1:]}"


def choice(details: list[ErrorDetails], found: Trace) -> str:
    """What a value has to be that fits none of several types."""
    words = [_FORMS.get(detail["type"]) or one_of(_expected(detail)) for detail in details]
    words = list(dict.fromkeys(words))
    listed = " or ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]
    return f"{_field(found)}has to be {listed}, not {form_of(found.node)}"


def describe(value: Any) -> str:  # noqa: ANN401 - any tree
    """A value for a message: its form and, if it is short, itself."""
    match value:
        case None:
            return "nothing (`null`)"
        case bool():
            return f"`{str(value).lower()}`"
        case int() | Decimal():
            return f"the number `{value}`"
        case str():
            return f"the text `{_short(value)}`"
        case dict():
            return "a map"
        case _:
            return "a list"


def form_of(value: Any) -> str:  # noqa: ANN401 - any tree
    """Only what form a value has, for where it may be secret."""
    match value:
        case None:
            return "nothing (`null`)"
        case bool() | int() | Decimal():
            return "a number or boolean"
        case str():
            return "text"
        case dict():
            return "a map"
        case _:
            return "a list"


def _short(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def _field(found: Trace) -> str:
    return f"`{found.name}` " if found.name else "this "


def _hint(kind: str, value: Any) -> str:  # noqa: ANN401 - any tree
    if kind == "string_type" and isinstance(value, bool | int | Decimal):
        return f'; quote it: `"{str(value).lower() if isinstance(value, bool) else value}"`'
    if kind == "bool_type" and isinstance(value, str) and value.lower() in _BOOLEANS:
        return f"; write `{_BOOLEANS[value.lower()]}`"
    return ""


def _where(found: Trace, what: str) -> str:
    parent = found.path[:-1] if found.path and found.path[-1] == found.name else found.path
    return f"`{render_path(parent)}`" if parent else what


def _unknown(detail: ErrorDetails, found: Trace, what: str) -> tuple[str, str]:
    del detail
    hint = did_you_mean(found.name, found.known)
    return "schema.unknown_field", f"unknown field `{_short(found.name)}` in {_where(found, what)}{hint}"


def _missing(detail: ErrorDetails, found: Trace, what: str) -> tuple[str, str]:
    del detail
    where = f"`{render_path(found.path)}`" if found.path else what
    return "schema.missing", f"`{found.name}` is missing in {where}"


def _enum(detail: ErrorDetails, found: Trace, what: str) -> tuple[str, str]:
    del what
    expected = _expected(detail)
    hint = did_you_mean(found.node, expected) if isinstance(found.node, str) else ""
    verb = "has to be" if len(expected) == 1 else "has to be one of"
    return "schema.enum", f"{_field(found)}{verb} {one_of(expected)}, not {describe(found.node)}{hint}"


def _expected(detail: ErrorDetails) -> list[str]:
    """The values that a literal may have, from pydantic's own list of them."""
    listed = str(detail.get("ctx", {}).get("expected", "")).replace(" or ", ", ")
    return [word.strip(" '") for word in listed.split(",")]


def _tag(detail: ErrorDetails, found: Trace, what: str) -> tuple[str, str]:
    context = detail.get("ctx", {})
    name = str(context.get("discriminator", "")).strip("'")
    expected = [word.strip(" '") for word in str(context.get("expected_tags", "")).split(",")]
    node = found.node if isinstance(found.node, dict) else {}
    if name not in node:
        choices = f": {one_of(expected)}" if expected != [""] else ""
        where = f"`{render_path(found.path)}`" if found.path else what
        return "schema.missing", f"`{name}` is missing in {where}{choices}"
    found.mark = found.node.entry_marks(name)[1]
    value = node[name]
    hint = did_you_mean(value, expected) if isinstance(value, str) else ""
    found.span = len(str(value))
    return "schema.enum", f"`{name}` has to be one of {one_of(expected)}, not {describe(value)}{hint}"


def _length(detail: ErrorDetails, found: Trace, what: str) -> tuple[str, str]:
    del what
    context = detail.get("ctx", {})
    unit = "character" if detail["type"].startswith("string") else "item"
    if "max_length" in context:
        size = len(found.node) if hasattr(found.node, "__len__") else 0
        has = f", this has {size}" if size else ""
        return "schema.length", f"{_field(found)}has at most {_count(context['max_length'], unit)}{has}"
    if context.get("min_length") == 1:
        return "schema.length", f"{_field(found)}cannot be empty"
    return "schema.length", f"{_field(found)}needs at least {_count(context.get('min_length', 1), unit)}"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def _range(detail: ErrorDetails, found: Trace, what: str) -> tuple[str, str]:
    del what
    bounds = [f"{word} {detail['ctx'][key]}" for key, word in _BOUNDS.items() if key in detail.get("ctx", {})]
    return "schema.range", f"{_field(found)}has to be {' and '.join(bounds)}, not {describe(found.node)}"


def _pattern(detail: ErrorDetails, found: Trace, what: str) -> tuple[str, str]:
    del what
    pattern = detail.get("ctx", {}).get("pattern", "")
    return "schema.pattern", f"{_field(found)}has to have the form `{pattern}`, not {describe(found.node)}"


def _value(detail: ErrorDetails, found: Trace, what: str) -> tuple[str, str]:
    del found, what
    return "schema.value", detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")


_WORDINGS: dict[str, Callable[[ErrorDetails, Trace, str], tuple[str, str]]] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "literal_error": _enum,
    "enum": _enum,
    "union_tag_invalid": _tag,
    "union_tag_not_found": _tag,
    "string_too_long": _length,
    "string_too_short": _length,
    "too_long": _length,
    "too_short": _length,
    "greater_than": _range,
    "greater_than_equal": _range,
    "less_than": _range,
    "less_than_equal": _range,
    "string_pattern_mismatch": _pattern,
    "value_error": _value,
    "assertion_error": _value,
}
