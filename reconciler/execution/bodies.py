"""Fills what a plan leaves open in paths and bodies: ids of objects still to be made, secrets, live values."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import replace
from urllib.parse import quote

from reconciler.errors import PlanFileError
from reconciler.model import Address, Plan, Step, Tree

_PATH_REF = re.compile(r"\{([A-Za-z]+/[^{}#/]+)#id\}")
_SUFFIX = "#id"
REF, SECRET, LIVE = "$ref", "$secret", "$live"

Ids = Mapping[Address, str]


def reveal_all(plan: Plan, reveal: Callable[[Mapping[str, Tree]], str]) -> dict[str, str]:
    """Every secret that the plan's bodies name, each source asked once; what it raises goes through."""
    secrets: dict[str, str] = {}
    for step in plan.steps:
        for source in _holes(step.body, SECRET):
            if isinstance(source, Mapping) and _name(source) not in secrets:
                secrets[_name(source)] = reveal(source)
    return secrets


def check_refs(plan: Plan, known: Ids, done: Container[str] = ()) -> None:
    """Raise ``PlanFileError`` where a step names the id of an object that no earlier step makes."""
    made = set(known)
    for step in plan.steps:
        for address in _refs(step):
            if address not in made:
                raise PlanFileError(f"step {step.id} needs the id of {address}, which no step before it makes")
        if step.verb == "create" and step.id not in done:
            made.add(step.address)


def with_ids(step: Step, ids: Ids) -> Step:
    """The step with real ids in its path and body; raises ``KeyError`` where one is not known yet."""
    path = _PATH_REF.sub(lambda ref: quote(ids[Address.parse(ref[1])], safe=""), step.path)

    def fill(value: Tree) -> Tree:
        return ids[_address(value)]

    body = None if step.body is None else {name: _filled(value, REF, fill) for name, value in step.body.items()}
    return replace(step, path=path, body=body)


def with_secrets(body: Mapping[str, Tree], secrets: Mapping[str, str]) -> dict[str, Tree]:
    """The body with real secrets; it must not leave memory."""

    def fill(source: Tree) -> Tree:
        return secrets[_name(source)]

    return {name: _filled(value, SECRET, fill) for name, value in body.items()}


def wants_live(body: Mapping[str, Tree]) -> bool:
    """Whether the body takes a value over from the live object."""
    return next(_holes(body, LIVE), None) is not None


def with_live(body: Mapping[str, Tree], live: Mapping[str, Tree]) -> dict[str, Tree]:
    """The body with the live object's own values; raises ``KeyError`` where it has none."""

    def fill(name: Tree) -> Tree:
        value: Tree = live
        for part in name if isinstance(name, list | tuple) else (name,):
            value = value.get(str(part)) if isinstance(value, Mapping) else None
        if value is None:
            raise KeyError(name)
        return value

    return {name: _filled(value, LIVE, fill) for name, value in body.items()}


def _filled(tree: Tree, hole: str, fill: Callable[[Tree], Tree]) -> Tree:
    """A copy of the tree in which every ``{hole: x}`` is replaced by ``fill(x)``."""
    if isinstance(tree, Mapping):
        if len(tree) == 1 and hole in tree:
            return fill(tree[hole])
        return {name: _filled(value, hole, fill) for name, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_filled(value, hole, fill) for value in tree]
    return tree


def _holes(tree: Tree, hole: str) -> Iterator[Tree]:
    if isinstance(tree, Mapping):
        if len(tree) == 1 and hole in tree:
            yield tree[hole]
            return
        for value in tree.values():
            yield from _holes(value, hole)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _holes(value, hole)


def _refs(step: Step) -> Iterator[Address]:
    for ref in _PATH_REF.finditer(step.path):
        yield Address.parse(ref[1])
    for value in _holes(step.body, REF):
        yield _address(value)


def _address(value: Tree) -> Address:
    text = str(value)
    if not text.endswith(_SUFFIX):
        raise PlanFileError(f"`{text}` is not KIND/KEY#id")
    try:
        return Address.parse(text.removesuffix(_SUFFIX))
    except ValueError as error:
        raise PlanFileError(str(error)) from None


def _name(source: Tree) -> str:
    return json.dumps(source, sort_keys=True)
