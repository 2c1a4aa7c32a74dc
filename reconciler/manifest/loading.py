"""Reading a project's manifests for an environment: the desired resources, or all the problems at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from reconciler.errors import ManifestError, ProjectError, UsageError
from reconciler.kinds.kind import Rule
from reconciler.kinds.registry import KINDS
from reconciler.manifest.allow import apply_allowances
from reconciler.manifest.approvals import Approvals
from reconciler.manifest.assembly import Assembly
from reconciler.manifest.checks import check_kinds
from reconciler.manifest.currencies import check_currencies
from reconciler.manifest.digest import digest
from reconciler.manifest.documents import Declared
from reconciler.manifest.files import Layout, manifest_files
from reconciler.manifest.gathering import Contents, Gatherer
from reconciler.manifest.problems import Problems, in_order
from reconciler.manifest.references import check_former_keys, check_references
from reconciler.manifest.reuse import Expansion
from reconciler.manifest.rules import RULES
from reconciler.manifest.scenario_spec import ScenarioSpec
from reconciler.manifest.scenarios import SCENARIO, scenario
from reconciler.manifest.shared import SHARED
from reconciler.manifest.templates import Templates
from reconciler.manifest.through import told_through
from reconciler.manifest.validated import Valid, Validator
from reconciler.model import Address, Approval, Desired, Problem, Resource, Scenario, Scheduled, SourceDocument
from reconciler.project import Bundle, Environment, Project
from reconciler.project.values import SANDBOX
from reconciler.reading.tree import TreeSource
from reconciler.reading.yaml import Reader


def load(
    project: Project,
    environment: Environment,
    *,
    paths: tuple[Path, ...] = (),
    at: datetime | None = None,
    bundle: Bundle | None = None,
) -> Desired:
    """Everything that one environment declares at a moment.

    ``paths`` replace the project's manifests. Patches that are not due ``at`` that moment are in ``scheduled``; without
    one, no dated patch is due. It also tells which approvals expired and which patches are to be folded in, which is
    warned of. With a ``bundle`` the objects are those of its manifests, with the overlays and approvals at hand; the
    project is one that has the bundle's variables.

    Raises ``ManifestError`` with every problem; warnings alone do not raise and are in the result.
    """
    run = _Run(project, paths, bundle)
    assembly = run.assembled(environment, at)
    objects = run.objects(environment, assembly)
    approvals = run.approvals(environment, at)
    run.warn_of_due(assembly)
    run.warn_of_passed(assembly)
    problems = run.finish([*project.warnings, *environment.warnings], whole=not project.environments)
    if any(problem.severity == "error" for problem in problems):
        raise ManifestError(problems)
    resources = run.resources(objects)
    return Desired(
        resources=resources,
        scenarios=run.scenarios(objects),
        project=project.name,
        environment=environment.name,
        protect=project.protect,
        former_names=project.former_names,
        adopt=environment.adopt,
        approvals=approvals,
        warnings=problems,
        digest=digest(resources.values()),
        complete=run.complete,
        scheduled=run.scheduled(assembly),
        documents=run.documents(environment),
    )


def check(
    project: Project,
    environment: Environment | None,
    *,
    paths: tuple[Path, ...] = (),
    at: datetime | None = None,
    bundle: Bundle | None = None,
) -> tuple[Problem, ...]:
    """Every problem, errors and warnings, of one environment; without one, of the base and of every environment.

    What dated patches make of it later is checked now.
    """
    run = _Run(project, paths, bundle)
    extra = list(project.warnings)
    for chosen in [environment] if environment else _every(project, extra):
        assembly = run.assembled(chosen, at)
        run.warn_of_due(assembly)
        later = sorted({document.not_before for document in assembly.held if document.not_before})
        for one in (assembly, *(run.assembled(chosen, moment) for moment in later)):
            run.objects(chosen, one, lenient=environment is None and chosen.name == SANDBOX)
        run.approvals(chosen, at)
        extra += chosen.warnings
    return run.finish(extra, whole=environment is None or not project.environments)


def _every(project: Project, problems: list[Problem]) -> list[Environment]:
    """The base (the sandbox, if no environment has that name) and every declared environment that makes sense."""
    found: list[Environment] = []
    for name in dict.fromkeys((SANDBOX, *project.environments)):
        try:
            found.append(project.environment(name))
        except ProjectError as error:
            problems += error.problems
        except UsageError as error:
            problems.append(Problem("project.environment", error.message))
    return found


class _Run:
    """One reading: files are read once, however many environments look at them."""

    def __init__(self, project: Project, paths: tuple[Path, ...], bundle: Bundle | None = None) -> None:
        self._project = project
        self._reader = Reader()
        self._problems = Problems(self._reader.files, {rule.id: rule for rule in _all_rules()})
        self._layout = Layout.of(project)
        self._gatherer = Gatherer(self._layout, self._reader, self._problems)
        self._overlays: dict[str, Contents] = {}
        self._validator = Validator(self._problems)
        self._parts: dict[Address, Declared] = {}
        self._used: set[Address] = set()
        own = [project.root / name for name in project.manifests]
        files = manifest_files(self._layout, [path.absolute() for path in paths] or own, self._problems)
        self.complete = project.file is None or not paths or self._covers(files, own)
        self._bundled = bundle is not None
        self._base = self._gatherer.bundled(bundle, files) if bundle else self._gatherer.files(files)

    def _covers(self, files: Iterable[Path], own: Iterable[Path]) -> bool:
        quiet = Problems(self._reader.files, {})
        read = {path.resolve() for path in files}
        return all(path.resolve() in read for path in manifest_files(self._layout, own, quiet))

    def assembled(self, environment: Environment, at: datetime | None) -> Assembly:
        """The documents of an environment with its overlays, as they are at a moment."""
        assembly = Assembly(self._problems, at)
        assembly.base(self._base.declared)
        for name in environment.overlays:
            assembly.overlay(self._overlay(name).declared, complete=self.complete and not self._bundled)
        return assembly

    def objects(self, environment: Environment, assembly: Assembly, *, lenient: bool = False) -> dict[Address, Valid]:
        """The objects of an environment; problems are gathered.

        ``lenient``: nobody asked for this environment, so a variable without a value in it is no problem.
        """
        before = len(self._problems.found)
        templates = Templates(environment.name, environment.variables, self._project.variables)
        expansion = Expansion(assembly.layers, self._problems)
        entries = expansion.entries().values()
        objects = {entry.address: self._validator.validate(entry, templates) for entry in entries}
        for document, merged in expansion.parts():
            self._validator.check_part(document, merged, templates)
            self._parts[document.address] = document
        self._used |= expansion.used
        if expansion.used:
            check_currencies(objects, [one.mark for one in self._declared(environment)], self._problems)
        check_former_keys(objects, self._problems)
        check_references(objects, self._problems, abstract=expansion.abstract)
        check_kinds(objects, self._problems)
        if lenient:
            found = self._problems.found
            found[before:] = [problem for problem in found[before:] if problem.rule != "template.unset"]
        return objects

    def scheduled(self, assembly: Assembly) -> tuple[Scheduled, ...]:
        """The patches that wait, in the order of their dates."""
        waiting = [(document.not_before, document) for document in assembly.held]
        found = (
            Scheduled(document.address, due, self._reader.files.location(document.mark))
            for due, document in waiting
            if due is not None
        )
        return tuple(sorted(found, key=lambda item: (item.at, item.address)))

    def documents(self, environment: Environment) -> tuple[SourceDocument, ...]:
        """Where every document begins, where anything starts from another."""
        if not self._used:
            return ()
        return self._places([self._base, *map(self._overlay, environment.overlays)])

    def _places(self, contents: Iterable[Contents]) -> tuple[SourceDocument, ...]:
        """The documents of some files, sorted by place."""
        declared = (one for part in contents for one in part.declared)
        found = (SourceDocument(one.address, self._reader.files.location(one.mark)) for one in declared)
        return tuple(sorted(found, key=lambda one: one.location))

    def _declared(self, environment: Environment) -> list[Declared]:
        """The documents of the manifests and of an environment's overlays."""
        overlays = map(self._overlay, environment.overlays)
        return [*self._base.declared, *(one for overlay in overlays for one in overlay.declared)]

    def warn_of_due(self, assembly: Assembly) -> None:
        """Say which dated patches hold by now: their date has nothing to say any more."""
        for document in assembly.due:
            assert document.not_before is not None
            since = document.not_before.isoformat().replace("+00:00", "Z")
            message = f"this patch of {document.address} holds since {since}: it is ready to be folded in"
            self._problems.add(
                "overlay.due", message, document.not_before_mark, span=len("notBefore"), address=document.address,
                severity="warning",
            )  # fmt: skip

    def warn_of_passed(self, assembly: Assembly) -> None:
        """Say which patches are for later: an overlay may be ahead of the bundle."""
        for document in assembly.passed if self._bundled else ():
            message = f"{document.address} is not in this bundle: the patch of it was passed over"
            self._problems.add(
                "overlay.not_in_bundle", message, document.mark, address=document.address, severity="warning"
            )

    def approvals(self, environment: Environment, at: datetime | None) -> tuple[Approval, ...]:
        """The approvals of an environment: those beside its manifests and those in its overlays."""
        found = Approvals(self._problems, at.date() if at else None)
        for contents in (self._base, *map(self._overlay, environment.overlays)):
            found.add(contents.approvals)
        return found.all()

    def _overlay(self, name: str) -> Contents:
        if name not in self._overlays:
            folder = self._project.root / name
            open_layout = replace(self._layout, skipped=frozenset())
            named_at = next((one.location for one in self._project.environments.values() if name in one.overlays), None)
            files = [*manifest_files(open_layout, [folder], self._problems, named_at), *open_layout.added(folder)]
            self._overlays[name] = self._gatherer.files(files)
        return self._overlays[name]

    def finish(self, extra: Iterable[Problem], *, whole: bool) -> tuple[Problem, ...]:
        """All problems in order, silenced warnings taken out. ``whole``: every environment was looked at."""
        found = [*self._reader.problems, *self._problems.found, *extra]
        sound = not any(problem.severity == "error" for problem in found)
        if sound:
            found += self._unused()
        if self._used:
            found = told_through(found, self._places([self._base, *self._overlays.values()]))
        told = apply_allowances(in_order(found), self._gatherer.comments, whole=whole and sound)
        return in_order(told)

    def _unused(self) -> list[Problem]:
        """Warnings of shared cards and abstract objects that nothing starts from, in any environment there is."""
        everywhere = {name for one in self._project.environments.values() for name in one.overlays}
        if not self.complete or not everywhere <= self._overlays.keys():
            return []
        quiet = Problems(self._reader.files, self._problems.why)
        for address, document in self._parts.items():
            if address not in self._used:
                verb = "uses" if address.kind == SHARED.name else "extends"
                message = f"nothing {verb} {address}, and it is never sent itself"
                quiet.add("reuse.unused", message, document.mark, address=address, severity="warning")
        return quiet.found

    def resources(self, objects: dict[Address, Valid]) -> dict[Address, Resource]:
        """The resources in the order of the registry, then by key."""
        rank = {name: index for index, name in enumerate(KINDS)}
        sent = [address for address in objects if address.kind in rank]
        ordered = sorted(sent, key=lambda address: (rank[address.kind], address.key))
        return {address: self._resource(objects[address]) for address in ordered}

    def scenarios(self, objects: dict[Address, Valid]) -> tuple[Scenario, ...]:
        """The scenarios, by key."""
        found = sorted(address for address in objects if address.kind == SCENARIO.name)
        return tuple(self._scenario(objects[address]) for address in found)

    def _scenario(self, valid: Valid) -> Scenario:
        files = self._reader.files
        assert isinstance(valid.model, ScenarioSpec)
        source = TreeSource(files, valid.spec, valid.mark)
        return scenario(valid.entry.address.key, valid.model, files.location(valid.entry.mark), source)

    def _resource(self, valid: Valid) -> Resource:
        files = self._reader.files
        return Resource(
            address=valid.entry.address,
            spec=valid.spec,
            management=valid.management,
            location=files.location(valid.entry.mark),
            source=TreeSource(files, valid.spec, valid.mark),
        )


def _all_rules() -> Iterable[Rule]:
    yield from RULES
    yield from SCENARIO.rules
    for kind in KINDS.values():
        yield from kind.rules
