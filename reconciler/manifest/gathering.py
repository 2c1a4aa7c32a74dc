"""What stands in files: objects that are declared, approvals, and comments that silence warnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.manifest.allow import Allowance, allowances
from reconciler.manifest.approvals import Written, is_approval, read_approval
from reconciler.manifest.documents import Declared, read_document
from reconciler.manifest.files import Layout
from reconciler.manifest.problems import Problems
from reconciler.project import Bundle
from reconciler.reading.yaml import Document, Reader


@dataclass(slots=True)
class Contents:
    """What stands in some files."""

    declared: list[Declared] = field(default_factory=list)
    approvals: list[Written] = field(default_factory=list)


class Gatherer:
    """Reads the files of one run; problems are reported, comments gathered in ``comments``."""

    def __init__(self, layout: Layout, reader: Reader, problems: Problems) -> None:
        self._layout, self._reader, self._problems = layout, reader, problems
        self.comments: list[Allowance] = []

    def files(self, paths: Iterable[Path]) -> Contents:
        """Everything that stands in these files."""
        found = Contents()
        for name, data in self._opened(paths):
            self._add(found, name, data)
        return found

    def bundled(self, bundle: Bundle, paths: Iterable[Path]) -> Contents:
        """The objects of a bundle, and the approvals that stand in the files at hand: consent is given today."""
        found = Contents()
        for name, text in bundle.files.items():
            self._add(found, f"{bundle.origin}:{name}" if bundle.origin else name, text.encode("utf-8"))
        found.approvals.clear()
        for name, data in self._opened(paths):
            documents, _ = self._reader.read(name, data, json=name.endswith(".json"))
            found.approvals += self._approvals(documents)
        return found

    def _opened(self, paths: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
        for path in paths:
            name = self._layout.name(path)
            try:
                data = self._layout.read(path)
            except OSError as error:
                reason = error.strerror or type(error).__name__
                self._problems.place("manifest.file", f"`{name}` cannot be read: {reason}", None)
                continue
            yield name, data

    def _add(self, found: Contents, name: str, data: bytes) -> None:
        documents, text = self._reader.read(name, data, json=name.endswith(".json"))
        self.comments += allowances(name, text)
        found.approvals += self._approvals(documents)
        for document in documents:
            if not is_approval(document.root):
                found.declared += filter(None, [read_document(document, self._problems)])

    def _approvals(self, documents: Iterable[Document]) -> Iterator[Written]:
        for document in documents:
            if is_approval(document.root):
                yield from filter(None, [read_approval(document.root, self._problems)])
