"""What differs between two canonical specs, as field changes in the one path grammar.

deepdiff does the walking, and runs only on trees that differ (``==`` is tried first: it is far cheaper). Lists are
turned into maps first, by key or by index, so that a re-ordered list never reads as every field changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, cast

from reconciler.kinds import markers as m
from reconciler.kinds.kind import Kind
from reconciler.kinds.shape import Field, ListOf, MapOf, Object, OneOf, Scalar, Shape
from reconciler.model import FieldChange, Location, Path, Tree, render_path


class Items(dict[str | int, Any]):
    """A list that was turned into a map, so that it can be turned back."""


Locate = Callable[[Path], Location | None]


def diff(kind: Kind, old: Mapping[str, Tree], new: Mapping[str, Tree], locate: Locate) -> tuple[FieldChange, ...]:
    """The changes that turn ``old`` into ``new``, sorted by path; empty when they are equal."""
    if same(kind, old, new):
        return ()
    before, after = keyed(kind.shape, old), keyed(kind.shape, new)
    currency = str(new.get("currency") or old.get("currency") or "") or None
    changes = [
        _change(kind, path, one, other, (before, after), currency, locate) for path, one, other in _walk(before, after)
    ]
    changes += _order(kind.shape, old, new, locate)
    return tuple(sorted(changes, key=lambda change: change.path))


def same(kind: Kind, one: Mapping[str, Tree], other: Mapping[str, Tree]) -> bool:
    """Whether two canonical specs are equal; in a JSON document ``1`` is not ``true``, though ``==`` says so."""
    if one != other:
        return False
    if not _holds_json(kind.shape):
        return True
    mine, theirs = _json(kind.shape, one), _json(kind.shape, other)
    return all(_alike(left, right) for left, right in zip(mine, theirs, strict=True))


def _alike(one: Tree, other: Tree) -> bool:
    """For values that ``==`` takes for equal: whether booleans stand where booleans stand."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(_alike(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return all(_alike(left, right) for left, right in zip(one, other, strict=True))
    return isinstance(one, bool) is isinstance(other, bool)


def _json(shape: Shape, value: Tree) -> Iterator[Tree]:
    """The JSON documents of a spec, in order."""
    match shape, value:
        case Scalar(form="json"), _:
            yield value
        case Object(), Mapping():
            for name, field in shape.fields.items():
                if name in value and _holds_json(field.shape):
                    yield from _json(field.shape, value[name])
        case OneOf(), Mapping():
            variant = shape.variants.get(str(value.get(shape.tag)))
            yield from _json(variant, value) if variant else ()
        case ListOf(), list():
            for item in value:
                yield from _json(shape.item, item)
        case _:
            return


@cache
def _holds_json(shape: Shape) -> bool:
    match shape:
        case Scalar():
            return shape.form == "json"
        case Object():
            return any(_holds_json(field.shape) for field in shape.fields.values())
        case OneOf():
            return any(_holds_json(variant) for variant in shape.variants.values())
        case ListOf():
            return _holds_json(shape.item)
        case _:
            return False


def created(kind: Kind, spec: Mapping[str, Tree], locate: Locate) -> tuple[FieldChange, ...]:
    """Every field of a new object, as declared: nothing is replaced, so nothing forces anything."""
    return tuple(replace(change, forces=None) for change in diff(kind, {}, spec, locate))


def keyed(shape: Shape, value: Tree) -> Any:  # noqa: ANN401 - what deepdiff takes
    """The same value with every list as a map: ``[key]`` where items have one, else the index."""
    match shape, value:
        case Object(), Mapping():
            return {name: keyed(shape.fields[name].shape, item) for name, item in value.items() if name in shape.fields}
        case OneOf(), Mapping():
            variant = shape.variants.get(str(value.get(shape.tag)))
            return keyed(variant, value) if variant else dict(value)
        case MapOf(), Mapping():
            return {key: keyed(shape.value, item) for key, item in value.items()}
        case ListOf(unordered=True), list():
            return Items({f"[{item}]": item for item in value})
        case ListOf(keyed=m.Keyed(by=by)), list():
            return Items(
                {
                    f"[{item.get(by, index)}]" if isinstance(item, Mapping) else index: keyed(shape.item, item)
                    for index, item in enumerate(value)
                }
            )
        case ListOf(), list():
            return Items({index: keyed(shape.item, item) for index, item in enumerate(value)})
        case _:
            return value


