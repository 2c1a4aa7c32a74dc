"""The patch that makes one declared spec another: what an overlay has to say, and nothing else. Pure.

The rules of overlays, backwards: maps merge, ``null`` takes away, keyed lists merge by key, other lists are whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import simplejson

from reconciler.kinds import markers as m
from reconciler.kinds.kind import Kind
from reconciler.kinds.shape import ListOf, MapOf, Object, OneOf, Scalar, Shape
from reconciler.model import Tree


@dataclass(frozen=True, slots=True)
class _Forms:
    """The canonical forms of what is declared and what is wanted, at one place."""

    before: Any
    after: Any

    @property
    def same(self) -> bool:
        """Whether both are there and mean the same."""
        return self.before is not None and bool(self.before == self.after)

    def at(self, name: str) -> _Forms:
        """The forms of one entry."""
        return _Forms(*(tree.get(name) if isinstance(tree, Mapping) else None for tree in (self.before, self.after)))

    def item(self, by: str, key: str) -> _Forms:
        """The forms of one item of a keyed list."""
        return _Forms(
            *(next((one for one in items or () if _key(by, one) == key), None) for items in (self.before, self.after))
        )


def patch(
    kind: Kind,
    declared: Mapping[str, Tree],
    wanted: Mapping[str, Tree],
    before: Mapping[str, Tree],
    after: Mapping[str, Tree],
) -> dict[str, Tree]:
    """What ``declared`` needs to mean ``wanted``; ``before`` and ``after`` are the canonical forms of the two."""
    return _map(kind.shape, declared, wanted, _Forms(before, after))


def _map(shape: Shape | None, declared: Mapping[str, Any], wanted: Mapping[str, Any], forms: _Forms) -> dict[str, Any]:
    variant = shape.variants.get(str(wanted.get(shape.tag))) if isinstance(shape, OneOf) else shape
    found: dict[str, Any] = {}
    for name, value in wanted.items():
        if name not in declared:
            found[name] = value
        elif declared[name] != value and not forms.at(name).same:
            below = _value(_below(variant, name), declared[name], value, forms.at(name))
            found |= {name: below} if below not in ({}, []) or value in ({}, []) else {}
    for name in declared:
        # What is declared and means nothing (an empty map) needs no taking away.
        if name not in wanted and forms.at(name).before is not None and not forms.at(name).same:
            found[name] = None
    return found


def _value(shape: Shape | None, declared: Any, wanted: Any, forms: _Forms) -> Any:  # noqa: ANN401 - trees
    match shape:
        case Scalar(form="json"):
            # A map would merge with the one that is there.
            return simplejson.dumps(wanted, use_decimal=True, ensure_ascii=False, sort_keys=True)
        case ListOf(keyed=m.Keyed() as keyed) if isinstance(declared, list | tuple) and isinstance(wanted, list):
            return _keyed(shape, keyed, (list(declared), wanted), forms)
        case _ if isinstance(declared, Mapping) and isinstance(wanted, Mapping):
            return _map(shape, declared, wanted, forms)
        case _:
            return wanted


def _keyed(shape: ListOf, keyed: m.Keyed, lists: tuple[list[Any], list[Any]], forms: _Forms) -> list[Any]:
    """Removed items first, then the changed ones; where the order is another, all of them, the last one first."""
    old, new = ({_key(keyed.by, item): item for item in items} for items in lists)
    gone = [{**_named(keyed.by, item), "$remove": True} for key, item in old.items() if key not in new]
    changed = {
        key: _item(shape, keyed.by, old[key], item, forms.item(keyed.by, key)) if key in old else dict(item)
        for key, item in new.items()
    }
    order = list(new)
    falls = [key for key in old if key in new] + [key for key in new if key not in old]
    if not keyed.ordered or falls == order:
        return gone + [item for key, item in changed.items() if len(item) > 1 or key not in old]
    followers = dict(pairwise(order))
    moved = [{**changed[key], **({"$before": followers[key]} if key in followers else {})} for key in reversed(order)]
    return gone + [item for item in moved if len(item) > 1]


def _item(
    shape: ListOf, by: str, declared: Mapping[str, Any], wanted: Mapping[str, Any], forms: _Forms
) -> dict[str, Any]:
    changes = _map(shape.item, declared, wanted, forms)
    return {
        **_named(by, declared),
        **{name: value for name, value in changes.items() if name not in (by, "featureKey")},
    }


def _named(by: str, item: Mapping[str, Any]) -> dict[str, Any]:
    name = by if by in item else "featureKey"
    return {name: item.get(name)}


def _key(by: str, item: Any) -> str:  # noqa: ANN401 - any tree
    found = (item.get(by) or (item.get("featureKey") if by == "key" else None)) if isinstance(item, Mapping) else None
    return str(found)


def _below(shape: Shape | None, name: str) -> Shape | None:
    match shape:
        case Object(fields=fields) if name in fields:
            return fields[name].shape
        case MapOf(value=value):
            return value
        case _:
            return None
