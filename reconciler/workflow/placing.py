"""Where a live value is written: where its declaration stands, over it in the object's own document, or in an overlay.

Raises ``EditError`` where a place cannot be changed; the caller takes everything back then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any, Literal

from reconciler.errors import EditError
from reconciler.kinds.registry import KINDS
from reconciler.manifest.templates import is_template
from reconciler.manifest.writing import document_text
from reconciler.model import Location, Path, Problem, Resource
from reconciler.project import Environment, Project
from reconciler.project.values import DeclaredEnvironment, Variable
from reconciler.project.variables import convert
from reconciler.reading.editing import Editor
from reconciler.reading.expected import deleted, value_at
from reconciler.reading.scalars import is_quoted
from reconciler.reading.tree import TreeSource
from reconciler.reading.updating import update
from reconciler.workflow.desk import Desk
from reconciler.workflow.wishes import GONE, Wish, order_at, patched

Mode = Literal["place", "own", "overlay"]
_OPTIONAL = frozenset({"addons", "metadata", "discounts", "groupBy", "customHeaders"})
_VARIABLE = re.compile(r"\{\{\s*vars\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")


Hit = tuple[FilePath, int, Path]
"""A file, a document of it, and a path in that."""


class Placer:
    """Writes the wishes of one environment onto a desk. ``variables`` are those that got another value."""

    def __init__(self, desk: Desk, project: Project, environment: Environment) -> None:
        self._desk, self._project, self._environment = desk, project, environment
        self.variables: dict[str, Any] = {}

    @property
    def overlay(self) -> FilePath | None:
        """The environment's last overlay, where its own patches go."""
        names = self._environment.overlays
        return self._project.root / names[-1] if names else None

    def find(self, resource: Resource, wish: Wish) -> Hit | None:
        """Where a value is declared; None where that is in no file at hand. Edits move lines, so find all first."""
        return self._desk.find(resource.source.locate(wish.path))

    def is_own(self, resource: Resource, wish: Wish) -> bool:
        """Whether a value is declared where no other environment looks: in an overlay of its own, or a variable."""
        hit = self.find(resource, wish)
        if hit is None:
            return False
        others = [one for one in self._project.environments.values() if one.name != self._environment.name]
        shared = {name for one in others for name in one.overlays}
        folders = [(self._project.root / name).resolve() for name in self._environment.overlays if name not in shared]
        template = self._template(resource, wish)
        variable = template is not None and _VARIABLE.fullmatch(template)
        return bool(variable) or any(hit[0].is_relative_to(folder) for folder in folders)

    def is_computed(self, resource: Resource, wish: Wish) -> bool:
        """Whether a value is made by a template that is more than one variable."""
        template = self._template(resource, wish)
        return template is not None and not _VARIABLE.fullmatch(template)

    def _template(self, resource: Resource, wish: Wish) -> str | None:
        """The template that a value is written as, None where it is none."""
        hit = self.find(resource, wish)
        if hit is None or _written(resource, wish.path) != wish.path:
            return None
        text = self._desk.editor(hit[0]).get(hit[1], hit[2])
        return text if isinstance(text, str) and is_template(text) and not is_quoted(text) else None

    def in_place(self, resource: Resource, wish: Wish, hit: Hit | None) -> Location:
        """Write a value where its declaration stands; where it is a variable, there."""
        known, location = _written(resource, wish.path), resource.source.locate(wish.path)
        if hit is None:
            raise _refused("edit.missing", "what declares it is not in a file at hand", location)
        path, document, at = hit[0], hit[1], hit[2] or ("spec",)
        editor = self._desk.editor(path)
        try:
            self._write(editor, document, at, resource, wish, known)
        except EditError as error:
            template = editor.get(document, at)
            if error.problems[0].rule == "edit.template" and known == wish.path and isinstance(template, str):
                return self._variable(template, wish, error)
            raise
        return location

    def _write(self, editor: Editor, document: int, at: Path, resource: Resource, wish: Wish, known: Path) -> None:
        shape, rest = KINDS[resource.address.kind].shape, wish.path[len(known) :]
        live = verbatim(wish.live)
        base = len(wish.path) - len(rest)
        if not rest and wish.live is GONE:
            _delete(editor, document, at)
        elif not rest:
            below, loosely = len(at), isinstance(live, Mapping | list)
            update(
                editor, document, at, live, lambda path: order_at(shape, (*wish.path, *path[below:])), loosely=loosely
            )
        elif wish.live is GONE:
            return
        elif str(rest[-1]).startswith("[") and len(rest) == 1:
            editor.insert(document, at, live)
        elif str(rest[-1]).startswith("["):
            editor.set(document, (*at, *rest[:-1]), [live], order=order_at(shape, wish.path[:base]))
        else:
            editor.set(document, (*at, *rest), live, order=order_at(shape, wish.path[:base]))

    def over(self, resource: Resource, wishes: list[Wish], mode: Mode) -> Location:
        """Write values over what is declared: in the object's own document, or in the environment's overlay."""
        if mode == "overlay" and (began := self._begun(resource, wishes)) is not None:
            return began
        path, document, part = self._target(resource, mode)
        editor = self._desk.editor(path)
        tree: Any = editor.get(document, (part,)) or {}
        for wish in wishes:
            gone = wish.live is GONE and mode == "own" and value_at(tree, wish.path, GONE) is not GONE
            tree = deleted(tree, wish.path) if gone else patched(tree, wish.path, verbatim(wish.live), resource.spec)
        shape = KINDS[resource.address.kind].shape
        update(editor, document, (part,), tree, lambda at: order_at(shape, at[1:]))
        return editor.location(document, (part, *wishes[0].path))

    def _begun(self, resource: Resource, wishes: list[Wish]) -> Location | None:
        """A patch of its own, written in one piece, where the overlay has none of the object yet."""
        assert self.overlay is not None
        if self._desk.patch(self.overlay, resource.address) is not None:
            return None
        tree: Any = {}
        for wish in wishes:
            tree = patched(tree, wish.path, verbatim(wish.live), resource.spec)
        return self.begin(resource, {"patch": tree}, ("patch", *wishes[0].path))

    def begin(self, resource: Resource, parts: Mapping[str, Any], at: Path = ()) -> Location | None:
        """A document of these parts about an object; None where the environment's overlay has one already."""
        if self.overlay is None or self._desk.patch(self.overlay, resource.address) is not None:
            return None
        kind = KINDS[resource.address.kind]
        whole = {"apiVersion": kind.group, "kind": kind.name, "key": resource.address.key, **parts}
        editor = self._desk.editor(self._file(resource))
        return editor.location(editor.append_document(document_text(whole, kind.shape)), at)

    def _target(self, resource: Resource, mode: Mode) -> tuple[FilePath, int, str]:
        if mode == "overlay":
            return (*self._patch(resource), "patch")
        hit = self._desk.find(resource.location)
        if hit is None:
            raise _refused("edit.missing", "its document is not in a file at hand", resource.location)
        return hit[0], hit[1], "spec"

    def _patch(self, resource: Resource) -> tuple[FilePath, int]:
        """The environment's own patch of an object, begun where there is none."""
        assert self.overlay is not None
        found = self._desk.patch(self.overlay, resource.address)
        if found is not None:
            return found
        path = self._file(resource)
        kind = KINDS[resource.address.kind]
        head = f"apiVersion: {kind.group}\nkind: {kind.name}\nkey: {resource.address.key}\n"
        return path, self._desk.editor(path).append_document(head)

    def _file(self, resource: Resource) -> FilePath:
        assert self.overlay is not None
        return self._new_file(resource.location) if self.overlay.suffix == "" else self.overlay

    def _new_file(self, location: Location) -> FilePath:
        """A file of the overlay named like the one that declares the object."""
        assert self.overlay is not None
        name = FilePath(location.file.rpartition(":")[2])
        for manifests in self._project.manifests:
            if name.is_relative_to(manifests):
                name = name.relative_to(manifests)
                break
        return self.overlay / (name if name.name and not name.is_absolute() else FilePath(name.name or "patches.yaml"))

    def lifecycle(self, resource: Resource, state: str, mode: Mode) -> Location:
        """Declare that an object is archived or absent."""
        path, document, _ = self._target(resource, mode)
        editor = self._desk.editor(path)
        if state == "absent" and mode != "overlay":
            location = editor.location(document)
            editor.delete_document(document)
            return location
        editor.set(document, ("lifecycle", "state"), state)
        return editor.location(document, ("lifecycle", "state"))

    def _variable(self, template: str, wish: Wish, refusal: EditError) -> Location:
        """Give the one variable that a value consists of another value, in this environment alone."""
        place = refusal.problems[0].location
        match = _VARIABLE.fullmatch(template)
        declared = self._project.variables.get(match[1]) if match else None
        if declared is None or wish.live is GONE:
            raise _templated(f"it is made by the template `{template}`; change what that is made of", place)
        value, reason = convert(declared, wish.live, text=False)
        if reason is not None or value is None:
            raise _templated(f"it is `{template}`, and {reason}", place)
        location = self._set_variable(declared, wish.live)
        self.variables[declared.name] = value
        return location

    def _set_variable(self, declared: Variable, live: Any) -> Location:  # noqa: ANN401 - a leaf
        """Write this environment's value of a variable; where others would get it too, say where to change it."""
        name, environment = declared.name, self._project.environments.get(self._environment.name)
        others = [one for one in self._project.environments.values() if one is not environment]
        file = (
            next((one for one in reversed(environment.var_files) if name in self._names_in(one)), None)
            if (environment)
            else None
        )
        if file is not None:
            if any(file in other.var_files for other in others):
                raise _templated(f"it is the variable `{name}` of {file}, which other environments read too", None)
            editor = self._desk.editor(self._project.root / file)
            editor.set(0, (name,), live)
            return editor.location(0, (name,))
        if environment is None or (not others and name not in environment.vars):
            if others:
                said = f"it is the variable `{name}`, whose default other environments have too; change it by hand"
                raise _templated(said, declared.location)
            return self._set(declared.location, ("default",), live)
        heirs = [one.name for one in others if _extends(one, environment.name, self._project)]
        if heirs:
            said = f"it is the variable `{name}`, which {', '.join(heirs)} would take over by `extends`"
            raise _templated(f"{said}; change it by hand", environment.location)
        return self._set(environment.location, ("vars", name), live)

    def _names_in(self, file: str) -> Mapping[str, Any]:
        root = self._desk.editor(self._project.root / file).get(0)
        return root if isinstance(root, Mapping) else {}

    def _set(self, location: Location | None, below: Path, live: Any) -> Location:  # noqa: ANN401 - a leaf
        hit = self._desk.find(location) if location is not None else None
        if hit is None:
            raise _templated("it is a variable that is not declared in a file at hand", location)
        path, document, at = hit
        editor = self._desk.editor(path)
        editor.set(document, (*at, *below), live)
        return editor.location(document, (*at, *below))


