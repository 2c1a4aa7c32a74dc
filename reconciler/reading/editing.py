"""Changing single values of a YAML or JSON file; every line that is not about them stays as it is, to the byte.

Edits are made in the text, at the offsets of what they replace: a round trip through a document model (ruamel.yaml's
too) wraps long lines, moves comments and indents lists anew. After every edit the text is read again and has to mean
exactly what was asked for, else the edit is refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path as FilePath
from typing import Any, NoReturn

from reconciler.errors import EditError, InputError, UsageError
from reconciler.model import Location, Path, Problem, Tree, render_path
from reconciler.reading import splicing
from reconciler.reading.expected import appended, by_keys, deleted, first_template, plain_tree, replaced, same
from reconciler.reading.locating import Place, locate, path_at, refuse_shared, refuse_within
from reconciler.reading.written import Node, documents
from reconciler.reading.yaml import Reader


class Editor:
    """One file under change. ``name`` is its name in messages, relative to the project.

    Documents are counted from 0, empty ones too; a path begins at the document: ``("spec", "phases", "[main]")``.
    Every method that changes raises ``EditError`` with the place where it cannot, and has then changed nothing.
    """

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self._json = name.endswith(".json")
        self._bom = data.startswith(b"\xef\xbb\xbf")
        self._before = data
        self._roots, self.text = self._read(data)
        self._nodes: list[Node] | None = None

    @classmethod
    def open(cls, path: FilePath, name: str | None = None) -> Editor:
        """The editor of a file. Raises ``UsageError`` where it cannot be read, ``InputError`` where it is no YAML."""
        try:
            return cls(name or path.as_posix(), path.read_bytes())
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from None

    @property
    def data(self) -> bytes:
        """The file as it is now."""
        return (b"\xef\xbb\xbf" if self._bom else b"") + self.text.encode()

    @property
    def changed(self) -> bool:
        """Whether anything differs from what was read."""
        return self.data != self._before

    @property
    def documents(self) -> int:
        """How many documents the file has."""
        return len(self._roots)

    def find(self, kind: str, key: str) -> int | None:
        """The first document of that kind and key."""
        for number, root in enumerate(self._roots):
            if isinstance(root, dict) and (root.get("kind"), root.get("key")) == (kind, key):
                return number
        return None

    def get(self, document: int, path: Path = ()) -> Tree:
        """The value at a path with aliases and merges followed, None where there is none."""
        try:
            found: Tree = plain_tree(locate(self._roots[document], self._document(document), path).value)
        except LookupError:
            return None
        return found

    def location(self, document: int, path: Path = ()) -> Location:
        """Where the value at the path stands or, where it is not written, the nearest parent that is."""
        node = self._document(document)
        for length in range(len(path), -1, -1):
            try:
                node = locate(self._roots[document], self._document(document), path[:length]).node
                break
            except LookupError:
                continue
        return self._at(node.start)

    def at(self, location: Location) -> tuple[int, Path] | None:
        """The document and path of what stands at a place: of a key its value, else the value; None for neither."""
        lines = self.text.split("\n")
        if location.line > len(lines):
            return None
        offset = sum(len(line) + 1 for line in lines[: location.line - 1]) + location.column - 1
        for number in range(self.documents):
            if (path := path_at(self._document(number), offset)) is not None:
                return number, by_keys(self.get(number), path)
        return None

    def delete_document(self, document: int) -> None:
        """Take a whole document away, with the line that separates it and the comments inside it."""
        starts = [node.start for node in self._every_document()]
        begins = [self.text.rfind("\n---", 0, start) + 1 for start in starts]
        begin = begins[document] if document else 0
        end = begins[document + 1] if document + 1 < len(starts) else len(self.text)
        text = self.text[:begin] + self.text[end:]
        if not document:
            text = re.sub(r"\A---[^\n]*\n", "", text)
        wanted = [plain_tree(root) for number, root in enumerate(self._roots) if number != document]
        roots, read = self._read(self._encoded(text))
        if not same([plain_tree(root) for root in roots], wanted):
            self._fail("edit.unsure", "this document cannot be taken away in place; do it by hand", starts[document])
        self._roots, self.text, self._nodes = roots, read, None

    def set(self, document: int, path: Path, value: Tree, *, order: Sequence[str] = ()) -> None:
        """Give the value at the path, or a new entry there, another value; parents that are missing are made.

        A new entry goes behind those that stand before it in ``order``, else to the end of its map.
        """
        known = self._known(document, path)
        place = self._own(document, known, whole=known == path)
        if known == path:
            self._edit(document, lambda old: replaced(old, path, value), splicing.replace(self.text, place, value))
            return
        if place.node.form == "list" or (place.node.form != "map" and place.value is not None):
            self._fail("edit.missing", f"there is no `{render_path(path)}`", place.node.start)
        name, new = str(path[len(known)]), self._nested(path[len(known) + 1 :], value, place)
        text = splicing.add_entry(self.text, place, name, new, order)
        self._edit(document, lambda old: replaced(old, (*known, name), new), text)

    def delete(self, document: int, path: Path) -> None:
        """Take the entry or item at the path away, with the comments on its own lines and the templates inside it."""
        place = self._own(document, path, whole=True, inside=True)
        if place.parent is None:
            self._fail("edit.form", "a whole document is not deleted here", place.node.start)
        self._edit(document, lambda old: deleted(old, path), splicing.remove(self.text, place))

    def insert(self, document: int, path: Path, value: Tree, *, before: int | None = None) -> None:
        """Add an item to the list at the path: at the end, or before the item at that index."""
        place = self._own(document, path)
        if place.node.form != "list":
            self._fail("edit.form", f"`{render_path(path)}` is no list", place.node.start)
        text = splicing.add_item(self.text, place, value, before)
        self._edit(document, lambda old: appended(old, path, value, before), text)

    def append_document(self, text: str) -> int:
        """Add a document, as text, behind the last one; its number."""
        nl = self._newline
        whole = self.text if not self.text or self.text.endswith("\n") else self.text + nl
        roots, read = self._read(self._encoded(f"{whole}---{nl}{text}" if whole.strip() else text))
        self._roots, self.text, self._nodes = roots, read, None
        return len(roots) - 1

    def save(self, path: FilePath) -> None:
        """Write the file whole or not at all; it keeps its mode. Raises ``UsageError`` where that is not possible."""
        replace_file(path, self.data)
        self._before = self.data

    @property
    def _newline(self) -> str:
        return splicing.newline(self.text)

    def _encoded(self, text: str) -> bytes:
        return text.encode("utf-8", "surrogatepass")

    def _read(self, data: bytes) -> tuple[list[Any], str]:
        reader = Reader()
        found, text = reader.read(self.name, data, json=self._json)
        if reader.problems:
            raise EditError(reader.problems)
        return [document.root for document in found], text

    def _document(self, number: int) -> Node:
        if self._nodes is None:
            self._nodes = documents(self.text)
        return self._nodes[number]

    def _every_document(self) -> list[Node]:
        return [self._document(number) for number in range(self.documents)]

    def _known(self, document: int, path: Path) -> Path:
        """The part of the path that is written."""
        for length in range(len(path), 0, -1):
            try:
                locate(self._roots[document], self._document(document), path[:length])
            except LookupError:
                continue
            return path[:length]
        return ()

    def _nested(self, path: Path, value: Tree, place: Place) -> Tree:
        """The value inside the maps that a path names; an item of a list that is not there cannot be made up."""
        for part in reversed(path):
            if isinstance(part, int) or part.startswith("["):
                self._fail("edit.missing", f"there is no item `{render_path((part,))}`", place.node.start)
            value = {part: value}
        return value

    def _own(self, document: int, path: Path, *, whole: bool = False, inside: bool = False) -> Place:
        """The place of a value that belongs to nothing else; ``whole``: all of it is about to go.

        ``inside``: a template may go with what holds it, though not alone.
        """
        try:
            place = locate(self._roots[document], self._document(document), path)
        except LookupError:
            self._fail("edit.missing", f"there is no `{render_path(path)}`", self._document(document).start)
        reason = refuse_shared(place) or (refuse_within(place.node) if whole else None)
        if reason is not None:
            lines = ", ".join(f"line {self._at(user).line}" for user in place.shared_by())
            self._fail("edit.shared", f"{reason}{f' ({lines})' if lines else ''}; change it by hand", place.node.start)
        alone = isinstance(place.value, str)
        if whole and (alone or not inside) and (template := first_template(place.value)) is not None:
            message = f"`{render_path(path)}` is made by the template `{template}`: change what it is made of"
            self._fail("edit.template", message, place.node.start)
        return place

    def _edit(self, document: int, expected: Callable[[Tree], Tree], text: str) -> None:
        """Take over the new text if it means the old one with exactly the wished change."""
        wanted = [plain_tree(root) for root in self._roots]
        wanted[document] = expected(wanted[document])
        at = self._document(document).start
        try:
            roots, read = self._read(self._encoded(text))
        except InputError:
            self._fail("edit.unsure", "this cannot be changed in place without damage; change it by hand", at)
        if not same([plain_tree(root) for root in roots], wanted):
            self._fail("edit.unsure", "this cannot be changed in place without changing more; change it by hand", at)
        self._roots, self.text, self._nodes = roots, read, None

    def _at(self, offset: int) -> Location:
        before = self.text[:offset]
        return Location(self.name, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)

    def _fail(self, rule: str, message: str, offset: int) -> NoReturn:
        raise EditError([Problem(rule, message, self._at(offset))], f"{self._at(offset)}: {message}")


def replace_file(path: FilePath, data: bytes) -> None:
    """Write a file whole or not at all: it keeps its mode, and a link stays one. Raises ``UsageError``."""
    real = path.resolve()
    temporary = real.with_name(f".{real.name}.{os.getpid()}.part")
    try:
        try:
            temporary.write_bytes(data)
            if real.exists():
                temporary.chmod(real.stat().st_mode & 0o7777)
            temporary.replace(real)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
