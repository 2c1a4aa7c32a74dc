"""An entry → a valid object: templates rendered, schema checked, lifecycle understood. Each on its own."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

from reconciler.kinds.references import references
from reconciler.manifest.assembly import Entry
from reconciler.manifest.lifecycle import management
from reconciler.manifest.problems import Problems, Report
from reconciler.manifest.rendering import Rendering
from reconciler.manifest.reserved import reserved_parts
from reconciler.manifest.templates import Templates
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
        managed = management(entry.kind, entry.lifecycle, entry.lifecycle_mark, report)
        spec, rendered = entry.spec, True
        if spec is not None and entry.templates:
            rendering = Rendering(templates, report)
            spec = rendering.spec(entry.kind.shape, spec)
            rendered = not rendering.failed
        valid = _valid(entry, managed, spec, report) if rendered else Valid(
            entry, managed or Management(), spec or Map(entry.mark), None, broken=True
        )  # fmt: skip
        if spec is entry.spec and rendered:
            self._known[entry.mark] = (entry.spec, entry.lifecycle, valid)
        return valid


def _valid(entry: Entry, managed: Management | None, spec: Map | None, report: Report) -> Valid:
    broken = managed is None
    managed = managed or Management()
    if spec is None:
        if not broken and managed.state != "absent" and managed.manage != "observe":
            report("schema.missing", f"`spec` is missing in {entry.address}", entry.mark)
            broken = True
        return Valid(entry, managed, Map(entry.mark), None, broken=broken)
    if managed.state == "absent":
        report("lifecycle.absent", "what is to be absent has no `spec`; leave it out", entry.spec_mark, span=4)
        return Valid(entry, managed, Map(entry.mark), None, broken=True)
    model, issues = validate(entry.kind.spec, spec, entry.spec_mark, f"the spec of a {entry.kind.name}")
    reserved = reserved_parts(spec) if issues else []
    for issue in reserved:
        report(issue.rule, issue.message, issue.mark, span=issue.span)
    for issue in issues:
        if not any(issue.path[: len(part.path)] == part.path for part in reserved):
            report(issue.rule, issue.message, issue.mark, span=issue.span)
    found = tuple(references(entry.kind.shape, spec))
    return Valid(entry, managed, spec, model, found, broken or model is None)
