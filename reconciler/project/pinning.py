"""Writing what an environment is pinned to where it is declared; comments and every other line stay."""

from __future__ import annotations

from reconciler.errors import UsageError
from reconciler.model import Location
from reconciler.project.values import Project
from reconciler.reading.editing import Editor

_BEFORE = ("apiVersion", "kind", "name", "extends", "abstract", "description", "endpoint", "api")
"""What stands before ``identity`` in an environment that a person wrote."""


def pin(project: Project, name: str, identity: str) -> Location:
    """Write ``identity`` into the file that declares an environment; the place where it stands now.

    Raises ``UsageError`` where no file declares it, ``EditError`` where it cannot be written without changing more.
    """
    return _write(project, name, "identity", identity)


def pin_bundle(project: Project, name: str, reference: str) -> Location:
    """Write ``bundle`` into the file that declares an environment; else as ``pin``."""
    return _write(project, name, "bundle", reference)


def _write(project: Project, name: str, field: str, value: str) -> Location:
    declared = project.environments.get(name)
    if declared is None or declared.location is None or project.file is None:
        raise UsageError(f"no file declares the environment `{name}`")
    path = project.root / declared.location.file
    inside = ("environments", name) if path == project.file else ()
    editor = Editor.open(path, declared.location.file)
    editor.set(0, (*inside, field), value, order=(*_BEFORE, "identity", "bundle"))
    editor.save(path)
    return editor.location(0, (*inside, field))
