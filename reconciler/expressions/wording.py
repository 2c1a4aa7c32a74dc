"""What is wrong with an expression, in words for who wrote it; the checker's own are for programmers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reconciler.expressions.variables import RECORDS, VARIABLES
from reconciler.reading.suggest import did_you_mean

_FIELD = re.compile(r"undefined field '(?P<name>[^']*)' not found in struct 'reconciler\.(?P<record>\w+)'")
_NAME = re.compile(r"undeclared reference to '(?P<name>[^']*)'")
_OVERLOAD = re.compile(r"found no matching overload for '(?P<name>[^']*)' applied to '(?P<types>.*)'")
_UNEXPECTED = re.compile(
    r"Syntax error: (?:(?:mismatched|extraneous) input|token recognition error at:) '(?P<found>[^']*)"
)
_WRITE = {"and": "&&", "or": "||", "not": "!", "=": "=="}
_INSTEAD = re.compile(r"(?:input|error at:) '(?P<word>and|or|not|=) ?'")
_STATUS = re.compile(r"^[A-Z_]+: | \[[A-Z_]+\]$")
_FUNCTIONS = ("contains", "endsWith", "matches", "size", "startsWith", "exists", "all", "filter", "map", "has",
              "double", "int", "string", "timestamp", "duration", "getDayOfWeek", "getHours", "getMonth")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an expression, at a line and a column of it, from 1."""

    message: str
    line: int = 1
    column: int = 1


def fault(text: str, line: int, column: int, said: str) -> Fault:
    """A complaint of the checker in our words; one that nobody has met yet stays as it is."""
    return Fault(_words(text, line, column, said), line, column)


def no_boolean(found: str) -> Fault:
    """An expression that is neither true nor false."""
    return Fault(f"a rule is true or false, and this is {_type(found)}; compare it with something")


def untold(said: str) -> str:
    """Why an expression could not be evaluated."""
    if "null_type" in said:
        return "a value that it compares is not known"
    if "No matching overloads" in said:
        return "a value that it compares is of another type"
    if "budget" in said.lower():
        return "it takes too many steps"
    return _plain(said)


def never(said: str) -> bool:
    """Whether an expression that could not be evaluated over nothing at all can never be: a text in it is wrong."""
    return re.search("regular expression|timezone|conversion failed|maximum allowed", said) is not None


def _words(text: str, line: int, column: int, said: str) -> str:
    if found := _FIELD.search(said):
        record = RECORDS[found["record"]]
        hint = did_you_mean(found["name"], record.names()) or f"; it has {', '.join(record.names())}"
        return f"{record.says} has no `{found['name']}`{hint}"
    if found := _NAME.search(said):
        return _unknown(text, line, column, found["name"])
    if found := _OVERLOAD.search(said):
        return _mismatch(found["name"], found["types"])
    if found := _INSTEAD.search(said):
        return f"CEL has no `{found['word']}`; write `{_WRITE[found['word']]}`"
    if found := _UNEXPECTED.search(said):
        return (
            "the expression ends too early" if found["found"] == "<EOF>" else f"`{found['found']}` is unexpected here"
        )
    if "recursion limit" in said.lower():
        return "it is nested too deeply"
    return _plain(said.partition(" expecting ")[0])


def _plain(said: str) -> str:
    """The checker's own words, without what only a programmer wants to see of them."""
    return _STATUS.sub("", said).replace("reconciler.", "").removeprefix("Syntax error: ")


def _unknown(text: str, line: int, column: int, name: str) -> str:
    here = text.split("\n")[line - 1][column - 1 :] if line <= text.count("\n") + 1 else ""
    if here.startswith("(") or f"{name}(" in text:
        return f"there is no function `{name}`{did_you_mean(name, _FUNCTIONS)}"
    root = name.partition(".")[0]
    hint = did_you_mean(root, VARIABLES)
    return f"there is no variable `{root}`{hint or '; there are `change` and `plan`'}"


def _mismatch(name: str, types: str) -> str:
    operator = name.strip("_@").replace("[_]", "[]").replace("?_:", "? :")
    kinds = [_type(kind) for kind in types.strip("()").split(", ")] if types.count("(") == 1 else [types]
    between = " and ".join(dict.fromkeys(kinds)) if len(kinds) > 1 else kinds[0]
    if {"double", "int"} <= set(types.strip("()").split(", ")):
        return f"`{operator}` cannot be between {between}: write the number with a point, such as `20.0`"
    return f"`{operator}` cannot be used with {between}"


def _type(name: str) -> str:
    plain = name.removeprefix("reconciler.")
    if plain in RECORDS:
        return RECORDS[plain].says
    names = {"int": "a whole number (int)", "double": "a number with a point (double)", "string": "a text",
             "bool": "true or false", "dyn": "a value of any type"}  # fmt: skip
    form = re.split("[(<]", plain, maxsplit=1)[0].lower()  # of a list or a map, whatever is in it
    return names.get(form, f"a {form.removeprefix('google.protobuf.')}")
