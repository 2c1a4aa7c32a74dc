"""The ids of live objects that have no key, where an environment says that they are to be adopted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.model import Address
from reconciler.project.values import SANDBOX
from reconciler.reading.editing import Editor
from reconciler.workflow.context import Context

ORDER = (
    "apiVersion", "kind", "name", "extends", "abstract", "description", "endpoint", "api", "identity", "token",
    "headers", "vars", "varFiles", "overlays", "promotesFrom", "protected", "adopt",
)  # fmt: skip
"""The fields of an environment in the order in which a person writes them."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """Which live object a document means, by its id, and the file that says so now (None: somebody has to write it)."""

    ids: Mapping[Address, str] = field(default_factory=dict)
    file: Path | None = None

    @property
    def line(self) -> str:
        """``adopt: { NotificationChannel/ops: 01J… }``."""
        return f"adopt: {{ {', '.join(f'{address}: {ident}' for address, ident in self.ids.items())} }}"


def adopt(context: Context, ids: Mapping[Address, str]) -> Adoption:
    """Write the ids that the environment does not say yet where it is declared; comments and other lines stay.

    Raises ``EditError`` where the file cannot take them without changing more.
    """
    new = {address: ident for address, ident in ids.items() if context.environment.adopt.get(address) != ident}
    place = place_of(context)
    if not new or place is None:
        return Adoption(new)
    path, inside = place
    editor = opened(context, path, inside)
    for address, ident in new.items():
        adopted = editor.get(0, (*inside, "adopt")) is not None
        if adopted:
            editor.set(0, (*inside, "adopt", str(address)), ident)
        else:
            editor.set(0, (*inside, "adopt"), {str(address): ident}, order=ORDER)
    editor.save(path)
    return Adoption(new, path)


def opened(context: Context, path: Path, inside: tuple[str, ...]) -> Editor:
    """The editor of the file that declares the environment; the sandbox, which needs no declaration, is begun."""
    editor = Editor.open(path, path.relative_to(context.project.root).as_posix())
    if inside and editor.get(0, inside) is None:
        editor.set(0, (*inside, "endpoint"), context.environment.endpoint)
    return editor


def place_of(context: Context) -> tuple[Path, tuple[str, ...]] | None:
    """The file that declares the environment, and where in it; None where its ids can stand in no file.

    Another address than the declared one (``--endpoint``) has other ids.
    """
    project, name = context.project, context.environment.name
    if project.file is None:
        return None
    declared = project.environments.get(name)
    if declared is None:
        return (project.file, ("environments", name)) if name == SANDBOX else None
    if declared.endpoint != context.environment.endpoint or declared.location is None:
        return None
    path = project.root / declared.location.file
    return path, ("environments", name) if path == project.file else ()
