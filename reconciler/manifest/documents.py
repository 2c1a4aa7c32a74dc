"""The envelope of a document: which object of which kind it declares or patches."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.kinds.fields import suggest_key
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import GROUP, KINDS
from reconciler.manifest.problems import Problems
from reconciler.manifest.scenarios import SCENARIO
from reconciler.manifest.shared import SHARED, LocalKind, SharedKind
from reconciler.manifest.templates import is_template
from reconciler.model import Address
from reconciler.project.times import MOMENT, parse_moment
from reconciler.reading.suggest import did_you_mean, nearest
from reconciler.reading.tree import Map
from reconciler.reading.wording import describe
from reconciler.reading.yaml import Document

TOOL_GROUP = "reconciler/v1"
_KEY = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
_MAX_KEY = 63
_FIELDS = ("apiVersion", "kind", "key", "extends", "abstract", "spec", "lifecycle", "patch", "notBefore")
_READ_LIKE_OBJECTS: dict[str, SharedKind | LocalKind] = {SHARED.name: SHARED, SCENARIO.name: SCENARIO}
_TOOL_KINDS = ("Approval", *_READ_LIKE_OBJECTS)
_RESERVED_KINDS = ("Policy",)
AnyKind = Kind | SharedKind | LocalKind


@dataclass(frozen=True, slots=True)
class Declared:
    """One document: ``spec``, ``patch``, ``lifecycle`` and ``extends`` are None where they are not written.

    ``mark`` is where the document begins, ``spec_mark`` where its ``spec:`` stands, and so on; ``templates`` tells
    whether any text of it could be a template.
    """

    kind: AnyKind
    address: Address
    mark: int
    spec: Map | None
    spec_mark: int
    patch: Map | None
    lifecycle: Map | None
    lifecycle_mark: int
    templates: bool
    broken: bool = False
    """Its envelope is wrong: it is declared, so that nothing else complains, but its content is not looked at."""
    not_before: datetime | None = None
    not_before_mark: int = 0
    """From when on a patch holds, in UTC, and where that is written."""
    extends: str | None = None
    extends_mark: int = 0
    """The key of the object that it starts from, and where that is written."""
    abstract: bool = False
    abstract_mark: int = 0
    """Whether it is only there to be started from, and where that is written."""


def read_document(document: Document, problems: Problems) -> Declared | None:
    """The object that a document declares; None where it is empty or its problems leave nothing to go on with."""
    root = document.root
    if root is None:
        return None
    if not isinstance(root, Map):
        problems.add("manifest.document", f"a document is a map, this is {describe(root)}", document.mark)
        return None
    sound = _fields(root, problems)
    kind = _kind(root, problems)
    key = _key(root, problems)
    parts = {name: _part(root, name, problems) for name in ("spec", "patch", "lifecycle")}
    due = _not_before(root, problems)
    if kind is None or key is None:
        return None
    wrong = [name for name, part in parts.items() if part is _WRONG]
    parts |= dict.fromkeys(wrong)
    extends, abstract = _extends(root, problems), _abstract(root, problems)
    return Declared(
        kind=kind,
        address=Address(kind.name, key),
        mark=root.mark,
        spec=parts["spec"],
        spec_mark=root.entry_marks("spec")[0] if "spec" in root else root.mark,
        patch=parts["patch"],
        lifecycle=parts["lifecycle"],
        lifecycle_mark=root.entry_marks("lifecycle")[0] if "lifecycle" in root else root.mark,
        templates=document.templates,
        broken=bool(wrong) or not sound or due is _WRONG or extends == "" or abstract is None,
        not_before=None if due is _WRONG else due,
        not_before_mark=root.entry_marks("notBefore")[0] if "notBefore" in root else root.mark,
        extends=extends or None,
        extends_mark=root.entry_marks("extends")[1] if "extends" in root else root.mark,
        abstract=bool(abstract),
        abstract_mark=root.entry_marks("abstract")[0] if "abstract" in root else root.mark,
    )


def _fields(root: Map, problems: Problems) -> bool:
    """Report unknown fields; False where one of them leaves the content unclear."""
    sound = True
    for name in root:
        if name in _FIELDS or name.startswith("x-"):
            continue
        mark = root.entry_marks(name)[0]
        sound = sound and nearest(name, ("spec", "patch", "lifecycle", "extends", "abstract")) is None
        hint = did_you_mean(name, _FIELDS)
        problems.add("schema.unknown_field", f"unknown field `{name}` in a document{hint}", mark, span=len(name))
    return sound


def _kind(root: Map, problems: Problems) -> AnyKind | None:
    version, name = _text(root, "apiVersion", problems), _text(root, "kind", problems)
    if version is None or name is None:
        return None
    version_mark, kind_mark = root.entry_marks("apiVersion")[1], root.entry_marks("kind")[1]
    if version == TOOL_GROUP and name in _READ_LIKE_OBJECTS:
        return _READ_LIKE_OBJECTS[name]
    if version == TOOL_GROUP:
        _refuse_tool_kind(name, kind_mark, problems)
        return None
    if name in _TOOL_KINDS:
        article = "an" if name[0] in "AEIOU" else "a"
        message = f"{article} {name} has `apiVersion: {TOOL_GROUP}`"
        problems.add("manifest.api_version", message, version_mark, span=len(version))
        return None
    if version != GROUP:
        hint = did_you_mean(version, (GROUP, TOOL_GROUP))
        message = (
            f"`{version}` is not a known apiVersion; write `{GROUP}`" if not hint else f"unknown `{version}`{hint}"
        )
        problems.add("manifest.api_version", message, version_mark, span=len(version))
        return None
    kind = KINDS.get(name)
    if kind is None:
        hint = did_you_mean(name, KINDS) or f"; kinds are {', '.join(KINDS)}"
        reserved = name in _RESERVED_KINDS
        message = f"`{name}` is not supported yet" if reserved else f"there is no kind `{name}`{hint}"
        problems.add("manifest.not_supported" if reserved else "manifest.kind", message, kind_mark, span=len(name))
    return kind


def _refuse_tool_kind(name: str, mark: int, problems: Problems) -> None:
    if name in _RESERVED_KINDS:
        problems.add("manifest.not_supported", f"`{name}` is not supported yet", mark, span=len(name))
    elif name in KINDS:
        problems.add("manifest.api_version", f"a {name} has `apiVersion: {GROUP}`", mark, span=len(name))
    elif name == "Project":
        message = "a project file does not belong among the manifests; keep it above them, as `reconciler.yaml`"
        problems.add("manifest.kind", message, mark, span=len(name))
    else:
        hint = did_you_mean(name, (*KINDS, *_TOOL_KINDS, *_RESERVED_KINDS))
        problems.add("manifest.kind", f"there is no kind `{name}`{hint}", mark, span=len(name))


def _key(root: Map, problems: Problems) -> str | None:
    key = _text(root, "key", problems)
    if key is None:
        return None
    mark = root.entry_marks("key")[1]
    reason = key_problem(key)
    if reason:
        problems.add("manifest.key", reason, mark, span=len(key))
        return None
    return key


def key_problem(key: str) -> str | None:
    """Why a text is no key of ours, None where it is one."""
    if len(key) > _MAX_KEY:
        return f"a key has at most {_MAX_KEY} characters, this has {len(key)}"
    if _KEY.fullmatch(key):
        return None
    hint = suggest_key(key)[:_MAX_KEY]
    also = f"; write `{hint}`" if hint else ""
    return f"`{key}` is not a key: lower-case letters and digits, joined by `_`{also}"


def _text(root: Map, name: str, problems: Problems) -> str | None:
    if name not in root:
        problems.add("schema.missing", f"`{name}` is missing in this document", root.mark)
        return None
    value, mark = root[name], root.entry_marks(name)[1]
    if not isinstance(value, str):
        hint = f'; quote it: `"{value}"`' if name == "key" and isinstance(value, int) else ""
        problems.add("schema.type", f"`{name}` has to be text, not {describe(value)}{hint}", mark)
        return None
    if is_template(value):
        problems.add("template.fixed", f"`{name}` cannot be a template", mark, span=len(value))
        return None
    return value


def _not_before(root: Map, problems: Problems) -> datetime | None:
    """From when on a patch holds; ``_WRONG`` for what is no date."""
    if "notBefore" not in root:
        return None
    value, mark = root["notBefore"], root.entry_marks("notBefore")[1]
    found = parse_moment(value) if isinstance(value, str) else None
    if found is None:
        problems.add("overlay.not_before", f"{describe(value)} is no date; write {MOMENT}", mark)
        wrong: datetime = _WRONG
        return wrong
    return found


def _extends(root: Map, problems: Problems) -> str | None:
    """The key of the base; None where there is none, empty where what is written is no key."""
    if "extends" not in root or root["extends"] is None:
        return None
    base = _text(root, "extends", problems)
    if base is not None and (reason := key_problem(base)):
        problems.add("manifest.key", reason, root.entry_marks("extends")[1], span=len(base))
        return ""
    return base or ""


def _abstract(root: Map, problems: Problems) -> bool | None:
    """Whether it is; None where what is written is neither."""
    value = root.get("abstract", False)
    if isinstance(value, bool):
        return value
    mark = root.entry_marks("abstract")[1]
    problems.add("schema.type", f"`abstract` is `true` or `false`, not {describe(value)}", mark)
    return None


_WRONG: Any = object()


def _part(root: Map, name: str, problems: Problems) -> Map | None:
    """A part that is a map, or nothing; an empty ``spec:`` is a spec without fields."""
    value = root.get(name)
    if isinstance(value, Map) or name not in root:
        return value
    if value is None:
        return Map(root.entry_marks(name)[0]) if name == "spec" else None
    problems.add(
        "schema.type", f"`{name}` has to be a map, not {describe(value)}", root.entry_marks(name)[0], span=len(name)
    )
    wrong: Map = _WRONG
    return wrong
