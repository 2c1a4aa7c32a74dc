"""Documents as a person would write them: what matters first, tiny maps on one line, decimals quoted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.kinds.shape import ListOf, MapOf, Object, OneOf, Shape
from reconciler.reading.writing import Style, block, entry

_STYLE = Style()
_CONTENT = ("spec", "patch")
_FIRST = (
    "type", "key", "addon", "featureKey", "name", "description", "duration", "billingCadence", "price", "mode",
    "upToAmount", "amount", "multiplier", "quantityPerPackage", "tiers",
)  # fmt: skip
"""What people say first about a part of a spec, whatever the order in which the API documents it."""
_LAST = ("metadata",)


def document_text(tree: Mapping[str, Any], shape: Shape, comments: Iterable[str] = ()) -> str:
    """One document: its comments, then its fields; ``shape`` is that of what stands under ``spec`` or ``patch``."""
    lines = [f"# {comment}".rstrip() for comment in comments]
    for name, value in tree.items():
        if name in _CONTENT and value:
            first, *rest = block(in_order(shape, value, whole=True), _STYLE.step, _STYLE)
            lines += [f"{name}:", " " * _STYLE.step + first, *rest]
        else:
            lines += entry(name, value, 0, _STYLE)
    return "".join(f"{line}\n" for line in lines)


def stream(header: Iterable[str], documents: Iterable[str]) -> str:
    """A file of documents under a comment."""
    head = "".join(f"# {line}".rstrip() + "\n" for line in header)
    return (f"{head}\n" if head else "") + "---\n".join(documents)


def in_order(shape: Shape | None, value: Any, *, whole: bool = False) -> Any:  # noqa: ANN401 - any tree
    """The tree in reading order; a ``whole`` spec keeps the order of its fields."""
    match value:
        case Mapping():
            # A patch may leave the tag out: then the fields of every variant are possible.
            variant = shape.variants.get(str(value.get(shape.tag)), shape) if isinstance(shape, OneOf) else shape
            entries = _entries(variant, value, whole=whole)
            return {name: in_order(_below(variant, name), item) for name, item in entries}
        case list() | tuple():
            item_shape = shape.item if isinstance(shape, ListOf) else None
            return [in_order(item_shape, item) for item in value]
        case _:
            return value


def _entries(shape: Shape | None, value: Mapping[str, Any], *, whole: bool) -> Iterable[tuple[str, Any]]:
    if not isinstance(shape, Object | OneOf):
        return value.items()
    if not whole or isinstance(shape, OneOf):
        return _important_first(value)
    places = {name: place for place, name in enumerate(shape.fields)}
    return sorted(value.items(), key=lambda entry: places.get(entry[0], -1))


def _important_first(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((name, value[name]) for name in _FIRST if name in value)
    yield from ((name, item) for name, item in value.items() if name not in _FIRST and name not in _LAST)
    yield from ((name, value[name]) for name in _LAST if name in value)


def _below(shape: Shape | None, name: str) -> Shape | None:
    match shape:
        case Object(fields=fields) if name in fields:
            return fields[name].shape
        case OneOf(variants=variants):
            return next((one.fields[name].shape for one in variants.values() if name in one.fields), None)
        case MapOf(value=value):
            return value
        case _:
            return None
