"""Whether the documents of an export are valid, tried before anything is written.

A server holds what a manifest cannot say: fields that only another API sets, values of an older version. Such a field
is left to others (``lifecycle.ignore``); where it cannot be, its object is only observed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import Any

from reconciler.kinds.registry import KINDS
from reconciler.kinds.shape import MapOf, Object, OneOf, Shape
from reconciler.manifest.templates import is_template
from reconciler.model import Path, Problem, render_path
from reconciler.planning import paths
from reconciler.planning.export import Exported
from reconciler.reading.tree import Map
from reconciler.reading.yaml import Reader
from reconciler.workflow.documents import document

_ROUNDS = 8
"""Each takes one thing out of every document that is wrong; half of them done, the document is given up."""


def writable(items: Iterable[Exported]) -> tuple[Exported, ...]:
    """The same objects with documents that are valid together."""
    found = tuple(items)
    for number in range(_ROUNDS):
        wrong = _wrong(found)
        if not wrong:
            break
        found = tuple(
            _mended(item, wrong[index], give_up=number >= _ROUNDS // 2) if index in wrong else item
            for index, item in enumerate(found)
        )
    return found


def _wrong(items: tuple[Exported, ...]) -> dict[int, Problem]:
    """The first error of every document that has one, by its place in the list."""
    from reconciler import manifest
    from reconciler.project import Project

    with TemporaryDirectory(prefix="reconciler-") as name:
        folder = FilePath(name)
        for index, item in enumerate(items):
            (folder / f"{index}.yaml").write_text(document(item), encoding="utf-8")
        project = Project("export", folder)
        problems = manifest.check(project, project.environment(None))
    errors = [problem for problem in problems if problem.severity == "error" and problem.location]
    return {int(problem.location.file.partition(".")[0]): problem for problem in reversed(errors) if problem.location}


def _mended(item: Exported, problem: Problem, *, give_up: bool) -> Exported:
    """The document without what is wrong, which is left to others; only observed where that cannot be."""
    path = _removable(item, _path_at(item, problem))
    if not path or give_up or item.spec is None:
        return item.observed(problem.message)
    text = render_path(path)
    spec = paths.replaced(dict(item.spec), path, None)
    return replace(
        item,
        spec=dict(spec) if isinstance(spec, dict) else {},
        management=replace(item.management, ignore=(*item.management.ignore, text)),
        notes=(*item.notes, f"`{text}` is left as it is: {problem.message}"),
    )


def _path_at(item: Exported, problem: Problem) -> Path:
    """The path inside the spec of the deepest entry that the problem points at; empty where it is none."""
    reader = Reader()
    (read, *_), _text = reader.read("", document(item).encode())
    at = problem.location
    found = [
        path
        for path, mark in _marks(read.root, ())
        if at and (place := reader.files.location(mark)) and (place.line, place.column) == (at.line, at.column)
    ]
    deepest = max(found, key=len, default=())
    return deepest[1:] if deepest[:1] == ("spec",) else ()


def _marks(tree: Any, path: Path) -> Iterator[tuple[Path, int]]:  # noqa: ANN401 - any tree
    """Where the names and values of all entries stand, of the maps that stand in no list."""
    if not isinstance(tree, Map):
        return
    for name, value in tree.items():
        yield from (((*path, name), mark) for mark in tree.entry_marks(name))
        yield from _marks(value, (*path, name))


def _removable(item: Exported, path: Path) -> Path:
    """The part of a path that a manifest may leave out and name in ``ignore``; empty where there is none."""
    path = path[: next((at for at, part in enumerate(path) if is_template(str(part))), len(path))]
    shape: Shape | None = KINDS[item.address.kind].shape
    required = False
    for part in path:
        field = shape.fields.get(str(part)) if isinstance(shape, Object) else None
        required = field is not None and field.required
        shape = field.shape if field else shape.value if isinstance(shape, MapOf) else None
        if isinstance(shape, OneOf):
            break
    return () if required else path