def _extends(environment: DeclaredEnvironment, name: str, project: Project) -> bool:
    """Whether an environment starts from another one, directly or not."""
    above = {**project.environments, **project.bases}
    base, seen = environment.extends, set[str]()
    while base is not None and base not in seen:
        if base == name:
            return True
        seen.add(base)
        base = above[base].extends if base in above else None
    return False


def _delete(editor: Editor, document: int, at: Path) -> None:
    """Take a value away; a list or map that may be left out goes with the last that stood in it."""
    holder: Any = editor.get(document, at[:-1])
    if len(at) > 1 and at[-2] in _OPTIONAL and isinstance(holder, Mapping | list) and len(holder) == 1:
        at = at[:-1]
    editor.delete(document, at)


def _templated(message: str, location: Location | None) -> EditError:
    return _refused("edit.template", message, location)


def _written(resource: Resource, path: Path) -> Path:
    return resource.source.written(path) if isinstance(resource.source, TreeSource) else ()


def _refused(rule: str, message: str, location: Location | None) -> EditError:
    return EditError([Problem(rule, message, location)], message)


def verbatim(value: Any) -> Any:  # noqa: ANN401 - a tree in, the same tree out
    """The tree with every text as it is: what looks like a template is no template."""
    match value:
        case str() if is_template(value):
            simple = value.isprintable() and not {"'", "\\"} & set(value)
            text = f"'{value}'" if simple else json.dumps(value, ensure_ascii=False)
            return f"{{{{ {text} }}}}"
        case Mapping():
            return {name: verbatim(item) for name, item in value.items()}
        case list() | tuple():
            return [verbatim(item) for item in value]
        case _:
            return value
