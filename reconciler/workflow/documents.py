"""The files of an export: which object goes where, under which heading, with which comments."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Literal

from reconciler.errors import UsageError
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import KINDS
from reconciler.model import Location, Resource
from reconciler.planning.export import Exported
from reconciler.planning.export_keys import words
from reconciler.render.escape import escape
from reconciler.workflow.context import Context
from reconciler.workflow.placing import verbatim

Layout = Literal["kind", "object"]
"""One file per kind, or one per object in a folder per kind."""


class _Nowhere:
    """An exported object stands in no file yet."""

    def locate(self, path: tuple[str | int, ...]) -> Location:
        """The first line of nothing."""
        del path
        return Location("", 1)


def placed(out: Path, layout: Layout, items: Iterable[Exported], *, fresh: bool) -> dict[Path, tuple[Exported, ...]]:
    """Which object goes into which new file.

    ``fresh``: raises ``UsageError`` where one is there already. Else an object whose file is there gets one of its own.
    """
    found: dict[Path, list[Exported]] = {}
    for item in items:
        folder = out / words(item.address.kind + "s")
        path = folder.with_suffix(".yaml") if layout == "kind" else folder / f"{item.address.key}.yaml"
        if path.exists() and fresh:
            raise UsageError(f"{path} exists already; export into a new or empty folder")
        found.setdefault(_free(path, folder, item), []).append(item)
    return {path: tuple(items) for path, items in found.items()}


def _free(path: Path, folder: Path, item: Exported) -> Path:
    own = (folder / f"{item.address.key}{f'_{number}' if number > 1 else ''}.yaml" for number in count(1))
    return path if not path.exists() else next(place for place in own if not place.exists())


def file_text(context: Context, path: Path, items: tuple[Exported, ...]) -> str:
    """A new file with these objects."""
    return catalogue(context, items, path)


def catalogue(context: Context, items: tuple[Exported, ...], path: Path | None) -> str:
    """The documents of some objects under a heading; ``path`` is where they will stand."""
    from reconciler.manifest.writing import stream

    return stream(_heading(context, items, path), map(document, items))


def _heading(context: Context, items: tuple[Exported, ...], path: Path | None) -> Iterator[str]:
    schema = context.project.root / "schemas" / "manifest.json"
    if path is not None and schema.is_file():
        yield f"yaml-language-server: $schema={Path(os.path.relpath(schema, path.parent)).as_posix()}"
        yield ""
    kinds = {item.address.kind for item in items}
    what = f"{_plural(KINDS[kinds.pop()])}" if len(kinds) == 1 else "What is live"
    yield f"{what} in {context.environment.name}, as `reconciler export` found them."


def _plural(kind: Kind) -> str:
    """``NotificationChannel`` → ``Notification channels``."""
    return f"{words(kind.name).replace('_', ' ').replace('addon', 'add-on').capitalize()}s"


def document(item: Exported) -> str:
    """One object as a document, with what a reader should know as comments before it."""
    from reconciler.manifest.output import document as tree
    from reconciler.manifest.writing import document_text

    resource = Resource(item.address, verbatim(item.spec or {}), item.management, Location("", 1), _Nowhere())
    return document_text(tree(resource), KINDS[item.address.kind].shape, map(escape, _comments(item)))


def _comments(item: Exported) -> Iterator[str]:
    if not KINDS[item.address.kind].natural_key:
        yield f"live id {item.id}"
    for note in item.notes:
        yield from note.splitlines()
    for name, what in item.secrets:
        yield f"to fill in: the environment variable {name}, with the value of `{what}`"
