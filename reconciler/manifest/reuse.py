"""``extends``, ``abstract`` and ``use`` over all objects of an environment: from their layers to one entry each.

The order makes a change reach everybody: what an object starts from comes first, with its own overlays; then what the
object itself says, then its overlays, and last the phases that copy another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.manifest.assembly import Entry, Layers, is_part
from reconciler.manifest.cards import Cards
from reconciler.manifest.circles import circles
from reconciler.manifest.documents import Declared
from reconciler.manifest.merge import USE, merge
from reconciler.manifest.phases import silent, with_copies
from reconciler.manifest.problems import Problems, Report
from reconciler.manifest.shared import SHARED, SharedKind
from reconciler.model import Address
from reconciler.reading.suggest import Hints
from reconciler.reading.tree import Inherited, Map


@dataclass(frozen=True, slots=True)
class Merged:
    """What an object says after its base, its own document and its overlays; phases are not copied yet."""

    spec: Map | None
    templates: bool
    broken: bool = False
    incomplete: bool = False


_NOTHING = Merged(None, templates=False, broken=True)


class Expansion:
    """Merges the layers of one environment. ``used`` are the shared cards and bases that something starts from."""

    def __init__(self, layers: Mapping[Address, Layers], problems: Problems) -> None:
        self._layers, self._problems, self._hints = layers, problems, Hints()
        self._known: dict[Address, Merged] = {}
        self._circular = circles(layers, self._base_of)
        self.used: set[Address] = set()

    def entries(self) -> dict[Address, Entry]:
        """The objects that are sent, in the order of their declaration; problems are reported."""
        found: dict[Address, Entry] = {}
        for address, layers in self._layers.items():
            entry = self._entry(address, layers)
            if entry is not None and not layers.document.abstract:
                found[address] = entry
        return found

    def parts(self) -> Iterator[tuple[Declared, Merged]]:
        """Shared cards and abstract objects with what they say: only parts of others."""
        for address, layers in self._layers.items():
            merged = self._merged(address)
            if layers.document.abstract and merged.spec is not None:
                # What it copies may stand in what extends it, so nothing is wrong with it here.
                spec, _ = with_copies(merged.spec, SHARED.shape, silent)
                merged = replace(merged, spec=spec)
            if is_part(layers.document):
                yield layers.document, merged

    @property
    def abstract(self) -> frozenset[Address]:
        """The abstract objects."""
        return frozenset(address for address, layers in self._layers.items() if layers.document.abstract)

    def _entry(self, address: Address, layers: Layers) -> Entry | None:
        document, merged = layers.document, self._merged(address)
        if isinstance(document.kind, SharedKind):
            return None
        spec, sound = merged.spec, True
        if layers.gone or (document.spec is None and _absent(layers)):
            spec = None
        elif spec is not None and not merged.broken and not document.abstract:
            spec, sound = with_copies(spec, SHARED.shape, self._problems.about(address))
        return Entry(
            document.kind,
            address,
            document.mark,
            spec,
            document.spec_mark,
            layers.lifecycle,
            layers.lifecycle_mark,
            merged.templates,
            merged.broken,
            merged.incomplete or not sound,
        )

    def _merged(self, address: Address) -> Merged:
        way = {address: None}
        base = self._base_of(address)
        while base is not None and base not in way and base not in self._known:
            way[base] = None
            base = self._base_of(base)
        # From the far end, so that a long chain needs no deep stack.
        for each in reversed(way):
            if each not in self._known:
                self._known[each] = self._merge(self._layers[each])
        return self._known[address]

    def _base_of(self, address: Address) -> Address | None:
        """What an object extends, if that is declared."""
        key = self._layers[address].document.extends
        base = Address(address.kind, key) if key else None
        return base if base in self._layers else None

    def _merge(self, layers: Layers) -> Merged:
        document = layers.document
        report = self._problems.about(document.address)
        broken = document.broken or any(patch.broken for patch in layers.patches)
        templates = document.templates or any(patch.templates for patch in layers.patches)
        base = self._base(document, report) if document.extends else None
        cards = _CardsOf(self, document, report)
        spec = cards.resolve(document.spec)
        if base is not None:
            broken, templates = broken or base.broken, templates or base.templates
            start = Inherited.of(base.spec) if base.spec is not None else Map(document.mark)
            spec = merge(document.kind.shape, start, spec if spec is not None else Map(document.mark), report)
        for patch in layers.patches:
            if patch.patch is not None:
                start = spec if spec is not None else Map(patch.mark)
                spec = merge(document.kind.shape, start, cards.resolve(patch.patch) or Map(patch.mark), report)
        incomplete = cards.failed or (base is not None and base.incomplete)
        return Merged(spec, templates or cards.templates, broken, incomplete)

    def _base(self, document: Declared, report: Report) -> Merged:
        """What an object starts from; reported and broken where it cannot be had."""
        address = Address(document.kind.name, str(document.extends))
        self.used.add(address)
        reason: tuple[str, str] | None = None
        found = self._layers.get(address)
        if document.address in self._circular:
            circle = " → ".join(map(str, self._circular[document.address]))
            itself = address == document.address
            message = (
                f"{address} cannot extend itself" if itself else f"objects extend each other in a circle: {circle}"
            )
            reason = "reuse.cycle", message
        elif found is None:
            reason = "reuse.unknown", f"{address} is not declared, so nothing can extend it{self._hint(address)}"
        elif _is_empty(found.document):
            if is_part(found.document):
                return _NOTHING  # which is an error there
            reason = "reuse.empty", f"{address} is declared without a `spec`, so there is nothing to start from"
        if reason is None:
            return self._merged(address)
        rule, message = reason
        report(rule, message, document.extends_mark, span=len(address.key))
        return _NOTHING

    def _hint(self, address: Address) -> str:
        known = [other.key for other in self._layers if other.kind == address.kind]
        hint = self._hints.did_you_mean(address.key, known)
        others = [str(other) for other in self._layers if other.key == address.key and other.kind != address.kind]
        return hint or (f"; {others[0]} is of another kind" if others else "")

    def card(self, key: str, mark: int, report: Report) -> Merged | None:
        """A shared card; None where it cannot be had, which is reported unless it is wrong itself."""
        address = Address(SHARED.name, key)
        self.used.add(address)
        if address not in self._layers:
            known = [other.key for other in self._layers if other.kind == SHARED.name]
            hint = self._hints.did_you_mean(key, known) or f"; declare it with `kind: {SHARED.name}`"
            report("reuse.unknown", f"there is no shared rate card `{key}`{hint}", mark, span=len(key))
            return None
        found = self._merged(address)
        return None if found.broken or found.spec is None else found


class _CardsOf:
    """Resolves the shared cards in the layers of one object."""

    def __init__(self, expansion: Expansion, document: Declared, report: Report) -> None:
        self._expansion, self._document, self._report = expansion, document, report
        self._cards = Cards(SHARED.shape, self._find, report)
        self.templates = False

    @property
    def failed(self) -> bool:
        """Whether a card could not be had."""
        return self._cards.failed

    def resolve(self, spec: Map | None) -> Map | None:
        """A spec or a patch with the cards in it."""
        if spec is None or not isinstance(self._document.kind, SharedKind):
            return spec if spec is None else self._cards.spec(spec)
        if USE not in spec:
            return spec
        message = "a shared card is not made of another by `use`; write `extends: KEY` beside its `key`"
        self._report("reuse.nested", message, spec.entry_marks(USE)[0], span=len(USE))
        return spec.without(USE)

    def _find(self, key: str, mark: int, report: Report) -> Map | None:
        found = self._expansion.card(key, mark, report)
        if found is None:
            return None
        self.templates = self.templates or found.templates
        return found.spec


def _is_empty(document: Declared) -> bool:
    return document.spec is None and not document.extends and not document.broken


def _absent(layers: Layers) -> bool:
    return layers.lifecycle is not None and layers.lifecycle.get("state") == "absent"
