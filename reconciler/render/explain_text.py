"""The facts of kinds, fields and rules as text, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.kinds.kind import Kind, Rule
from reconciler.render.escape import columns
from reconciler.render.explain import TOOL_KINDS, KindFacts, beside
from reconciler.render.explain_facts import FieldFacts
from reconciler.render.explain_project import PROJECT_KINDS, ProjectKind
from reconciler.render.style import Style
from reconciler.render.words import plural

_DEPTH = 2
"""How many levels of fields are shown at once."""


def overview(kinds: Iterable[Kind], style: Style) -> str:
    """All kinds with what they are for."""
    known = list(kinds)
    pad = max(len(kind.name) for kind in known)
    lines = [style.paint("Kinds of openmeter.io/v1, in the order in which they are created:", "bold"), ""]
    for kind in known:
        first = f"  {style.paint(kind.name.ljust(pad), 'cyan')}  "
        lines += style.wrap(kind.summary, first=first, rest=" " * (pad + 4))
    lines += ["", f"Documents of the tool itself (reconciler/v1), among the manifests: {', '.join(TOOL_KINDS)}"]
    lines += [f"The project's own files: {', '.join(PROJECT_KINDS)}"]
    lines += ["", "One of them: reconciler explain Meter. One field: reconciler explain Plan.phases.rateCards"]
    return "\n".join(lines) + "\n"


def kind(found: KindFacts, style: Style) -> str:
    """A kind with its fields, rules and example, or one of its fields with what stands below it."""
    lines = list(_field_page(found, found.field, style) if found.field else _kind_page(found, style))
    return "\n".join(lines) + "\n"


def _kind_page(found: KindFacts, style: Style) -> Iterator[str]:
    kind = found.kind
    head, *more = style.wrap(f"{kind.name}: {kind.summary}", first="", rest="  ")
    yield style.paint(kind.name, "bold") + head.removeprefix(kind.name)
    yield from more
    yield ""
    if isinstance(kind, ProjectKind):
        yield from style.wrap(f"Stands {kind.place}", first="  ", rest="  ")
        of = ""
    else:
        states = f"; states: {', '.join(found.states)}" if found.states else "; never sent and never counted"
        yield from style.wrap(f"apiVersion: {kind.group}, kind: {kind.name}, key: KEY{states}", first="  ", rest="  ")
        of = " of spec"
    yield ""
    yield style.paint(f"Fields{of}", "bold") + "  (* must be given)"
    yield from _fields(kind.name, found.fields, style, 1, _DEPTH)
    if names := beside(kind):
        yield ""
        yield style.paint(f"Beside spec: {', '.join(names)}. See reconciler explain {kind.name}.{names[-1]}", "dim")
    if found.rules:
        yield ""
        yield style.paint("Rules", "bold")
        for rule in found.rules:
            yield from style.wrap(f"{rule.id}: {rule.why}", first="  ", rest="      ")
    yield ""
    yield style.paint("Example", "bold")
    yield from (f"  {line}" for line in kind.example.rstrip().splitlines())


def _field_page(found: KindFacts, field: FieldFacts, style: Style) -> Iterator[str]:
    must = "must be given" if field.required else "may be left out"
    yield f"{style.paint(f'{found.kind.name}.{field.path}', 'bold')}  {style.paint(field.type, 'cyan')}, {must}"
    yield from (line for text in _said(field) for line in style.wrap(text, first="  ", rest="  "))
    if field.children:
        yield ""
        yield style.paint("Fields", "bold") + "  (* must be given)"
        yield from _fields(found.kind.name, field.children, style, 1, _DEPTH)


def _said(field: FieldFacts) -> Iterator[str]:
    if field.description:
        yield field.description
    if field.choices:
        yield f"one of: {', '.join(field.choices)}"
    yield from (note if note.endswith(".") else f"{note[0].upper()}{note[1:]}." for note in field.notes)


def _fields(kind: str, fields: tuple[FieldFacts, ...], style: Style, level: int, depth: int) -> Iterator[str]:
    indent = "  " * level
    pad = max(columns(field.name) for field in fields) + 1
    for field in fields:
        name = (field.name + ("*" if field.required else "")).ljust(pad)
        yield f"{indent}{style.paint(name, 'bold')}  {style.paint(field.type, 'cyan')}"
        below = indent + " " * (pad + 2)
        yield from (line for text in _said(field) for line in style.wrap(text, first=below, rest=below))
        if field.children and level < depth:
            yield from _fields(kind, field.children, style, level + 1, depth)
        elif field.children:
            hint = f"{plural(len(field.children), 'field')}: reconciler explain {kind}.{field.path}"
            yield f"{below}{style.paint(hint, 'dim')}"


def rules(found: Iterable[Rule], style: Style) -> str:
    """Every rule with its reason and where it is known from."""
    lines: list[str] = []
    for rule in found:
        mark = style.paint(rule.severity, "red" if rule.severity == "error" else "yellow")
        lines.append(f"{style.paint(rule.id, 'bold')}  {mark}")
        lines += style.wrap(rule.why, first="  ", rest="  ")
        lines += [style.paint(line, "dim") for line in style.wrap(f"Source: {rule.source}", first="  ", rest="  ")]
    return "\n".join(lines) + "\n"


def as_json(found: KindFacts) -> str:
    """A kind or a field as JSON."""
    kind = found.kind
    tree: dict[str, Any] = {
        "kind": kind.name,
        "apiVersion": kind.group,
        "summary": kind.summary,
        "states": list(found.states),
        "fields": [_tree(field) for field in ([found.field] if found.field else found.fields)],
    }
    if found.field is None:
        tree |= {"rules": [_rule(rule) for rule in found.rules], "example": kind.example}
    return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"


def overview_json(kinds: Iterable[Kind]) -> str:
    """All kinds as JSON."""
    tree = [{"kind": kind.name, "apiVersion": kind.group, "summary": kind.summary} for kind in kinds]
    return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"


def rules_json(found: Iterable[Rule]) -> str:
    """Every rule as JSON."""
    return json.dumps([_rule(rule) for rule in found], indent=2, ensure_ascii=False) + "\n"


def _rule(rule: Rule) -> dict[str, str]:
    return {"id": rule.id, "severity": rule.severity, "why": rule.why, "source": rule.source}


def _tree(field: FieldFacts) -> dict[str, Any]:
    return {
        "path": field.path,
        "type": field.type,
        "required": field.required,
        "description": field.description,
        "choices": list(field.choices),
        "notes": list(field.notes),
        "fields": [_tree(child) for child in field.children],
    }
