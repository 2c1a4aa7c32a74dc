"""Documents and overlays → one entry per object of an environment, before templates are rendered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from reconciler.kinds.kind import Kind
from reconciler.manifest.documents import Declared
from reconciler.manifest.merge import merge
from reconciler.manifest.problems import Problems
from reconciler.model import Address
from reconciler.reading.suggest import Hints
from reconciler.reading.tree import Map

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """One object as an environment declares it: its document and every patch of it."""

    kind: Kind
    address: Address
    mark: int
    spec: Map | None
    spec_mark: int
    lifecycle: Map | None
    lifecycle_mark: int
    templates: bool
    broken: bool = False


class Assembly:
    """The entries of one environment at one moment, in the order in which they are declared.

    ``held`` are the patches that are not due at ``at`` and were left out, ``due`` the dated ones that were not,
    ``passed`` those of objects that are not here, where only a part of the manifests is. Without a moment nothing that
    has a date is due: a change that comes too early cannot be taken back.
    """

    def __init__(self, problems: Problems, at: datetime | None = None) -> None:
        self.entries: dict[Address, Entry] = {}
        self.held: list[Declared] = []
        self.due: list[Declared] = []
        self.passed: list[Declared] = []
        self._at = at
        self._problems = problems
        self._hints = Hints()

    def base(self, documents: Iterable[Declared]) -> None:
        """Add the documents of the manifests."""
        for document in documents:
            if document.patch is not None:
                message = "a patch stands in an overlay folder of an environment; write `spec:` here"
                self._add("overlay.outside", message, document)
            else:
                self._undated(document)
                self._declare(document)

    def overlay(self, documents: Sequence[Declared], *, complete: bool) -> None:
        """Add one overlay: its whole documents first, then its patches in their order, then the dated ones by date.

        Where only a part of the manifests was read (``complete`` is False), patches of other objects are passed over.
        """
        patches: list[Declared] = []
        for document in documents:
            if document.patch is not None and document.spec is not None:
                self._add("overlay.outside", "a document has `spec:` or `patch:`, not both", document)
            elif document.spec is not None or self._only_observed(document):
                self._undated(document)
                self._declare(document)
            else:
                patches.append(document)
        dated = [document for document in patches if document.not_before is not None]
        for document in patches:
            if document.not_before is None:
                self._patch(document, complete=complete)
        for document in sorted(dated, key=lambda item: item.not_before or _NEVER):
            self._dated(document, complete=complete)

    def _dated(self, document: Declared, *, complete: bool) -> None:
        """A patch that holds from a date on; that it is about something declared is checked before, too."""
        if self._at is not None and document.not_before is not None and document.not_before <= self._at:
            self.due.append(document)
            self._patch(document, complete=complete)
        elif document.address in self.entries:
            self.held.append(document)
        else:
            self._unknown(document, complete=complete)

    def _undated(self, document: Declared) -> None:
        if document.not_before is not None:
            message = "only a patch in an overlay is held back until a date; leave `notBefore` out"
            span = len("notBefore")
            self._problems.add(
                "overlay.not_before", message, document.not_before_mark, span=span, address=document.address
            )

    def _only_observed(self, document: Declared) -> bool:
        observed = document.lifecycle is not None and document.lifecycle.get("manage") == "observe"
        return document.patch is None and observed and document.address not in self.entries

    def _declare(self, document: Declared) -> None:
        first = self.entries.get(document.address)
        if first is not None:
            where = self._problems.files.location(first.mark)
            message = f"{document.address} is declared twice; the other is at {where}; in an overlay, write `patch:`"
            self._add("manifest.duplicate", message, document)
            return
        self.entries[document.address] = Entry(
            document.kind,
            document.address,
            document.mark,
            document.spec,
            document.spec_mark,
            document.lifecycle,
            document.lifecycle_mark,
            document.templates,
            document.broken,
        )

    def _patch(self, document: Declared, *, complete: bool) -> None:
        entry = self.entries.get(document.address)
        if entry is None:
            self._unknown(document, complete=complete)
            return
        report = self._problems.about(document.address)
        spec, lifecycle = entry.spec, entry.lifecycle
        if document.patch is not None:
            spec = merge(entry.kind.shape, spec if spec is not None else Map(document.mark), document.patch, report)
        if document.lifecycle is not None:
            lifecycle = merge(None, lifecycle or Map(document.lifecycle_mark), document.lifecycle, report)
            lifecycle = _without_nulls(lifecycle)
            if lifecycle.get("state") == "absent":
                spec = None
        self.entries[document.address] = replace(
            entry,
            spec=spec,
            lifecycle=lifecycle,
            lifecycle_mark=document.lifecycle_mark if document.lifecycle is not None else entry.lifecycle_mark,
            templates=entry.templates or document.templates,
            broken=entry.broken or document.broken,
        )

    def _unknown(self, document: Declared, *, complete: bool) -> None:
        if not complete:
            self.passed.append(document)
        else:
            known = (address.key for address in self.entries if address.kind == document.kind.name)
            hint = self._hints.did_you_mean(document.address.key, known)
            message = f"{document.address} is not declared, so it cannot be patched{hint}"
            self._add("overlay.unknown", message, document)

    def _add(self, rule: str, message: str, document: Declared) -> None:
        self._problems.add(rule, message, document.mark, address=document.address)


def _without_nulls(tree: Map) -> Map:
    for name in [name for name, value in tree.items() if value is None]:
        tree = tree.without(name)
    return tree
