"""From the validated documents of a project to its frozen values."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.kinds.registry import KINDS
from reconciler.model import Location, Problem
from reconciler.project.declared import declare
from reconciler.project.inheritance import Written
from reconciler.project.values import SANDBOX, Given, ManifestSecrets, Project, Variable
from reconciler.project.variables import variable
from reconciler.reading.inside import mark_inside
from reconciler.reading.suggest import did_you_mean
from reconciler.reading.tree import FILE_SHIFT, Map, find
from reconciler.reading.validation import Issue, validate
from reconciler.reading.yaml import Reader

if TYPE_CHECKING:
    from reconciler.project.document import ProjectDocument

ENVIRONMENTS_FOLDER = "environments"
_ENDINGS = frozenset({".yaml", ".yml", ".json"})


@dataclass(slots=True)
class Reading:
    """The reading of one project: its files, and the problems found so far.

    ``shown_from``: the folder that the names of files are relative to, else ``root``. ``holds`` tells which files may
    be read; all without one.
    """

    reader: Reader
    root: Path
    shown_from: Path | None = None
    holds: Callable[[Path], bool] | None = None
    own: list[Problem] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)

    @property
    def problems(self) -> list[Problem]:
        """What is wrong, in reading and in meaning."""
        return [*self.reader.problems, *self.own]

    def add(self, issues: Iterable[Issue], severity: str = "error") -> None:
        """Add issues as problems."""
        for issue in issues:
            self.own.append(
                Problem(
                    issue.rule,
                    issue.message,
                    self.location(issue.mark),
                    severity="warning" if severity == "warning" else "error",
                    why=issue.why,
                    span=issue.span,
                )
            )

    def location(self, mark: int) -> Location:
        """The place of a mark."""
        return self.reader.files.location(mark)

    def inside(self, mark: int, text: str, line: int, column: int) -> int:
        """The mark of a place inside a scalar's text."""
        return mark_inside(self.texts.get(mark >> FILE_SHIFT, ""), mark, text, line, column)

    def single(self, path: Path, what: str) -> Map | None:
        """The one document of a file, which has to be a map."""
        name = self.relative(path)
        if self.holds is not None and not self.holds(path):
            # Without a place: whoever shows a problem shows the line of its file.
            message = f"`{name}` is no file of the repository; under --trusted-project nothing else is read"
            self.own.append(Problem("project.file", message))
            return None
        try:
            data = path.read_bytes()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            self.own.append(Problem("project.file", f"the file cannot be read: {reason}", Location(name, 1)))
            return None
        before = len(self.reader.problems)
        documents, text = self.reader.read(name, data, json=path.suffix == ".json")
        self.texts |= {document.mark >> FILE_SHIFT: text or "" for document in documents}
        roots = [document.root for document in documents if document.root is not None]
        if len(roots) == 1 and isinstance(roots[0], Map):
            return roots[0]
        if len(self.reader.problems) == before:
            found = "is empty" if not roots else "holds something else"
            self.own.append(Problem("project.file", f"{what} is one map; this file {found}", Location(name, 1)))
        return None

    def relative(self, path: Path) -> str:
        """The name of a file for people: relative to the project where it is inside."""
        if self.shown_from is not None:
            return Path(os.path.relpath(path, self.shown_from)).as_posix()
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)


def build(reading: Reading, path: Path, root: Map, document: ProjectDocument) -> Project:
    """The project, with every problem of its meaning reported to ``reading``."""
    _check_patterns(reading, root, document)
    variables = _variables(reading, root, document)
    declared = declare(reading, _written(reading, root, document), variables)
    environments = {name: one for name, one in declared.items() if not one.abstract}
    default = document.default_environment or SANDBOX
    if default != SANDBOX and default not in environments:
        hint = did_you_mean(default, environments)
        mark = find(root, root.mark, ("defaultEnvironment",))
        reading.add([Issue("project.environment", f"there is no environment `{default}`{hint}", mark)])
    return Project(
        name=document.name,
        root=reading.root,
        former_names=tuple(document.former_names or ()),
        manifests=tuple(document.manifests if document.manifests is not None else (".",)),
        protect=tuple(document.protect or ()),
        variables=variables,
        environments=environments,
        bases={name: one for name, one in declared.items() if one.abstract},
        teams={name: tuple(members) for name, members in (document.teams or {}).items()},
        secrets=_secrets(document),
        default_environment=default,
        file=path,
        warnings=tuple(problem for problem in reading.problems if problem.severity == "warning"),
        written=_said(reading, root),
    )


def _said(reading: Reading, root: Map) -> dict[str, Given]:
    return {name: Given((value,), reading.location(root.entry_marks(name)[0]), name) for name, value in root.items()}


def _secrets(document: ProjectDocument) -> ManifestSecrets:
    found = document.secrets
    if found is None:
        return ManifestSecrets()
    return ManifestSecrets(
        frozenset(found.env or ()), frozenset(found.files or ()), frozenset(map(tuple, found.commands or ()))
    )


def _check_patterns(reading: Reading, root: Map, document: ProjectDocument) -> None:
    """A pattern that can match nothing would protect nothing, silently."""
    for index, pattern in enumerate(document.protect or ()):
        kind, slash, key = pattern.partition("/")
        if not (slash and key and any(fnmatchcase(name, kind) for name in KINDS)):
            hint = did_you_mean(kind, KINDS)
            message = f"`{pattern}` is no pattern of a known kind such as `Plan/*`{hint}"
            reading.add([Issue("project.protect", message, find(root, root.mark, ("protect", index)))])


def _variables(reading: Reading, root: Map, document: ProjectDocument) -> Mapping[str, Variable]:
    found: dict[str, Variable] = {}
    for name, declared in (document.variables or {}).items():
        made, issues = variable(name, declared, root["variables"], reading.location)
        reading.add(issues)
        found[name] = made
    return found


def _written(reading: Reading, root: Map, document: ProjectDocument) -> dict[str, Written]:
    """Every environment as written, inline or in a file of its own."""
    from reconciler.project.document import ENVIRONMENT_NAME as NAME
    from reconciler.project.document import EnvironmentFile

    written: dict[str, Written] = {}
    for name, inline in (document.environments or {}).items():
        tree = root["environments"]
        written[name] = Written(name, inline, tree[name], tree.entry_marks(name)[0])
    for path in _environment_files(reading.root):
        tree = reading.single(path, "an environment file")
        if tree is None:
            continue
        parsed, issues = validate(EnvironmentFile, tree, tree.mark, "an environment")
        reading.add(issues)
        if parsed is None:
            continue
        if not NAME.fullmatch(path.stem):
            message = f"`{path.stem}` is no name of an environment; call the file by letters, digits, `_`, `.` and `-`"
            reading.add([Issue("project.environment", message, tree.mark)])
        elif parsed.name not in (None, path.stem):
            mark = tree.entry_marks("name")[1]
            reading.add([Issue("project.duplicate_environment", f"the file's name says `{path.stem}`", mark)])
        elif path.stem in written:
            first = reading.location(written[path.stem].mark)
            message = f"environment `{path.stem}` is declared twice; the other is at {first}"
            reading.add([Issue("project.duplicate_environment", message, tree.mark)])
        else:
            written[path.stem] = Written(path.stem, parsed, tree, tree.mark)
    return written


def _environment_files(root: Path) -> list[Path]:
    folder = root / ENVIRONMENTS_FOLDER
    if not folder.is_dir():
        return []
    return sorted(
        path for path in folder.iterdir() if path.suffix in _ENDINGS and path.is_file() and path.name[0] not in "._"
    )
