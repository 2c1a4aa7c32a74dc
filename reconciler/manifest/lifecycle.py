"""The ``lifecycle:`` of a document → ``Management``."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from reconciler.kinds.fields import problem
from reconciler.kinds.kind import Kind, Spec
from reconciler.kinds.shape import ListOf, MapOf, Object, OneOf, Shape
from reconciler.manifest.documents import key_problem
from reconciler.manifest.problems import Report
from reconciler.manifest.templates import is_template
from reconciler.model import Management
from reconciler.reading.suggest import did_you_mean, one_of
from reconciler.reading.tree import Map, Seq, find
from reconciler.reading.validation import validate

_PART = re.compile(r"\.?([^.\[\]]+)|\[([^\]]*)\]")


def _key(value: str) -> str:
    if reason := key_problem(value):
        raise problem("manifest.key", reason)
    return value


class LifecycleDocument(Spec):
    """How far an object is ours to change, and what becomes of it."""

    state: Literal["active", "draft", "archived", "absent"] | None = None
    """What is wanted: `active` (default), `absent`, and for plans and add-ons `draft` or `archived`."""
    protect: bool | None = None
    """Refuse to delete, archive or replace it."""
    on_remove: Literal["retain", "remove"] | None = None
    """What happens when the document disappears and prune is on."""
    ignore: list[Annotated[str, Field(min_length=1)]] | None = None
    """Paths that are left to others; counted, never hidden."""
    manage: Literal["full", "create-only", "observe"] | None = None
    """`observe`: it exists elsewhere, needs no spec and is never written."""
    replace_on: list[Annotated[str, Field(min_length=1)]] | None = None
    """Paths whose change may replace the object where the API cannot update it."""
    former_keys: list[Annotated[str, AfterValidator(_key)]] | None = None
    """Keys it had before; channels, rules and profiles only."""


def management(kind: Kind, key: str, tree: Map | None, mark: int, report: Report) -> Management | None:
    """What the ``lifecycle:`` of an object says; None where it is wrong, which is reported."""
    if tree is None:
        return Management()
    if _templated(tree, report):
        return None
    document, issues = validate(LifecycleDocument, tree, mark, "`lifecycle`")
    for issue in issues:
        report(issue.rule, issue.message, issue.mark, span=issue.span)
    if document is None:
        # What is right in itself may still be wrong for this kind: look at that too before giving up.
        sound = tree
        for name in {str(issue.path[0]) for issue in issues if issue.path}:
            sound = sound.without(name)
        rest, _ = validate(LifecycleDocument, sound, mark, "`lifecycle`")
        if rest is not None:
            _fits(kind, key, rest, tree, mark, report)
        return None
    if not _fits(kind, key, document, tree, mark, report):
        return None
    return Management(
        state=document.state or "active",
        protect=bool(document.protect),
        on_remove=document.on_remove,
        ignore=tuple(path.removeprefix("spec.") for path in document.ignore or ()),
        manage=document.manage or "full",
        replace_on=tuple(path.removeprefix("spec.") for path in document.replace_on or ()),
        former_keys=tuple(document.former_keys or ()),
    )


def _templated(tree: Map, report: Report) -> bool:
    found = False
    for name, value in tree.items():
        texts = zip(value, value.marks, strict=True) if isinstance(value, Seq) else [(value, tree.entry_marks(name)[1])]
        for text, mark in texts:
            if isinstance(text, str) and is_template(text):
                report("template.fixed", "`lifecycle` cannot hold templates; use an overlay", mark, span=len(text))
                found = True
    return found


def _fits(kind: Kind, key: str, document: LifecycleDocument, tree: Map, mark: int, report: Report) -> bool:
    """Whether this kind can have it."""
    fits = True
    if document.state is not None and document.state not in kind.lifecycle.states:
        states = one_of(kind.lifecycle.states)
        at = find(tree, mark, ("state",))
        report("lifecycle.state", f"a {kind.name} is never `{document.state}`; it can be {states}", at)
        fits = False
    if document.former_keys and kind.natural_key:
        steps = (kind.rename or "declare a new object").format(old=document.former_keys[0], new=key)
        message = f"the key of a {kind.name} cannot be changed in place: {steps}"
        report("lifecycle.former_keys", message, find(tree, mark, ("formerKeys",)))
        fits = False
    # A draft that is only observed says what is to become of it once it is managed: nothing, it stays one.
    if document.manage == "observe" and document.state not in (None, "active", "draft"):
        message = f"what is only observed cannot be made `{document.state}`"
        report("lifecycle.observe", message, find(tree, mark, ("state",)))
        fits = False
    for name, paths in (("ignore", document.ignore), ("replaceOn", document.replace_on)):
        for index, path in enumerate(paths or ()):
            if reason := path_problem(kind.shape, path.removeprefix("spec.")):
                report("lifecycle.path", reason, find(tree, mark, (name, index)), span=len(path))
                fits = False
    return fits


def path_problem(shape: Shape, text: str) -> str | None:
    """Why a text is no path into a spec of this shape, None where it is one."""
    current: Shape | None = shape
    at = 0
    for match in _PART.finditer(text):
        if match.start() != at:
            break
        at = match.end()
        name, item = match[1], match[2]
        if current is None:
            continue
        if item is not None:
            current = current.item if isinstance(current, ListOf) else None
            continue
        known = _fields(current)
        if known and name not in known:
            return f"`{text}`: there is no field `{name}`{did_you_mean(name, known)}"
        current = known.get(name) if known else (current.value if isinstance(current, MapOf) else None)
    return None if at == len(text) and text else f"`{text}` is no path such as `phases[main].rateCards[base].name`"


def _fields(shape: Shape) -> dict[str, Shape]:
    match shape:
        case Object(fields=fields):
            return {name: field.shape for name, field in fields.items()}
        case OneOf(variants=variants):
            return {name: field.shape for variant in variants.values() for name, field in variant.fields.items()}
        case _:
            return {}
