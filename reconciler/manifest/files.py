"""Which files are read: those of the manifests or of PATHs, and those of an environment's overlays."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.errors import ManifestError
from reconciler.manifest.problems import Problems
from reconciler.model import Location
from reconciler.project import Project
from reconciler.project.building import ENVIRONMENTS_FOLDER
from reconciler.reading.tree import Files

BUNDLES_FOLDER = "bundles"
"""Where a project keeps bundles, by their digests, beside its project file."""
_OUTSIDE = "is no file of the repository; under --trusted-project nothing else is read"
ENDINGS = frozenset({".yaml", ".yml", ".json"})


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the files of a project are. ``overlays`` maps each overlay, as written, to its folder or file."""

    root: Path
    skipped: frozenset[Path]
    overlays: dict[str, Path] = field(default_factory=dict)
    edited: Mapping[Path, bytes] = field(default_factory=dict)
    revision: str | None = None
    may_read: Callable[[Path], bool] | None = None
    """Which files may be read; all without one."""

    @classmethod
    def of(cls, project: Project) -> Layout:
        """A project's layout: the project file, its environments, variables and overlays are no manifests."""
        environments = (*project.environments.values(), *project.bases.values())
        overlays = {
            name: (project.root / name).resolve() for environment in environments for name in environment.overlays
        }
        skipped = {*overlays.values()}
        for environment in environments:
            skipped |= {(project.root / name).resolve() for name in environment.var_files}
        if project.file is not None:
            skipped |= {project.file.resolve(), (project.root / ENVIRONMENTS_FOLDER).resolve()}
        skipped |= {*(project.trust.closed if project.trust else ())}
        skipped |= {path.resolve() for path in (project.root / BUNDLES_FOLDER).glob("sha256-*.json")}
        return cls(project.root, frozenset(skipped), overlays, project.edited, project.revision, project.may_read)

    def read(self, path: Path) -> bytes:
        """The content of a file. Raises ``OSError``."""
        found = self.edited.get(path.resolve()) if self.edited else None
        return path.read_bytes() if found is None else found

    def added(self, folder: Path) -> list[Path]:
        """The files below a folder that so far stand only in ``edited``."""
        real = folder.resolve()
        return [path for path in sorted(self.edited) if path.is_relative_to(real) and not path.exists()]

    def name(self, path: Path) -> str:
        """A file's name for people: relative to the project where it is inside; as git writes it, at a revision."""
        name = path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.as_posix()
        return f"{self.revision}:{name}" if self.revision else name


def contents(project: Project) -> dict[str, bytes]:
    """What stands in a project's manifests, by path from the project file. Raises ``ManifestError``."""
    layout = replace(Layout.of(project), revision=None)
    problems = Problems(Files(), {})
    found: dict[str, bytes] = {}
    for path in manifest_files(layout, [project.root / name for name in project.manifests], problems):
        name = Path(os.path.relpath(path, project.root)).as_posix()
        try:
            found[name] = path.read_bytes()
        except OSError as error:
            problems.place("manifest.file", f"`{name}` cannot be read: {error.strerror}", None)
    if problems.found:
        raise ManifestError(problems.found)
    return found


def manifest_files(
    layout: Layout, entries: Iterable[Path], problems: Problems, named_at: Location | None = None
) -> list[Path]:
    """The files of these files and folders, each once, in the order given and sorted inside a folder.

    ``named_at``: the place that names them, for what is not there.
    """
    found: dict[Path, Path] = {}
    for entry in entries:
        if layout.may_read is not None and not layout.may_read(entry):
            problems.place("manifest.file", f"`{layout.name(entry)}` {_OUTSIDE}", named_at)
        elif entry.is_dir():
            for path in _walk(entry, layout, set()):
                found.setdefault(path.resolve(), path)
        elif entry.is_file():
            found.setdefault(entry.resolve(), entry)
        else:
            problems.place("manifest.file", f"there is no file or folder `{layout.name(entry)}`", named_at)
    return [path for path in found.values() if _is_readable(layout, path, problems)]


def _is_readable(layout: Layout, path: Path, problems: Problems) -> bool:
    """A link may lead anywhere, and a message about a file shows lines of it."""
    if layout.may_read is None or layout.may_read(path):
        return True
    problems.place("manifest.file", f"`{layout.name(path)}` {_OUTSIDE}", None)
    return False


def _walk(folder: Path, layout: Layout, above: set[Path]) -> Iterator[Path]:
    """Recursively, in sorted order; hidden names and what begins with ``_`` are skipped, circular links end."""
    real = folder.resolve()
    if real in above:
        return
    with os.scandir(folder) as scan:
        entries = sorted(scan, key=lambda entry: entry.name)
    for entry in entries:
        path = folder / entry.name
        if entry.name[0] in "._" or path.resolve() in layout.skipped:
            continue
        if entry.is_dir():
            if layout.may_read is None or layout.may_read(path):
                yield from _walk(path, layout, above | {real})
        elif path.suffix in ENDINGS and entry.is_file():
            yield path