def leaves(value: Tree) -> int:
    """How many values a tree holds: what "unchanged fields" counts."""
    if isinstance(value, Mapping):
        return sum(leaves(item) for item in value.values())
    if isinstance(value, list | tuple):
        return sum(leaves(item) for item in value)
    return 1


def _walk(before: Any, after: Any) -> Iterator[tuple[Path, Tree, Tree]]:  # noqa: ANN401 - keyed trees
    from deepdiff import DeepDiff
    from deepdiff.helper import NotPresent

    found = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0, ignore_type_in_groups=[])
    for group in found.values():
        for level in group:
            path = tuple(level.path(output_format="list"))
            one = None if isinstance(level.t1, NotPresent) else level.t1
            other = None if isinstance(level.t2, NotPresent) else level.t2
            yield cast("Path", path), _json_like(one), _json_like(other)


def _json_like(value: Any) -> Tree:  # noqa: ANN401 - from deepdiff
    """Maps that stood for lists become lists again, for people and for the plan file."""
    if not isinstance(value, dict):
        return cast("Tree", value)
    if isinstance(value, Items):
        return [_json_like(item) for item in value.values()]
    return {key: _json_like(item) for key, item in value.items()}


def _change(
    kind: Kind,
    path: Path,
    one: Tree,
    other: Tree,
    trees: tuple[Any, Any],
    currency: str | None,
    locate: Locate,
) -> FieldChange:
    trail = _fields_along(kind.shape, path, trees)
    leaf = trail[-1].shape if trail else None
    immutable = next((mark for field in trail if (mark := field.get(m.Immutable))), None)
    return FieldChange(
        path=render_path(path),
        before=one,
        after=other,
        location=locate(path),
        currency=currency if _may_hold_money(leaf) else None,
        forces="replace" if immutable else None,
    )


def _may_hold_money(shape: Shape | None) -> bool:
    """A money field, or a part that may have one inside: a whole card, a whole price, a tier."""
    match shape:
        case Scalar():
            return shape.money
        case Object():
            return any(_may_hold_money(field.shape) for field in shape.fields.values())
        case OneOf():
            return any(_may_hold_money(variant) for variant in shape.variants.values())
        case ListOf():
            return _may_hold_money(shape.item)
        case _:
            return False


def _fields_along(shape: Shape, path: Path, trees: tuple[Any, Any]) -> list[Field]:
    """The fields that a path goes through; variants are chosen by the data, the new one first."""
    found: list[Field] = []
    data: list[Any] = [trees[1], trees[0]]
    for part in path:
        if isinstance(shape, OneOf):
            tag = next((item[shape.tag] for item in data if isinstance(item, dict) and shape.tag in item), None)
            variants = (shape.variants.get(str(tag)), *shape.variants.values())
            shape = next((variant for variant in variants if variant and part in variant.fields), shape)
        if isinstance(shape, Object) and part in shape.fields:
            field = shape.fields[part]
            found.append(field)
            shape = field.shape
        elif isinstance(shape, ListOf):
            shape = shape.item
        elif isinstance(shape, MapOf):
            shape = shape.value
        data = [item.get(part) if isinstance(item, dict) else None for item in data]
    return found


def _order(shape: Object, old: Mapping[str, Tree], new: Mapping[str, Tree], locate: Locate) -> Iterator[FieldChange]:
    """A list whose order is meaning (phases) changed its order, apart from items added or removed."""
    for name, field in shape.fields.items():
        by = field.get(m.Keyed)
        if by is None or not by.ordered:
            continue
        one, other = _keys(old.get(name), by.by), _keys(new.get(name), by.by)
        kept_one = [key for key in one if key in other]
        kept_other = [key for key in other if key in one]
        if kept_one != kept_other:
            yield FieldChange(name, list(one), list(other), locate((name,)), note="order changed")


def _keys(value: Tree, by: str) -> list[str]:
    return [str(item.get(by)) for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
