"""One file's bytes → its documents, or located problems. No bytes whatever make it raise anything.

JSON is read by the same parser: it is YAML, but for one escape (see ``_surrogates``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from reconciler.model import Problem
from reconciler.reading.builder import Builder, Unreadable
from reconciler.reading.tree import Files, Map, Seq, pack

MAX_BYTES = 64 * 1024 * 1024

_NOT_TEXT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\ufeff")
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: its tree, and whether any text of the file could be a template."""

    root: Any
    mark: int
    templates: bool


class Reader:
    """Reads files of one run: numbers them in ``files`` and gathers what is wrong in ``problems``."""

    def __init__(self) -> None:
        self.files = Files()
        self.problems: list[Problem] = []
        # Equal keys and values of all files are one object in memory.
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def read(self, name: str, data: bytes, *, json: bool = False) -> tuple[list[Document], str]:
        """The documents that could be read, and the decoded text; problems are added to ``problems``."""
        number = self.files.add(name)
        text = self._decode(number, data)
        if text is None:
            return [], ""
        return list(self._documents(number, _surrogates(text) if json else text)), text

    def report(self, rule: str, message: str, mark: int) -> None:
        """Add an error at a mark."""
        self.problems.append(Problem(rule, message, self.files.location(mark)))

    def _decode(self, number: int, data: bytes) -> str | None:
        if len(data) > MAX_BYTES:
            self.report("yaml.size", f"the file is larger than {MAX_BYTES >> 20} MiB", pack(number, 1, 1))
            return None
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            self.report("yaml.encoding", "the file is UTF-16; save it as UTF-8", pack(number, 1, 1))
            return None
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode("utf-8", "replace")
            self.report("yaml.encoding", f"byte 0x{error.object[error.start]:02x} is not UTF-8", _end(number, before))
            return None
        if found := _NOT_TEXT.search(text):
            message = f"the character U+{ord(found[0]):04X} cannot stand in a file; escape it in double quotes"
            self.report("yaml.character", message, _end(number, text[: found.start()]))
            return None
        return text

    def _documents(self, number: int, text: str) -> Iterator[Document]:
        templates = "{{" in text or "{%" in text
        builder = self._builder(number)
        try:
            for event in events(text):
                kind = type(event)
                if kind is DocumentStartEvent:
                    builder = self._builder(number)
                elif kind is DocumentEndEvent:
                    yield Document(builder.root, builder.root_mark, templates)
                else:
                    _HANDLERS.get(kind, _ignore)(builder, event)
        except Unreadable:
            return
        except yaml.MarkedYAMLError as error:
            self._syntax(number, error, text)
        except (yaml.YAMLError, ValueError) as error:
            self.report("yaml.syntax", f"not readable as YAML: {error}", pack(number, 1, 1))

    def _builder(self, number: int) -> Builder:
        return Builder(pack(number, 0, 0), self.report, self._names, self._values)

    def _syntax(self, number: int, error: yaml.MarkedYAMLError, text: str) -> None:
        place = error.problem_mark or error.context_mark
        line, column = _inside(text, place.line, place.column) if place else (0, 0)
        self.report("yaml.syntax", _explain(error, text, line, column), pack(number, line + 1, column + 1))


def _inside(text: str, line: int, column: int) -> tuple[int, int]:
    """The end of the text for a place behind it, where the parser saw that something is missing."""
    written = text.rstrip()
    last = written.count("\n")
    return (line, column) if line <= last else (last, len(written) - (written.rfind("\n") + 1))


def _explain(error: yaml.MarkedYAMLError, text: str, line: int, column: int) -> str:
    problem = error.problem or "not readable as YAML"
    lines = text.split("\n", line + 1)
    here = lines[line] if line < len(lines) else ""
    if "\t" in here[: column + 1]:
        return "a tab cannot indent YAML; use spaces"
    if "mapping values are not allowed" in problem:
        return f"{problem}: quote a value that holds `: `, or check the indentation"
    if here[column : column + 1] in ("@", "`", "%"):
        return f"a value cannot begin with `{here[column]}`; quote it"
    context = f" {error.context}" if error.context else ""
    if error.context and error.context_mark and error.context_mark.line != line:
        context += f" that begins on line {error.context_mark.line + 1}"
    return f"{problem}{context}"


def events(text: str) -> Iterator[Any]:
    """The parser's events for a text, with offsets that are the text's own. Raises ``yaml.YAMLError``."""
    text, back = _stand_ins(text)
    parser = _parser(text)
    while parser.check_event():
        event = parser.get_event()
        if back and type(event) is ScalarEvent:
            event.value = event.value.translate(back)
        yield event


def _parser(text: str) -> Any:  # noqa: ANN401 - two parsers with one interface and no common class
    """PyYAML's C parser, or its Python one where PyYAML was built without it."""
    loader = getattr(yaml, "CSafeLoader", None) or yaml.SafeLoader
    return loader(text)


def _stand_ins(text: str) -> tuple[str, dict[int, int]]:
    """The text with private characters for what only YAML 1.1 takes for a line's end, and the way back.

    Both JSON and YAML 1.2 keep U+0085, U+2028 and U+2029 as they stand; the parser would fold them and count lines.
    """
    ends = [ord(char) for char in "\x85\u2028\u2029" if char in text]
    if not ends:
        return text, {}
    free = (code for code in range(0xE000, 0xF900) if chr(code) not in text)
    there = dict(zip(ends, free, strict=False))
    return text.translate(there), {stand_in: end for end, stand_in in there.items()}


def _end(number: int, before: str) -> int:
    """The mark of the place right after a text."""
    line = before.count("\n") + 1
    return pack(number, line, len(before) - (before.rfind("\n") + 1) + 1)


def _surrogates(text: str) -> str:
    r"""JSON writes a character beyond U+FFFF as two ``\u`` escapes, which YAML's parser refuses."""
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return _PAIR.sub(_join_pair, text)


def _join_pair(match: re.Match[str]) -> str:
    code = 0x10000 + ((int(match[2], 16) - 0xD800) << 10) + (int(match[3], 16) - 0xDC00)
    return f"{match[1]}\\U{code:08X}"


def _ignore(builder: Builder, event: Any) -> None:  # noqa: ANN401 - an event of PyYAML
    del builder, event


_HANDLERS: dict[type, Callable[[Builder, Any], None]] = {
    ScalarEvent: Builder.scalar,
    MappingStartEvent: lambda builder, event: builder.open(event, Map()),
    SequenceStartEvent: lambda builder, event: builder.open(event, Seq()),
    MappingEndEvent: lambda builder, _: builder.close(),
    SequenceEndEvent: lambda builder, _: builder.close(),
    AliasEvent: Builder.alias,
}
