"""A project as it was at a revision of its git repository: its project file, variables, overlays and manifests.

Nothing is checked out: the files are copied out of git into a folder that is gone afterwards. Ask for what is needed
inside the ``with``::

    with at_revision(context, "v1.4") as then:
        desired = load_desired(then)

``desired`` is good to keep; ``then`` is not. Talk to a server with the context of today: token files and receipts lie
in the project, not in git.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from reconciler.errors import ProjectError, UsageError
from reconciler.workflow.context import Context

if TYPE_CHECKING:
    from reconciler.model import Problem
    from reconciler.project import Environment, Project

_ENDINGS = (".yaml", ".yml", ".json")
_KEEPERS = (".gitkeep", ".keep", ".gitignore")
"""What people commit so that an empty folder is there."""
_SHORT = 10


@contextmanager
def at_revision(context: Context, revision: str) -> Iterator[Context]:
    """The same project, environment and PATHs as they were at a git revision (a hash, branch, tag or ``HEAD~1``).

    Values of ``--var`` and ``--var-file`` are those of today. Places read ``COMMIT:catalog/plans.yaml:12``, as git
    writes them, and ``project.revision`` is the commit. Files that are not ``.yaml``, ``.yml`` or ``.json`` are not
    there, but for the project file. Raises ``UsageError`` where there is no git repository, no such revision, or where
    the project, the environment or a PATH did not exist then; ``ProjectError`` where the project file was wrong.
    """
    from reconciler.project.git import commit_of, top_of

    root = context.project.root.resolve()
    top = top_of(root)
    if top is None:
        raise UsageError(f"{context.project.root} is not in a git repository, so it has no revision `{revision}`")
    commit = commit_of(root, revision)
    if commit is None:
        tip = "in a shallow clone, fetch it first: git fetch --unshallow"
        raise UsageError(f"git knows no revision `{revision}` here", tip=tip)
    with tempfile.TemporaryDirectory(prefix="reconciler-") as folder:
        there = Path(folder).resolve()
        _copy(top, commit, there, context.project.file)
        yield _reopened(context, top.resolve(), there, revision, commit[:_SHORT])


def is_revision(context: Context, text: str) -> bool:
    """Whether git knows a commit by this name in the project's repository."""
    from reconciler.project.git import commit_of

    return commit_of(context.project.root, text) is not None


def _copy(top: Path, commit: str, there: Path, file: Path | None) -> None:
    """The files of a commit that a project is made of, in a folder."""
    from reconciler.project.git import files_of

    inside = file is not None and file.resolve().is_relative_to(top.resolve())
    project = PurePosixPath(file.resolve().relative_to(top.resolve()).as_posix()) if file and inside else None

    def wanted(path: PurePosixPath) -> bool:
        return path.suffix in _ENDINGS or path.name in _KEEPERS or path == project

    try:
        for blob in files_of(top, commit, wanted):
            path = there.joinpath(*blob.path.parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            if not blob.link:
                path.write_bytes(blob.content)
            elif _leads_inside(there, path, blob.content):
                path.symlink_to(blob.content.decode("utf-8", "surrogateescape"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"the files of commit {commit[:_SHORT]} cannot be read: {reason}") from error


def _leads_inside(there: Path, path: Path, target: bytes) -> bool:
    """A link to somewhere else would show files of today as those of then."""
    return (path.parent / target.decode("utf-8", "surrogateescape")).resolve().is_relative_to(there)


def _reopened(context: Context, top: Path, there: Path, revision: str, commit: str) -> Context:
    """The context over the copied files."""
    project = _project(context, top, there, revision, commit)
    paths = tuple(_moved(path.resolve(), top, there, revision) for path in context.paths)
    for path, asked in zip(paths, context.paths, strict=True):
        if not path.exists():
            raise UsageError(f"there is no `{asked}` at revision `{revision}`")
    return replace(
        context,
        project=project,
        environment=_environment(context, project, commit, revision),
        paths=paths,
        today=context,
        bundle=None,
        instead=None,
    )


def _project(context: Context, top: Path, there: Path, revision: str, commit: str) -> Project:
    from reconciler.project import load_project

    today = context.project
    if today.file is None:
        root = _moved(today.root.resolve(), top, there, revision)
        if not root.exists():
            raise UsageError(f"there is no folder `{today.root}` at revision `{revision}`")
        return replace(today, root=root, revision=commit)
    file = _moved(today.file.resolve(), top, there, revision)
    if not file.is_file():
        raise UsageError(f"there is no project file `{today.file.name}` at revision `{revision}`")
    try:
        project = load_project(file.parent, file)
    except ProjectError as error:
        raise ProjectError(_at(commit, error.problems)) from None
    # A name given on the command line is part of what was asked for.
    asked = context.overrides.project_name if context.overrides else None
    return replace(project, name=asked or project.name, warnings=_at(commit, project.warnings), revision=commit)


def _environment(context: Context, project: Project, commit: str, revision: str) -> Environment:
    from reconciler.project.environments import ADHOC
    from reconciler.project.values import SANDBOX

    name = context.environment.name
    if name not in {*project.environments, SANDBOX, ADHOC}:
        tip = f"environments then: {', '.join(project.environments) or 'none'}"
        raise UsageError(f"there is no environment `{name}` at revision `{revision}`", tip=tip)
    try:
        unnamed = name == ADHOC and name not in project.environments
        return project.environment(None if unnamed else name, context.overrides)
    except ProjectError as error:
        raise ProjectError(_at(commit, error.problems)) from None


def _moved(path: Path, top: Path, there: Path, revision: str) -> Path:
    if not path.is_relative_to(top):
        raise UsageError(f"`{path}` is not in the git repository, so it has no revision `{revision}`")
    return there / path.relative_to(top)


def _at(commit: str, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Problems whose places name the commit: nobody finds them in the files of today."""
    return tuple(
        replace(one, location=replace(one.location, file=f"{commit}:{one.location.file}"))
        if one.location and not Path(one.location.file).is_absolute()
        else one
        for one in problems
    )
