"""Writing live objects as manifests: what a person would have written, beside what is written already."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reconciler.errors import ManifestError, ReconcilerError, UsageError
from reconciler.kinds.references import references
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired, Manage, Observation, Plan
from reconciler.planning.export import Exported
from reconciler.planning.export import export as declare
from reconciler.planning.options import PlanOptions
from reconciler.project import load_project
from reconciler.project.values import Value
from reconciler.workflow.adopting import Adoption, adopt
from reconciler.workflow.answers import answered
from reconciler.workflow.context import Context, connect, load_desired
from reconciler.workflow.documents import Layout, catalogue, file_text, placed
from reconciler.workflow.overlaying import declare_overlay, overlaid, overlay_folder
from reconciler.workflow.plans import require_identity
from reconciler.workflow.requests import revealer
from reconciler.workflow.revising import Revision, revise
from reconciler.workflow.writable import writable

if TYPE_CHECKING:
    from reconciler.backends import Backend


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is exported, and how.

    ``out``: a folder; None: to nowhere, only ``ExportOutcome.text`` has it. ``targets`` are patterns over
    ``Kind/key``; what the chosen objects name comes along. ``unmanaged``: only what carries no marker and is not
    declared. ``manage``: how far the documents say that the objects are ours to change. ``overlay``: into
    an overlay of the environment, as patches of what the manifests declare.
    """

    out: Path | None = None
    layout: Layout = "kind"
    targets: tuple[str, ...] = ()
    unmanaged: bool = False
    manage: Manage = "full"
    overlay: bool = False


@dataclass(frozen=True, slots=True)
class ExportOutcome:
    """What came of an export.

    ``objects`` are the documents made; ``files`` the new files. ``declared`` are live objects that have a document
    already, ``revision`` is what was changed in those.``gone`` are documents without a live object, which stay as
    they are. ``expected`` is what a plan of the result says, None where nothing was written.
    """

    objects: tuple[Exported, ...] = ()
    files: tuple[Path, ...] = ()
    text: str = ""
    declared: tuple[Address, ...] = ()
    revision: Revision = field(default_factory=Revision)
    gone: tuple[Address, ...] = ()
    adoption: Adoption = field(default_factory=Adoption)
    expected: Plan | None = None
    folder: Path | None = None
    """The folder of its own that was written; None where it is among the manifests of the project."""


Mode = Literal["text", "fresh", "beside"]
"""To no file, into a folder of its own, or among the manifests of the project."""


def export(context: Context, request: ExportRequest = ExportRequest()) -> ExportOutcome:
    """Write live objects as manifests; nothing live is written, and no file that exists is replaced.

    Into a folder of the project's manifests, what no document declares is written into new files, and what a document
    declares otherwise is changed in it, comments kept. Raises ``UsageError`` where a file is in the way,
    ``RefusedError`` where a file to change has changes that are not committed, ``ManifestError`` where the manifests
    there cannot be read.
    """
    if not request.overlay:
        return _export(context, request, request.out, _mode(context, request.out))
    with overlaid(context, request.out) as there:
        return _export(there, request, overlay_folder(there), "beside")


def _export(context: Context, request: ExportRequest, out: Path | None, mode: Mode) -> ExportOutcome:
    desired = _declared(context, mode)
    with connect(context, read_only=True) as backend:
        observation = backend.observe(KINDS, named=desired.resources)
        require_identity(context, observation.identity)
        everything = writable(declare(observation, desired))
        chosen = _chosen(everything, request, beside=mode == "beside")
        documents = tuple(item.managed(request.manage) for item in chosen)
        if mode == "text" or out is None:
            return ExportOutcome(documents, text=catalogue(context, documents, None))
        files = _write(context, out, request.layout, documents, fresh=mode == "fresh")
        try:
            beside = mode == "beside"
            revision = _revised(context, request, desired, observation, everything) if beside else Revision()
        except ReconcilerError:
            _take_back(files)
            raise
        if request.overlay and (files or revision.changed):
            declare_overlay(context)
        adoption = adopt(context, {item.address: item.id for item in documents if item.adopt})
        expected = _expected(context, backend, observation, adoption, None if mode == "beside" else out)
    return ExportOutcome(
        documents,
        files,
        declared=tuple(item.address for item in everything if item.declared),
        revision=revision,
        gone=() if request.overlay else _gone(desired, everything),
        adoption=adoption,
        expected=expected,
        folder=out if mode == "fresh" else None,
    )


