"""Templates inside a spec: every text is rendered, but keys and references, which have to be readable without."""

from __future__ import annotations

from typing import Any

from reconciler.kinds import markers as m
from reconciler.kinds.shape import Field, ListOf, MapOf, Object, OneOf, Shape
from reconciler.manifest.problems import Report
from reconciler.manifest.templates import TemplateError, Templates, is_template
from reconciler.model import Tree
from reconciler.reading.tree import Map, Seq


class Rendering:
    """Renders the trees of one environment; a tree without templates comes back as the same object."""

    def __init__(self, templates: Templates, report: Report) -> None:
        self._templates, self._report = templates, report
        self.failed: set[int] = set()

    def spec(self, shape: Object, tree: Map) -> Map:
        """A spec with every template replaced by its value; problems are reported.

        ``failed`` has the marks of the texts that gave no value; they stay as they are written.
        """
        self.failed = set()
        rendered: Map = self._value(shape, tree, tree.mark)
        return rendered

    def _value(self, shape: Shape | None, value: Any, mark: int, fixed: str | None = None) -> Any:  # noqa: ANN401 - any tree
        """``fixed`` says what may not be a template here, if anything."""
        match value:
            case str() if is_template(value):
                return self._text(value, mark, fixed)
            case Map():
                return self._map(shape, value, fixed)
            case Seq():
                return self._seq(shape, value, fixed)
            case _:
                return value

    def _map(self, shape: Shape | None, tree: Map, fixed: str | None) -> Map:
        variant = _variant(shape, tree)
        fresh: Map | None = None
        for index, (name, value) in enumerate(tree.items()):
            key_mark, mark = tree.marks[2 * index], tree.marks[2 * index + 1]
            if is_template(name):
                self._refuse("a key", key_mark, len(name))
            rendered = self._value(*_part(variant, name, value, mark, fixed))
            if rendered is not value:
                fresh = fresh if fresh is not None else tree.copy()
                fresh[name] = rendered
        return fresh if fresh is not None else tree

    def _seq(self, shape: Shape | None, tree: Seq, fixed: str | None) -> Seq:
        item_shape = shape.item if isinstance(shape, ListOf) else None
        keyed = shape.keyed.by if isinstance(shape, ListOf) and shape.keyed else None
        fresh = Seq(tree.mark)
        for value, mark in zip(tree, tree.marks, strict=True):
            key = value.get(keyed) if keyed and isinstance(value, Map) else None
            if isinstance(key, str) and is_template(key) and isinstance(value, Map):
                self._refuse(f"`{keyed}`", value.entry_marks(str(keyed))[1], len(key))
            else:
                value = self._value(item_shape, value, mark, fixed)
            fresh.add(value, mark)
        return tree if all(one is other for one, other in zip(tree, fresh, strict=True)) else fresh

    def _text(self, text: str, mark: int, fixed: str | None) -> Any:  # noqa: ANN401 - any tree
        if fixed is not None:
            self._refuse(fixed, mark, len(text))
            return text
        try:
            value = self._templates.render(text)
        except TemplateError as error:
            self.failed.add(mark)
            self._report("template.unset" if error.unset else "template.error", str(error), mark, span=len(text))
            return text
        return _placed(value, mark)

    def _refuse(self, what: str, mark: int, span: int) -> None:
        self.failed.add(mark)
        message = f"{what} cannot be a template: the objects and what they refer to are fixed for all environments"
        self._report("template.fixed", message, mark, span=span)


def _placed(value: Tree, mark: int) -> Any:  # noqa: ANN401 - any tree
    if not isinstance(value, list):
        return value
    items = Seq(mark)
    for item in value:
        items.add(_placed(item, mark), mark)
    return items


def _variant(shape: Shape | None, tree: Map) -> Shape | None:
    return shape.variants.get(str(tree.get(shape.tag))) if isinstance(shape, OneOf) else shape


def _part(
    shape: Shape | None,
    name: str,
    value: Any,  # noqa: ANN401 - any tree
    mark: int,
    fixed: str | None,
) -> tuple[Shape | None, Any, int, str | None]:
    """The arguments for rendering one entry: the shape below it, and whether it is a reference."""
    field: Field | None = shape.fields.get(name) if isinstance(shape, Object) else None
    if field is not None:
        return field.shape, value, mark, "a reference" if field.has(m.Ref) else fixed
    return (shape.value if isinstance(shape, MapOf) else None), value, mark, fixed
