"""Who was in which team before a merge: a pull request that names its own approvers must not be judged by itself."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from reconciler.errors import ProjectError
from reconciler.project import Project, load_project
from reconciler.project.git import commit_of, files_of, top_of

Members = Mapping[str, tuple[str, ...]]


def teams(project: Project, commit: str | None) -> Members | None:
    """The teams of the project file as it was at a commit; None where the checkout has no such commit.

    Outside of a repository, and where no commit is named, it is the project file as it is. Where there was no project
    file yet, or a wrong one, nobody was in any team.
    """
    file = project.file
    top = top_of(project.root)
    if commit is None or file is None or top is None:
        return project.teams
    known = commit_of(top, commit)
    if known is None:
        return None
    place = PurePosixPath(file.resolve().relative_to(top.resolve()).as_posix())
    return _teams_at(top, known, place)


def _teams_at(top: Path, commit: str, place: PurePosixPath) -> Members | None:
    def wanted(path: PurePosixPath) -> bool:
        return path == place or path.parent == place.parent / "environments"

    with tempfile.TemporaryDirectory(prefix="reconciler-") as folder:
        there = Path(folder)
        try:
            for blob in files_of(top, commit, wanted):
                if not blob.link:
                    path = there.joinpath(*blob.path.parts)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(blob.content)
        except OSError:
            return None
        file = there.joinpath(*place.parts)
        try:
            return load_project(file.parent, file).teams if file.is_file() else {}
        except ProjectError:
            return {}