def _revised(
    context: Context, request: ExportRequest, desired: Desired, observation: Observation, found: tuple[Exported, ...]
) -> Revision:
    """What the chosen documents that there are declare otherwise, changed in them."""
    chosen = [item.address for item in found if item.declared and _is_target(item.address, request)]
    gone = [address for address in _gone(desired, found) if request.overlay and _is_target(address, request)]
    return revise(context, observation, (*chosen, *gone), overlay=request.overlay)


def _is_target(address: Address, request: ExportRequest) -> bool:
    return not request.targets or _matches(str(address), request.targets)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def default_folder(context: Context) -> Path:
    """Where an export goes that names no folder: the first folder of the project's manifests."""
    if context.project.file is None:
        return Path("catalog")
    folders = (context.project.root / name for name in context.project.manifests)
    found = next((folder for folder in folders if folder.is_dir() or not folder.suffix), None)
    if found is None:
        raise UsageError("the project's manifests are single files", tip="say where with -o DIR")
    return found


def _mode(context: Context, out: Path | None) -> Mode:
    if out is None:
        return "text"
    if context.project.file is None:
        return "fresh"
    folders = [(context.project.root / name).resolve() for name in context.project.manifests]
    return "beside" if any(out.resolve().is_relative_to(folder) for folder in folders) else "fresh"


def _declared(context: Context, mode: Mode) -> Desired:
    """What the project declares. An export among the manifests needs it, the others are better for it."""
    nothing = Desired({}, context.project.name, context.environment.name, adopt=context.environment.adopt)
    nothing = replace(nothing, former_names=tuple(context.project.former_names))
    if not any((context.project.root / name).exists() for name in context.project.manifests):
        return nothing
    try:
        return load_desired(replace(context, paths=()))
    except ManifestError:
        if mode == "beside":
            raise
        return nothing


def _chosen(everything: tuple[Exported, ...], request: ExportRequest, *, beside: bool) -> tuple[Exported, ...]:
    known = {item.address: item for item in everything}
    for pattern in request.targets:
        if not any(_matches(str(address), (pattern,)) for address in known):
            raise UsageError(f"`{pattern}` matches nothing that is live")
    wanted = {
        address
        for address, item in known.items()
        if _is_target(address, request) and not (request.unmanaged and (item.marked or item.declared))
    }
    waiting = list(wanted)
    while waiting:
        for named in _named(known[waiting.pop()]):
            if named in known and named not in wanted:
                wanted.add(named)
                waiting.append(named)
    return tuple(item for item in everything if item.address in wanted and not (beside and item.declared))


def _named(item: Exported) -> list[Address]:
    return [address for _, address in references(KINDS[item.address.kind].shape, item.spec or {})]


def _gone(desired: Desired, everything: tuple[Exported, ...]) -> tuple[Address, ...]:
    live = {item.address for item in everything}
    kept = ("absent", "archived")
    return tuple(
        address
        for address, resource in desired.resources.items()
        if address not in live and resource.management.state not in kept
    )


def _write(
    context: Context, out: Path, layout: Layout, documents: tuple[Exported, ...], *, fresh: bool
) -> tuple[Path, ...]:
    places = placed(out, layout, documents, fresh=fresh)
    texts = {path: file_text(context, path, items) for path, items in places.items()}
    for path, text in texts.items():
        _new_file(path, text)
    return tuple(texts)


def _take_back(files: tuple[Path, ...]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
        with suppress(OSError):  # something else stands in it
            path.parent.rmdir()


def _new_file(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def _expected(
    context: Context, backend: Backend, observation: Observation, adoption: Adoption, out: Path | None
) -> Plan | None:
    """What a plan says of the manifests as they are now."""
    if out is not None and not out.is_dir():
        return None
    adopts: Mapping[Address, str] = {**context.environment.adopt, **adoption.ids}
    environment = replace(context.environment, adopt=adopts, variables=_variables(context))
    there = replace(context, paths=(out,) if out else (), environment=environment)
    options = PlanOptions(api=context.environment.api, reveal=revealer(context))
    return answered(backend, load_desired(there), observation, options)[0]


def _variables(context: Context) -> Mapping[str, Value]:
    """The environment's variables with those that were just given another value in a file."""
    project, environment = context.project, context.environment
    if project.file is None or environment.name not in project.environments:
        return environment.variables
    before = project.environment(environment.name).variables
    now = load_project(project.root, project.file).environment(environment.name).variables
    return {**environment.variables, **{name: now[name] for name in now if now[name] != before.get(name)}}
