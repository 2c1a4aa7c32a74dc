"""Documents and overlays → the layers of every object of an environment, before anything is merged or rendered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from reconciler.kinds.kind import Kind
from reconciler.manifest.documents import Declared
from reconciler.manifest.merge import merge
from reconciler.manifest.problems import Problems
from reconciler.manifest.shared import LocalKind, SharedKind
from reconciler.model import Address
from reconciler.reading.suggest import Hints
from reconciler.reading.tree import Map

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Layers:
    """What an environment says of one object: its declaration, then every patch of it, in order.

    ``lifecycle`` is merged already; ``gone`` tells that an overlay makes the object absent.
    """

    document: Declared
    patches: tuple[Declared, ...]
    lifecycle: Map | None
    lifecycle_mark: int
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One object as an environment declares it: its base, its document and every patch of it merged."""

    kind: Kind | LocalKind
    address: Address
    mark: int
    spec: Map | None
    spec_mark: int
    lifecycle: Map | None
    lifecycle_mark: int
    templates: bool
    broken: bool = False
    """What it says is not known: its content is not looked at."""
    incomplete: bool = False
    """A part of it is not known, which has been reported: the rest is looked at."""


class Assembly:
    """The layers of one environment at one moment, in the order in which they are declared.

    ``held`` are the patches that are not due at ``at`` and were left out, ``due`` the dated ones that were not,
    ``passed`` those of objects that are not here, where only a part of the manifests is. Without a moment nothing that
    has a date is due: a change that comes too early cannot be taken back.
    """

    def __init__(self, problems: Problems, at: datetime | None = None) -> None:
        self.layers: dict[Address, Layers] = {}
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
            elif document.patch is None and self._whole(document):
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
        elif document.address in self.layers:
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

    def _whole(self, document: Declared) -> bool:
        """Whether a document of an overlay declares an object that exists in this environment only."""
        if document.spec is not None or document.extends is not None or document.abstract:
            return True
        observed = document.lifecycle is not None and document.lifecycle.get("manage") == "observe"
        return observed and document.address not in self.layers

    def _declare(self, document: Declared) -> None:
        first = self.layers.get(document.address)
        if first is not None:
            where = self._problems.files.location(first.document.mark)
            message = f"{document.address} is declared twice; the other is at {where}; in an overlay, write `patch:`"
            self._add("manifest.duplicate", message, document)
            return
        self._check(document)
        self.layers[document.address] = Layers(document, (), document.lifecycle, document.lifecycle_mark)

    def _check(self, document: Declared) -> None:
        """What never makes sense in a declaration: it would silently do nothing."""
        shared = isinstance(document.kind, SharedKind)
        if is_part(document) and document.spec is None and document.extends is None and not document.broken:
            self._add("schema.missing", f"`spec` is missing in {document.address}", document)
        if shared and document.abstract:
            message = "a shared card is never sent anyway; leave `abstract` out"
            self._add("reuse.abstract", message, document, mark=document.abstract_mark)
        state = document.lifecycle.get("state") if document.lifecycle is not None else None
        if state == "absent" and document.extends is not None and not document.abstract:
            message = "what is to be absent starts from nothing; leave `extends` out"
            self._add("lifecycle.absent", message, document, mark=document.extends_mark)
        if document.lifecycle is not None and _never_sent(document):
            self._add("reuse.lifecycle", _no_lifecycle(document), document, mark=document.lifecycle_mark)

    def _patch(self, document: Declared, *, complete: bool) -> None:
        layers = self.layers.get(document.address)
        if layers is None:
            self._unknown(document, complete=complete)
            return
        self._check_patch(document, layers)
        lifecycle, gone = layers.lifecycle, layers.gone
        if document.lifecycle is not None:
            report = self._problems.about(document.address)
            lifecycle = merge(None, lifecycle or Map(document.lifecycle_mark), document.lifecycle, report)
            lifecycle = _without_nulls(lifecycle)
            gone = lifecycle.get("state") == "absent"
        self.layers[document.address] = replace(
            layers,
            patches=(*layers.patches, document),
            lifecycle=lifecycle,
            lifecycle_mark=document.lifecycle_mark if document.lifecycle is not None else layers.lifecycle_mark,
            gone=gone,
        )

    def _check_patch(self, document: Declared, layers: Layers) -> None:
        for word, written, mark in (
            ("extends", document.extends is not None, document.extends_mark),
            ("abstract", document.abstract, document.abstract_mark),
        ):
            if written:
                message = f"`{word}` stands where {document.address} is declared; a patch cannot change it"
                self._add("reuse.patch", message, document, mark=mark)
        declared = layers.document
        if document.lifecycle is not None and _never_sent(declared):
            self._add("reuse.lifecycle", _no_lifecycle(declared), document, mark=document.lifecycle_mark)

    def _unknown(self, document: Declared, *, complete: bool) -> None:
        if not complete:
            self.passed.append(document)
        else:
            known = (address.key for address in self.layers if address.kind == document.kind.name)
            hint = self._hints.did_you_mean(document.address.key, known)
            message = f"{document.address} is not declared, so it cannot be patched{hint}"
            self._add("overlay.unknown", message, document)

    def _add(self, rule: str, message: str, document: Declared, *, mark: int | None = None) -> None:
        self._problems.add(rule, message, document.mark if mark is None else mark, address=document.address)


def is_part(document: Declared) -> bool:
    """Whether a document is only a part of others: a shared card, or an abstract object."""
    return document.abstract or isinstance(document.kind, SharedKind)


def _never_sent(document: Declared) -> bool:
    return is_part(document) or isinstance(document.kind, LocalKind)


def _no_lifecycle(document: Declared) -> str:
    if isinstance(document.kind, LocalKind):
        return f"a {document.kind.name} is never sent, so it has no `lifecycle`; leave it out"
    if isinstance(document.kind, SharedKind):
        return "a shared card is never sent, so it has no `lifecycle`; write it on the plans and add-ons that use it"
    return f"{document.address} is abstract and never sent; write `lifecycle` on what extends it: it is not passed on"


def _without_nulls(tree: Map) -> Map:
    for name in [name for name, value in tree.items() if value is None]:
        tree = tree.without(name)
    return tree
