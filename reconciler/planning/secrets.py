"""Secrets in a comparison: live values and sources are replaced by tokens before anything is compared or shown.

A declared secret is a source (``{"env": NAME}``); the live one is clear text in the server's answer. Where the source
can be read both become the same or different tokens; where it cannot, the value counts as *not checked*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from reconciler.kinds import markers as m
from reconciler.kinds.shape import Field, MapOf, Object
from reconciler.kinds.wire import LIVE, is_live
from reconciler.model import Path, Tree
from reconciler.planning.options import RevealSecret

SHOWN = "(secret)"
CHANGED = "(secret, changed)"
WRITTEN = "(secret, written whatever it is)"
UNCHECKED = "(secret, not checked)"
_SOURCES = frozenset({"env", "file", "command"})


@dataclass(frozen=True, slots=True)
class Masked:
    """Both trees without a secret value in them; ``unchecked`` are the fields whose source was not to be had."""

    desired: dict[str, Tree]
    live: dict[str, Tree]
    unchecked: tuple[str, ...]


def is_source(value: Tree) -> bool:
    """Whether a value is a secret source."""
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in _SOURCES


def has_secrets(shape: Object) -> bool:
    """Whether a kind has fields that hold secrets."""
    return any(field.has(m.Secret) for field in shape.fields.values())


def hide(shape: Object, spec: Mapping[str, Tree]) -> dict[str, Tree]:
    """A spec for showing or fingerprinting: no secret value, no source, only that there is one."""
    return {
        name: _hidden(shape.fields[name], value) if name in shape.fields and shape.fields[name].has(m.Secret) else value
        for name, value in spec.items()
    }


def _hidden(field: Field, value: Tree) -> Tree:
    if isinstance(field.shape, MapOf) and isinstance(value, Mapping) and not is_live(value):
        return dict.fromkeys(value, SHOWN)
    return SHOWN


def kept(shape: Object, path: Path, live: Tree) -> Tree:
    """What a write says for a value that stays as it is live: a secret is named, never copied into the plan."""
    field = shape.fields.get(str(path[0]))
    if live is None or field is None or not field.has(m.Secret):
        return live
    return {LIVE: field.name if len(path) == 1 else list(path)}


def held(shape: Object, live: Mapping[str, Tree]) -> dict[str, Tree]:
    """A live spec for writing it back as it is, without a secret value in it."""
    return {name: kept(shape, (name,), value) for name, value in live.items()}


def mask(shape: Object, desired: Mapping[str, Tree], live: Mapping[str, Tree], reveal: RevealSecret) -> Masked:
    """Replace every secret of both trees by a token that says whether it is the same."""
    ours, theirs = dict(desired), dict(live)
    unchecked: list[str] = []
    for field in shape.fields.values():
        if field.has(m.Secret):
            _mask_field(field, ours, theirs, reveal, unchecked)
    return Masked(ours, theirs, tuple(unchecked))


def _entries(value: Tree) -> dict[str, Tree]:
    """A map's entries; a server may answer anything in its place."""
    return dict(value) if isinstance(value, Mapping) else {}


def _mask_field(
    field: Field, ours: dict[str, Tree], theirs: dict[str, Tree], reveal: RevealSecret, unchecked: list[str]
) -> None:
    name = field.name
    one, other = ours.get(name), theirs.get(name)
    if is_live(one):
        one = ours[name] = other
    if isinstance(field.shape, MapOf):
        inner, outer = _entries(one), _entries(other)
        for key in sorted({*inner, *outer}):
            inner[key], outer[key] = _pair(inner.get(key), outer.get(key), reveal, unchecked, f"{name}.{key}")
        ours[name], theirs[name] = _without_none(inner) or None, _without_none(outer) or None
    else:
        ours[name], theirs[name] = _pair(one, other, reveal, unchecked, name)
    for tree in (ours, theirs):
        if tree[name] is None:
            del tree[name]


def _pair(one: Tree, other: Tree, reveal: RevealSecret, unchecked: list[str], path: str) -> tuple[Tree, Tree]:
    if one is None or other is None:
        return (SHOWN if one is not None else None), (SHOWN if other is not None else None)
    if is_live(one):
        return SHOWN, SHOWN
    value = reveal(cast("Mapping[str, Tree]", one)) if is_source(one) else one
    if value is None:
        unchecked.append(path)
        return SHOWN, SHOWN
    return (SHOWN, SHOWN) if value == other else (CHANGED, SHOWN)


def _without_none(tree: Mapping[str, Tree]) -> dict[str, Tree]:
    return {key: value for key, value in tree.items() if value is not None}
