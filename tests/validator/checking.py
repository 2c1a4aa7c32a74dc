"""A recorded write as YAML files, and what ``validate`` finds in them: rule, place, and the field at that place."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from reconciler import manifest
from reconciler.model import Problem, render_path
from reconciler.project import load_project

from .walking import Declared, Write

OFFENDER = "catalog/written.yaml"


class _Dumper(yaml.SafeDumper):
    """Text is always quoted and numbers never are, so that YAML 1.2 reads back what was recorded."""


_Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))
_Dumper.add_representer(
    Decimal,
    lambda dumper, number: dumper.represent_scalar(
        "tag:yaml.org,2002:float", format(number, "f") + ("" if "." in format(number, "f") else ".0")
    ),
)
_Dumper.ignore_aliases = lambda *_: True  # type: ignore[method-assign]


@dataclass(frozen=True)
class Found:
    """One problem of the manifest that was written. ``field`` is the path of the node at its line and column."""

    rule: str
    field: str
    why: str
    problem: Problem


def check(write: Write, folder: Path) -> tuple[list[Found], list[Found]]:
    """The errors and the warnings of the written document; the documents beside it have to be there only."""
    assert write.wanted is not None
    text = _write(write.wanted, write.beside, folder)
    project = load_project(folder)
    problems = manifest.check(project, project.environment("sandbox"))
    ours = [problem for problem in problems if problem.location is None or problem.location.file == OFFENDER]
    found = [_found(problem, text) for problem in ours]
    errors = [item for item in found if item.problem.severity == "error"]
    return errors, [item for item in found if item.problem.severity == "warning"]


def _write(wanted: Declared, beside: tuple[Declared, ...], folder: Path) -> str:
    (folder / "catalog").mkdir(parents=True)
    (folder / "reconciler.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Project\nname: recorded\nmanifests: [catalog]\n"
    )
    for number, other in enumerate(beside):
        (folder / f"catalog/beside{number:03}.yaml").write_text(_text(other))
    text = _text(wanted)
    (folder / OFFENDER).write_text(text)
    return text


def _text(declared: Declared) -> str:
    return yaml.dump(declared.document(), Dumper=_Dumper, sort_keys=False, width=10_000)


def _found(problem: Problem, text: str) -> Found:
    place = problem.location
    assert place is not None, f"{problem.rule} points nowhere: {problem.message}"
    path = _path_at(yaml.compose(text, yaml.SafeLoader), place.line - 1, place.column - 1, ())
    assert path is not None, f"{problem.rule} points between the fields, at {place}:\n{text}"
    return Found(problem.rule, render_path(path), problem.why or "", problem)


def _path_at(node: Any, line: int, column: int, path: tuple[str | int, ...]) -> tuple[str | int, ...] | None:
    """The path of the field whose name or value begins at a place, the outermost where several do."""
    if (node.start_mark.line, node.start_mark.column) == (line, column):
        return path
    inside: list[tuple[str | int, Any]] = []
    if isinstance(node, yaml.MappingNode):
        inside = [(key.value, child) for key, child in node.value]
        for key, _ in node.value:
            if (key.start_mark.line, key.start_mark.column) == (line, column):
                return (*path, key.value)
    elif isinstance(node, yaml.SequenceNode):
        inside = list(enumerate(node.value))
    tried = (_path_at(child, line, column, (*path, part)) for part, child in inside)
    return next((found for found in tried if found is not None), None)
