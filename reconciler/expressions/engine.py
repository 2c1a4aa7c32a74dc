"""The one module that runs CEL: Google's own implementation (cel-cpp), whose checker knows every name and type.

An expression cannot do anything but answer: it has no access to anything but its variables, loops over lists only, and
stops at a budget of 10,000 steps; its regular expressions are linear in time (RE2).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from cel_expr_python import cel
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, struct_pb2, timestamp_pb2, wrappers_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto
from google.protobuf.message import Message

from reconciler.expressions import literals
from reconciler.expressions.variables import RECORDS, VARIABLES, Attribute
from reconciler.expressions.wording import Fault, fault, never, no_boolean, untold

_PACKAGE = "reconciler"
_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_PATTERN = re.compile(r"""\.matches\(\s*(?P<pattern>r?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'))\s*\)""")
_PLAIN = {
    "string": FieldDescriptorProto.TYPE_STRING,
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "int": FieldDescriptorProto.TYPE_INT64,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
}
_KNOWN = {
    "dyn": ".google.protobuf.Value",
    "int?": ".google.protobuf.Int64Value",
    "timestamp": ".google.protobuf.Timestamp",
}


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression. ``variables`` are those that it names."""

    text: str
    variables: frozenset[str]
    _compiled: Any

    def value(self, variable: str, facts: Mapping[str, Any]) -> Message:
        """The value of a variable, made once for any number of questions; without a list that it does not name."""
        lists = {one.name for one in VARIABLES["plan"].attributes if one.type.startswith("list(")}
        spared = {name for name in lists if variable == "plan" and not re.search(rf"\b{name}\b", self.text)}
        return _record(VARIABLES[variable].name, facts, spared)

    def ask(self, values: Mapping[str, Message]) -> bool | str:
        """What it says of these variables; a text says why nobody can tell."""
        try:
            found = self._compiled.eval(data={name: values[name] for name in self.variables})
        except RuntimeError as error:
            return untold(str(error))
        said = found.value()
        return said if isinstance(said, bool) else untold(str(said))


@cache
def compiled(text: str) -> Expression | tuple[Fault, ...]:
    """The expression, or everything that is wrong with it."""
    if text != _text(text):
        return (Fault("it holds half a surrogate pair, which is no character"),)
    try:
        found = _environment(*VARIABLES).compile(text)
    except RuntimeError as error:
        return _faults(text, str(error))
    if found.return_type() != cel.Type.BOOL:
        return (no_boolean(found.return_type().name()),)
    if wrong := (*literals.faults(text), *_patterns(text)):
        return wrong
    used = frozenset(name for name in VARIABLES if not _compiles(text, without=name))
    made = Expression(text, used, found)
    tried = made.ask({name: _class_of(VARIABLES[name].name)() for name in used})
    return (Fault(tried),) if isinstance(tried, str) and never(tried) else made


def _patterns(text: str) -> Iterator[Fault]:
    """Regular expressions that are none, also where the expression comes to them only with certain changes."""
    for written in _PATTERN.finditer(text):
        try:
            found = _environment().compile(f"''.matches({written['pattern']})").eval(data={}).value()
        except RuntimeError as error:
            found = str(error)
        if not isinstance(found, bool):
            before = text[: written.start("pattern")]
            column = len(before) - before.rfind("\n")
            yield Fault(untold(str(found)), before.count("\n") + 1, column)


def _compiles(text: str, *, without: str) -> bool:
    """Whether it can do without a variable: the library does not tell which ones an expression names."""
    try:
        _environment(*(name for name in VARIABLES if name != without)).compile(text)
    except RuntimeError:
        return False
    return True


def _faults(text: str, error: str) -> tuple[Fault, ...]:
    found = [
        fault(text, int(line), int(column), said)
        for line, column, said in _ERROR.findall(error)
        if "*error*" not in said
    ]  # what follows from another mistake
    return tuple(dict.fromkeys(found)) or (fault(text, 1, 1, error),)


@cache
def _environment(*names: str) -> Any:  # noqa: ANN401 - the library has no types of its own
    types = {name: cel.Type(f"{_PACKAGE}.{VARIABLES[name].name}") for name in names}
    return cel.NewEnv(_pool(), variables=types)


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    """The records as types that CEL knows."""
    pool = descriptor_pool.DescriptorPool()
    for known in (struct_pb2, timestamp_pb2, wrappers_pb2):
        copy = descriptor_pb2.FileDescriptorProto()
        known.DESCRIPTOR.CopyToProto(copy)
        pool.Add(copy)
    names = [f"google/protobuf/{name}.proto" for name in ("struct", "timestamp", "wrappers")]
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{_PACKAGE}.proto", package=_PACKAGE, syntax="proto3", dependency=names
    )
    for record in RECORDS.values():
        message = file.message_type.add(name=record.name)
        for number, attribute in enumerate(record.attributes, 1):
            _declare(message.field.add(name=attribute.name, number=number), attribute)
    pool.Add(file)
    return pool


def _declare(field: FieldDescriptorProto, attribute: Attribute) -> None:
    kind = attribute.type
    if kind.startswith("list("):
        field.label = FieldDescriptorProto.LABEL_REPEATED
        kind = kind[5:-1]
    if kind in _PLAIN:
        field.type = _PLAIN[kind]
    else:
        field.type = FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = _KNOWN.get(kind) or f".{_PACKAGE}.{kind}"


def _record(name: str, values: Mapping[str, Any], spared: Container[str] = ()) -> Message:
    made = _class_of(name)()
    for attribute in RECORDS[name].attributes:
        if attribute.name not in spared:
            _set(made, attribute, values[attribute.name])
    return made


@cache
def _class_of(name: str) -> type[Message]:
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"{_PACKAGE}.{name}"))


def _set(made: Message, attribute: Attribute, value: Any) -> None:  # noqa: ANN401 - a plain value
    kind = attribute.type
    if kind.startswith("list("):
        items = [_text(item) if kind[5:-1] in _PLAIN else _record(kind[5:-1], item) for item in value]
        getattr(made, attribute.name).extend(items)
    elif kind in _PLAIN:
        setattr(made, attribute.name, _text(value) if kind == "string" else value)
    elif kind in RECORDS:
        getattr(made, attribute.name).CopyFrom(_record(kind, value))
    elif isinstance(value, datetime):
        getattr(made, attribute.name).FromDatetime(value)
    elif kind == "dyn":
        _set_any(getattr(made, attribute.name), value)
    elif value is not None:
        getattr(made, attribute.name).value = value


def _text(value: str) -> str:
    """Text as UTF-8 can hold it: a server may answer half a surrogate pair."""
    return value.encode("utf-8", "replace").decode()


def _set_any(place: Any, value: Any) -> None:  # noqa: ANN401 - a plain value, into google.protobuf.Value
    match value:
        case None:
            place.null_value = 0
        case bool():
            place.bool_value = value
        case int() | float():
            place.number_value = value
        case str():
            place.string_value = _text(value)
        case Mapping():
            place.struct_value.SetInParent()
            for name, item in value.items():
                _set_any(place.struct_value.fields[name], item)
        case _:
            place.list_value.SetInParent()
            for item in value:
                _set_any(place.list_value.values.add(), item)
