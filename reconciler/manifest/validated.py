"""An entry → a valid object: templates rendered, schema checked, lifecycle understood. Each on its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import BaseModel

from reconciler.kinds.references import references
from reconciler.kinds.shape import shape_of
from reconciler.manifest.assembly import Entry
from reconciler.manifest.documents import Declared
from reconciler.manifest.lifecycle import management
from reconciler.manifest.problems import Problems, Report
from reconciler.manifest.rendering import Rendering
from reconciler.manifest.reuse import Merged
from reconciler.manifest.shared import LocalKind, SharedKind
from reconciler.manifest.templates import Templates, is_template
from reconciler.model import Address, Management, Path
from reconciler.reading.tree import Map
from reconciler.reading.validation import validate


@dataclass(frozen=True, slots=True)
class Valid:
    """One object of an environment. ``model`` is None where there is no spec, or an invalid one (``broken``)."""

    entry: Entry
    management: Management
    spec: Map
    model: BaseModel | None
    references: tuple[tuple[Path, Address], ...] = ()
    broken: bool = False

    @property
    def mark(self) -> int:
        """Where the spec stands."""
        return self.entry.spec_mark


class Validator:
    """Validates entries; what no template or patch touches is validated once for all environments."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        # The spec is kept beside its result: its id is only its own while it lives.
        self._known: dict[int, tuple[Map | None, Map | None, Valid]] = {}

    def validate(self, entry: Entry, templates: Templates) -> Valid:
        """The object; problems are reported."""
        known = self._known.get(entry.mark)
        if known is not None and known[0] is entry.spec and known[1] is entry.lifecycle:
            return known[2]
        report = self._problems.about(entry.address)
        managed = _management(entry, report)
        spec = entry.spec
        failed: frozenset[int] = frozenset()
        if spec is not None and entry.templates and not entry.broken:
            rendering = Rendering(templates, report)
            spec = rendering.spec(entry.kind.shape, spec)
            failed = frozenset(rendering.failed)
        valid = _valid(entry, managed, spec, failed, report)
        if spec is entry.spec and not failed:
            self._known[entry.mark] = (entry.spec, entry.lifecycle, valid)
        return valid

    def check_part(self, document: Declared, merged: Merged, templates: Templates) -> None:
        """Report what is wrong in a shared card or an abstract object, whoever uses it; what is missing is no matter.

        What is wrong is found again in everything that uses it, at the same place: it counts once.
        """
        if merged.broken or merged.spec is None:
            return
        report = self._problems.about(document.address)
        spec, mark = merged.spec, document.spec_mark
        model = document.kind.spec
        if isinstance(document.kind, SharedKind):
            spec = Map(mark)
            spec.put("card", merged.spec, mark, mark)
        rendering = Rendering(templates, report)
        if merged.templates:
            spec = rendering.spec(shape_of(model), spec)
        _, issues = validate(model, spec, mark, "it")
        for issue in issues:
            if issue.rule != "schema.missing" and issue.mark not in rendering.failed:
                report(issue.rule, issue.message, issue.mark, span=issue.span)


def _management(entry: Entry, report: Report) -> Management | None:
    if isinstance(entry.kind, LocalKind):
        return Management()  # where one is written, that is reported already
    return management(entry.kind, entry.address.key, entry.lifecycle, entry.lifecycle_mark, report)


def _valid(entry: Entry, managed: Management | None, spec: Map | None, failed: frozenset[int], report: Report) -> Valid:
    broken = managed is None or entry.broken or entry.incomplete or bool(failed)
    managed = managed or Management()
    nothing = Valid(entry, managed, Map(entry.mark), None, broken=True)
    if entry.broken:
        return nothing
    if spec is None:
        needed = not broken and managed.state != "absent" and managed.manage != "observe"
        if needed:
            report("schema.missing", f"`spec` is missing in {entry.address}", entry.mark)
        return replace(nothing, broken=broken or needed)
    if managed.state == "absent":
        report("lifecycle.absent", "what is to be absent has no `spec`; leave it out", entry.spec_mark, span=4)
        return nothing
    model, issues = validate(entry.kind.spec, spec, entry.spec_mark, f"the spec of a {entry.kind.name}")
    for issue in issues:
        # A template that gave no value is reported already; what the text is instead does not matter.
        if issue.mark not in failed:
            report(issue.rule, issue.message, issue.mark, span=issue.span)
    found = tuple((path, target) for path, target in references(entry.kind.shape, spec) if not is_template(target.key))
    broken = broken or model is None
    return Valid(entry, managed, spec, None if broken else model, found, broken)
