"""The overlay of an environment that an export writes into: the one it has, or a new one that it gets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from reconciler.errors import UsageError
from reconciler.project import DeclaredEnvironment
from reconciler.workflow.adopting import ORDER, opened, place_of
from reconciler.workflow.context import Context


@contextmanager
def overlaid(context: Context, out: Path | None) -> Iterator[Context]:
    """The context with an overlay to write into: the environment's last one, or ``out``, else ``overlays/NAME``.

    Raises ``UsageError`` without a project file, and where ``out`` is not the environment's last overlay.
    """
    project, environment = context.project, context.environment
    if project.file is None:
        raise UsageError("an overlay belongs to an environment of a project file, and there is none")
    wanted = _name(context, out) if out is not None else None
    last = environment.overlays[-1] if environment.overlays else None
    if wanted is not None and wanted in environment.overlays and wanted != last:
        raise UsageError(f"{wanted} is not the last overlay of {environment.name}, which would have the last word")
    name = wanted or last or f"overlays/{environment.name}"
    overlays = tuple(dict.fromkeys((*environment.overlays, name)))
    folder = project.root / name
    folder.mkdir(parents=True, exist_ok=True)
    declared = project.environments.get(environment.name) or DeclaredEnvironment(environment.name, environment.endpoint)
    environments = {**project.environments, environment.name: replace(declared, overlays=overlays)}
    try:
        yield replace(
            context,
            project=replace(project, environments=environments),
            environment=replace(environment, overlays=overlays),
        )
    finally:
        if name not in environment.overlays:
            with suppress(OSError):  # something stands in it
                folder.rmdir()
                folder.parent.rmdir()


def _name(context: Context, out: Path) -> str:
    root = context.project.root.resolve()
    if not out.resolve().is_relative_to(root):
        raise UsageError(f"{out} is outside of the project; an overlay stands in it")
    return out.resolve().relative_to(root).as_posix()


def overlay_folder(context: Context) -> Path:
    """Where the patches go."""
    return context.project.root / context.environment.overlays[-1]


def declare_overlay(context: Context) -> None:
    """Name the overlay in the environment, where the project file does not do so yet; comments and other lines stay."""
    place = place_of(context)
    if place is None:
        return
    path, inside = place
    editor = opened(context, path, inside)
    if editor.get(0, (*inside, "overlays")) != list(context.environment.overlays):
        editor.set(0, (*inside, "overlays"), list(context.environment.overlays), order=ORDER)
        editor.save(path)
