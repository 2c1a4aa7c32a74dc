"""Where the files of a project are in its repository: what hosts of pull requests name files by."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.render.findings import Places


def places_of(root: Path, file: Path | None) -> Places:
    """From the project's folder to the repository's: that of the job, else git's; else the folder itself.

    ``root`` is what locations are relative to, ``file`` the project file.
    """
    from reconciler.render.findings import Places

    name = file.name if file is not None else "reconciler.yaml"
    here = root.resolve()
    top = _top(here)
    prefix = here.relative_to(top).as_posix() if top is not None else ""
    return Places("" if prefix == "." else prefix, name)


def _top(here: Path) -> Path | None:
    """The folder that a job's checkout is in, if the project is inside; else that of the git repository."""
    from reconciler.project.git import top_of

    workspace = os.environ.get("GITHUB_WORKSPACE")
    if workspace and here.is_relative_to(job := Path(workspace).resolve()):
        return job
    found = top_of(here)
    top = found.resolve() if found is not None else None
    return top if top is not None and here.is_relative_to(top) else None


def places_here(file: Path | None = None) -> Places:
    """The same of the project in this file, or that the working folder is in; without one, of the working folder."""
    from reconciler.errors import ReconcilerError
    from reconciler.project import load_project

    try:
        project = load_project(Path.cwd(), file)
    except ReconcilerError:
        return places_of(file.absolute().parent if file else Path.cwd(), file)
    return places_of(project.root, project.file)
