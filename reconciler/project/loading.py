"""Finding and reading ``reconciler.yaml``: a ``Project``, or every problem of it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from reconciler.errors import ProjectError, UsageError
from reconciler.model import Problem
from reconciler.project.building import Reading, build
from reconciler.project.values import Project
from reconciler.reading.tree import Map
from reconciler.reading.validation import Issue, validate
from reconciler.reading.yaml import Reader

FILE_NAMES = ("reconciler.yaml", "reconciler.yml")
DEFAULT_NAME = "default"
RESERVED = frozenset(
    [
        "policies",
        "approvals",
        "approvers",
        "notifications",
        "bundles",
        "audit",
        "tests",
        "sources",
    ]
)
"""Fields of the project or of an environment that a later version will give a meaning."""


def load_project(start: Path, file: Path | None = None, trusted: Path | None = None) -> Project:
    """The project of a file, or of the folder ``start`` or the nearest one above it that has one.

    Without a file: the project ``default`` over ``start``. Raises ``ProjectError`` with every problem of the project
    file and its ``environments/``, ``UsageError`` where ``file`` does not exist.

    ``trusted``: another project file that rules over this one (``trust``).
    """
    if trusted is not None:
        from reconciler.project.trust import under_trust

        return under_trust(start, file, trusted)
    if file is not None and not file.is_file():
        raise UsageError(f"there is no project file {file}")
    found = file or find_project_file(start)
    if found is None:
        folder = start if start.is_dir() else start.parent
        return Project(DEFAULT_NAME, folder.absolute())
    return read_project(found)


def read_project(
    found: Path, *, shown_from: Path | None = None, holds: Callable[[Path], bool] | None = None
) -> Project:
    """The project of a file. ``shown_from`` and ``holds`` are those of ``Reading``. Raises ``ProjectError``."""
    reading = Reading(Reader(), found.absolute().parent, shown_from, holds)
    project = _read(reading, found.absolute())
    if project is None or any(problem.severity == "error" for problem in reading.problems):
        raise ProjectError(in_order(reading.problems))
    return project


def find_project_file(start: Path) -> Path | None:
    """The project file of a folder or of the nearest one above it, not looking beyond a git repository."""
    here = start.absolute()
    for folder in (here, *here.parents):
        for name in FILE_NAMES:
            if (folder / name).is_file():
                return folder / name
        if (folder / ".git").exists():
            return None
    return None


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """By file and line, those without a place last; the same one once."""
    unique = dict.fromkeys(problems)
    return tuple(
        sorted(
            unique,
            key=lambda p: (p.location is None, p.location.file if p.location else "", _line(p), p.rule, p.message),
        )
    )


def _line(problem: Problem) -> tuple[int, int]:
    return (problem.location.line, problem.location.column) if problem.location else (0, 0)


def _read(reading: Reading, path: Path) -> Project | None:
    from reconciler.project.document import ProjectDocument

    root = reading.single(path, "a project file")
    if root is None:
        return None
    reserved = _reserved(reading, root)
    document, issues = validate(ProjectDocument, root, root.mark, "the project file")
    reading.add(issue for issue in issues if issue.mark not in reserved)
    return build(reading, path, root, document) if document is not None else None


def _reserved(reading: Reading, root: Map) -> frozenset[int]:
    """Report what the language keeps for later; the marks of those fields."""
    environments = root.get("environments")
    maps = [root, *(environments.values() if isinstance(environments, Map) else ())]
    marks: list[int] = []
    for holder in maps:
        for name in holder if isinstance(holder, Map) else ():
            if name in RESERVED:
                marks.append(holder.entry_marks(name)[0])
                reading.add([Issue("project.not_supported", f"`{name}` is not supported yet", marks[-1])])
    return frozenset(marks)
