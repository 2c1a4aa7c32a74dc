"""The declared objects and what they name, as a graph: Mermaid for Markdown, dot for Graphviz."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from reconciler.kinds.references import references
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired
from reconciler.render.escape import escape

Format = Literal["mermaid", "dot"]


@dataclass(frozen=True, slots=True)
class Graph:
    """``edges`` point from an object to what it names; a named object that is not declared is among ``missing``."""

    nodes: tuple[Address, ...]
    edges: tuple[tuple[Address, Address], ...]
    missing: tuple[Address, ...] = ()


def graph(desired: Desired) -> Graph:
    """The graph of everything declared, in create order and then by key."""
    edges = {
        (resource.address, named)
        for resource in desired.resources.values()
        for _, named in references(KINDS[resource.address.kind].shape, resource.spec)
    }
    declared = set(desired.resources)
    missing = {named for _, named in edges} - declared
    return Graph(
        tuple(sorted(declared, key=_order)),
        tuple(sorted(edges, key=lambda edge: (_order(edge[0]), _order(edge[1])))),
        tuple(sorted(missing, key=_order)),
    )


def _order(address: Address) -> tuple[int, str, str]:
    kind = KINDS.get(address.kind)
    return (kind.order if kind else 0, address.kind, address.key)


def render(found: Graph, form: Format) -> str:
    """The graph in one of its formats."""
    return _FORMATS[form](found)


def _mermaid(found: Graph) -> str:
    names = {address: f"n{index}" for index, address in enumerate((*found.nodes, *found.missing))}
    lines = ["flowchart LR"]
    for kind, members in _by_kind(found.nodes).items():
        lines.append(f"  subgraph {kind}")
        lines += [f'    {names[address]}["{_label(address.key)}"]' for address in members]
        lines.append("  end")
    lines += [f'  {names[address]}(["{_label(str(address))} (elsewhere)"])' for address in found.missing]
    lines += [f"  {names[one]} --> {names[other]}" for one, other in found.edges]
    return "\n".join(lines) + "\n"


def _dot(found: Graph) -> str:
    lines = ["digraph catalogue {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    for kind, members in _by_kind(found.nodes).items():
        lines += [f"  subgraph cluster_{kind} {{", f'    label="{kind}";']
        lines += [f'    "{_label(str(address))}" [label="{_label(address.key)}"];' for address in members]
        lines.append("  }")
    lines += [f'  "{_label(str(address))}" [style=dashed];' for address in found.missing]
    lines += [f'  "{_label(str(one))}" -> "{_label(str(other))}";' for one, other in found.edges]
    lines.append("}")
    return "\n".join(lines) + "\n"


def _by_kind(nodes: tuple[Address, ...]) -> Mapping[str, list[Address]]:
    found: dict[str, list[Address]] = {}
    for address in nodes:
        found.setdefault(address.kind, []).append(address)
    return found


def _label(text: str) -> str:
    return escape(text).replace("\\", "\\\\").replace('"', "'")


_FORMATS: Mapping[Format, Callable[[Graph], str]] = {"mermaid": _mermaid, "dot": _dot}
