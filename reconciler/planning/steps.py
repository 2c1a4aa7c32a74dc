"""The steps of a plan while it is made: each is one request, with what must be done before it."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from reconciler.kinds import marker as markers
from reconciler.kinds.kind import IdOf, Kind
from reconciler.kinds.wire import encode
from reconciler.model import Address, Marker, Step, Tree, Verb

_METHODS: dict[Verb, Literal["POST", "PUT", "DELETE"]] = {
    "create": "POST",
    "publish": "POST",
    "attach": "POST",
    "update": "PUT",
    "reattach": "PUT",
    "adopt": "PUT",
    "release": "PUT",
    "delete": "DELETE",
    "detach": "DELETE",
}


class StepBook:
    """Collects steps; ``last`` are the steps after which an address is as the plan wants it."""

    def __init__(self) -> None:
        self._steps: dict[str, Step] = {}
        self.last: dict[Address, tuple[str, ...]] = {}

    def add(
        self,
        address: Address,
        verb: Verb,
        path: str,
        body: Mapping[str, Tree] | None = None,
        *,
        method: Literal["POST", "PUT", "DELETE"] | None = None,
        name: str = "",
        after: Iterable[str] = (),
        target_id: str | None = None,
        may_refuse: str | None = None,
        beside: bool = False,
    ) -> str:
        """Append a step after the last one of the same address (``beside``: not after it) and after ``after``."""
        ident = f"{address}:{verb}{':' + name if name else ''}"
        own = () if beside else self.last.get(address, ())
        step = Step(
            id=ident,
            address=address,
            verb=verb,
            method=method or _METHODS[verb],
            path=path,
            body=body,
            after=tuple(sorted({*own, *after})),
            target_id=target_id,
            may_refuse=may_refuse,
        )
        self._steps[ident] = step
        self.last[address] = (*self.last.get(address, ()), ident) if beside else (ident,)
        return ident

    def then(self, ident: str, earlier: Iterable[str]) -> None:
        """Make an existing step wait for others too."""
        step = self._steps[ident]
        more = {*step.after, *earlier} - {ident}
        self._steps[ident] = replace(step, after=tuple(sorted(more)))

    def of(self, address: Address) -> tuple[Step, ...]:
        """The steps of one address so far."""
        return tuple(step for step in self._steps.values() if step.address == address)

    def drop(self, addresses: frozenset[Address]) -> None:
        """Forget the steps of these addresses (they are blocked)."""
        gone = {ident for ident, step in self._steps.items() if step.address in addresses}
        self._steps = {
            ident: replace(step, after=tuple(name for name in step.after if name not in gone))
            for ident, step in self._steps.items()
            if ident not in gone
        }

    def circle(self) -> frozenset[Address]:
        """The addresses whose steps wait for each other, so that none can be the first."""
        left = dict(self._steps)
        while ready := [name for name, step in left.items() if not any(before in left for before in step.after)]:
            for name in ready:
                del left[name]
        while ends := [name for name in left if not any(name in step.after for step in left.values())]:
            for name in ends:
                del left[name]
        return frozenset(step.address for step in left.values())

    def all(self) -> tuple[Step, ...]:
        """Every step, in an order in which they can be done one by one: the order of adding where it is free."""
        names = list(self._steps)
        position = {name: index for index, name in enumerate(names)}
        waiting = {name: sum(before in position for before in self._steps[name].after) for name in names}
        followers: dict[str, list[str]] = {name: [] for name in names}
        for name in names:
            for before in self._steps[name].after:
                if before in followers:
                    followers[before].append(name)
        ready = [position[name] for name in names if waiting[name] == 0]
        heapq.heapify(ready)
        ordered: list[Step] = []
        while ready:
            name = names[heapq.heappop(ready)]
            ordered.append(self._steps[name])
            for follower in followers[name]:
                waiting[follower] -= 1
                if waiting[follower] == 0:
                    heapq.heappush(ready, position[follower])
        if len(ordered) != len(names):
            raise AssertionError("the steps of a plan wait for each other in a circle")
        return tuple(ordered)


def body(
    kind: Kind,
    api: str,
    key: str,
    spec: Mapping[str, Tree],
    method: Literal["POST", "PUT"],
    ids: IdOf,
    marker: Marker | None,
) -> dict[str, Tree]:
    """The body of a write: the whole spec, explicitly, with our marker in its metadata where the API carries it."""
    binding = kind.binding(api)
    wire = binding.to_wire(key, encode(kind.shape, spec, method), ids)
    marked = binding.marks_on_create if method == "POST" else binding.marks_on_update
    if marker is not None and marked:
        own = wire.get("metadata")
        wire["metadata"] = markers.write(own if isinstance(own, Mapping) else {}, marker)
    if method == "PUT":
        return {name: value for name, value in wire.items() if name not in binding.create_only}
    return wire


def reference(address: Address) -> Tree:
    """The id of an object that a step of this plan creates."""
    return {"$ref": f"{address}#id"}


def in_path(ident: Tree) -> str:
    """An id inside a path: itself, or ``{Kind/key#id}`` where it is not known yet."""
    if isinstance(ident, Mapping):
        return "{" + str(ident["$ref"]) + "}"
    return str(ident)
