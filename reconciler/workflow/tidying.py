"""The canonical style for the files of a project: which files, and writing them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import ManifestError, UsageError
from reconciler.manifest.files import Layout, manifest_files
from reconciler.manifest.problems import Problems
from reconciler.model import Problem
from reconciler.project import Project, load_project
from reconciler.project.building import ENVIRONMENTS_FOLDER
from reconciler.reading.editing import replace_file
from reconciler.reading.formatting import formatted
from reconciler.reading.tree import Files


@dataclass(frozen=True, slots=True)
class Tidied:
    """What formatting came to: the files that change, by name, and those that were left as they are, with why."""

    files: int
    changed: tuple[str, ...]
    left: tuple[Problem, ...] = ()


def tidy(start: Path, *, file: Path | None = None, paths: tuple[Path, ...] = (), check: bool = False) -> Tidied:
    """Bring files into the canonical style: those of PATHs, else all of the project. ``check`` writes nothing.

    JSON has no style of ours and is passed over. Raises ``ManifestError`` with every problem of files that cannot be
    read, before anything is written, and ``UsageError`` where a file cannot be read or written at all.
    """
    project = None if paths else load_project(start, file)
    root = project.root if project else start.absolute()
    texts: dict[Path, str] = {}
    problems: list[Problem] = []
    found = [path for path in _files(project, root, paths) if path.suffix != ".json"]
    for path in found:
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UsageError(f"{name} cannot be read: {error.strerror}") from None
        text, wrong = formatted(name, data)
        problems += wrong
        if text.encode("utf-8", "surrogatepass") != data and not wrong:
            texts[path] = text
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ManifestError(problems)
    for path, text in texts.items() if not check else ():
        replace_file(path, text.encode())
    names = tuple(path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path) for path in texts)
    return Tidied(len(found), names, tuple(problems))


def _files(project: Project | None, root: Path, paths: tuple[Path, ...]) -> list[Path]:
    """Each file once, in the order of the project: itself, its environments and variables, manifests, overlays."""
    problems = Problems(Files(), {})
    if project is None:
        entries = [path.absolute() for path in paths]
        return manifest_files(Layout(root, frozenset()), entries, problems)
    own = Layout.of(project)
    open_layout = Layout(root, frozenset())
    chosen = [*_of_project(project), *manifest_files(own, [root / name for name in project.manifests], problems)]
    chosen += manifest_files(open_layout, _there(own.overlays.values()), problems)
    return list({path.resolve(): path for path in chosen}.values())


def _of_project(project: Project) -> Iterator[Path]:
    if project.file is not None:
        yield project.file
        yield from sorted((project.root / ENVIRONMENTS_FOLDER).glob("*.y*ml"))
    for environment in project.environments.values():
        yield from _there(project.root / name for name in environment.var_files)


def _there(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if path.exists()]
