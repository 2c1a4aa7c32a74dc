"""The files of a project under change: edited in memory, tried out, and written when all of them are well."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.errors import UsageError
from reconciler.model import Address, Edit, Location
from reconciler.project import Project
from reconciler.reading.editing import Editor

ENDINGS = frozenset({".yaml", ".yml", ".json"})


@dataclass(frozen=True, slots=True)
class Copy:
    """What the desk held at one moment."""

    texts: Mapping[Path, bytes]


class Desk:
    """Editors by file, opened when they are first needed."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._editors: dict[Path, Editor] = {}
        self._before: dict[Path, bytes | None] = {}

    def path(self, name: str) -> Path:
        """The file of a name in a ``Location``."""
        return (self._project.root / name).resolve()

    def editor(self, path: Path) -> Editor:
        """The editor of a file, an empty one where there is none yet. Raises what ``Editor.open`` raises."""
        path = path.resolve()
        if path not in self._editors:
            there = path.exists()
            self._editors[path] = Editor.open(path, self.name(path)) if there else Editor(self.name(path), b"")
            self._before[path] = self._editors[path].data if there else None
        return self._editors[path]

    def name(self, path: Path) -> str:
        """A file's name for people."""
        root = self._project.root.resolve()
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()

    def copy(self) -> Copy:
        """Everything as it is now, to come back to."""
        return Copy({path: editor.data for path, editor in self._editors.items()})

    def back(self, copy: Copy) -> None:
        """Take back everything since a copy."""
        for path, editor in list(self._editors.items()):
            data = copy.texts.get(path, self._before[path] or b"")
            if editor.data != data:
                self._editors[path] = Editor(editor.name, data)

    def project(self) -> Project:
        """The project as it would be read now."""
        return replace(self._project, edited={path: self._editors[path].data for path in self._changed()})

    def _changed(self) -> list[Path]:
        return sorted(path for path, editor in self._editors.items() if editor.data != (self._before[path] or b""))

    def edits(self) -> tuple[Edit, ...]:
        """What would be written."""
        return tuple(self._edit(path) for path in self._changed())

    def _edit(self, path: Path) -> Edit:
        before, editor = self._before[path], self._editors[path]
        after = editor.data.decode() if editor.text.strip() else None
        return Edit(self.name(path), None if before is None else before.decode(), after)

    def save(self) -> None:
        """Write every changed file; one with nothing left in it goes.

        Raises ``UsageError`` where somebody changed one meanwhile, before any is written, or where one cannot be.
        """
        for path in self._changed():
            if (path.read_bytes() if path.exists() else None) != self._before[path]:
                raise UsageError(f"{self.name(path)} was changed meanwhile; nothing was written", tip="run it again")
        for path in self._changed():
            if self._editors[path].text.strip():
                path.parent.mkdir(parents=True, exist_ok=True)
                self._editors[path].save(path)
            else:
                path.unlink(missing_ok=True)

    def patch(self, folder: Path, address: Address) -> tuple[Path, int] | None:
        """The last patch of an object below a folder, or in a file, that holds at any time."""
        found = None
        for path in self._below(folder):
            editor = self.editor(path)
            for number in range(editor.documents):
                root = editor.get(number)
                if isinstance(root, Mapping) and (root.get("kind"), root.get("key")) == (address.kind, address.key):
                    found = found if {"notBefore", "spec"} & root.keys() else (path, number)
        return found

    def _below(self, folder: Path) -> Iterator[Path]:
        folder = folder.resolve()
        there = [folder] if folder.is_file() else sorted(folder.rglob("*")) if folder.is_dir() else []
        new = [path for path in self._editors if path.is_relative_to(folder) and not path.exists()]
        for path in (*there, *sorted(new)):
            hidden = any(part[0] in "._" for part in path.relative_to(folder).parts)
            if path.suffix in ENDINGS and not hidden and (path in self._editors or path.is_file()):
                yield path

    def find(self, location: Location) -> tuple[Path, int, tuple[str | int, ...]] | None:
        """The file, document and path of what stands at a place; None where it is not in a file at hand."""
        path = self.path(location.file)
        if not path.is_file():
            return None
        found = self.editor(path).at(location)
        return (path, *found) if found is not None else None


def diff(edits: tuple[Edit, ...]) -> str:
    """The edits as a unified diff."""
    parts = []
    for edit in edits:
        before, after = edit.before or "", edit.after or ""
        old = f"a/{edit.file}" if edit.before is not None else "/dev/null"
        new = f"b/{edit.file}" if edit.after is not None else "/dev/null"
        lines = difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), old, new)
        parts += [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]
    return "".join(parts)
