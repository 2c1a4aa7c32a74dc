"""The JSON Schema of manifests (draft 2020-12), made from the kinds: what editors complete and check. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import GROUP, KINDS
from reconciler.manifest.approvals import KIND as APPROVAL
from reconciler.manifest.approvals import ApprovalDocument
from reconciler.manifest.documents import TOOL_GROUP
from reconciler.manifest.lifecycle import LifecycleDocument
from reconciler.manifest.reuse_schema import ABSTRACT, EXTENDS, part_of, with_reuse
from reconciler.manifest.reuse_schema import document as shared_card
from reconciler.manifest.scenarios import SCENARIO
from reconciler.manifest.shared import SHARED, LocalKind
from reconciler.reading.jsonschema import (
    DIALECT,
    PATCH,
    PREFIX,
    TEMPLATE,
    Schema,
    as_patch,
    definitions,
    tidy,
    with_templates,
)

KEY: Schema = {"type": "string", "pattern": "^[a-z0-9]+(?:_[a-z0-9]+)*$", "maxLength": 63}
TOOL_KINDS = (APPROVAL, SHARED.name, SCENARIO.name)

_GROUPS = {
    GROUP: "The product and the version of its manifest language.",
    TOOL_GROUP: "The tool's own documents have this version.",
}
_SPECS = {GROUP: "What it is, in the API's own field names.", TOOL_GROUP: "What it is."}


def schema() -> dict[str, Any]:
    """The schema of one document of any kind, told apart by ``kind``."""
    models = [*(kind.spec for kind in KINDS.values()), SCENARIO.spec]
    specs = {name: with_templates(body) for name, body in definitions(models).items()}
    specs = with_reuse({**specs, **{f"{name}{PATCH}": as_patch(body) for name, body in specs.items()}}, KEY)
    documents = {kind.name: _document(kind, GROUP) for kind in KINDS.values()}
    documents[SCENARIO.name] = _document(SCENARIO, TOOL_GROUP)
    template = {"type": "string", "pattern": "\\{[{%]", "description": "A value template, such as `{{ vars.name }}`."}
    named = {**specs, **documents, **_approval(), SHARED.name: shared_card(TOOL_GROUP, KEY), TEMPLATE: template}
    return {
        "$schema": DIALECT,
        "title": "A manifest of reconciler",
        "type": "object",
        "required": ["apiVersion", "kind", "key"],
        "properties": {
            "apiVersion": {
                "enum": [GROUP, TOOL_GROUP],
                "description": "The product and the version of its manifest language; or ours.",
            },
            "kind": {"enum": [*KINDS, *TOOL_KINDS], "description": "What is declared."},
        },
        "allOf": [_when(name) for name in (*KINDS, *TOOL_KINDS)],
        "$defs": {name: named[name] for name in sorted(named)},
    }


def _when(kind: str) -> Schema:
    return {
        "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
        "then": {"$ref": PREFIX + kind},
    }


def _approval() -> dict[str, Schema]:
    """The document of an approval, and its spec."""
    found = definitions([ApprovalDocument])
    document = {**found.pop(ApprovalDocument.__name__), "patternProperties": {"^x-": True}}
    return {**found, APPROVAL: document}


def _document(kind: Kind | LocalKind, group: str) -> Schema:
    spec = PREFIX + kind.spec.__name__
    lifecycle = {"lifecycle": _lifecycle(kind)} if isinstance(kind, Kind) else {}
    return {
        "description": kind.summary,
        "type": "object",
        "required": ["apiVersion", "kind", "key"],
        "properties": {
            "apiVersion": {"const": group, "description": _GROUPS[group]},
            "kind": {"const": kind.name, "description": kind.summary},
            "key": {**KEY, "description": f"Unique among all documents of kind {kind.name}."},
            "extends": {**KEY, "description": EXTENDS},
            "abstract": {"type": "boolean", "description": ABSTRACT},
            "spec": {"description": _SPECS[group]},
            "patch": {"$ref": spec + PATCH, "description": "In an overlay folder: what differs in an environment."},
            **lifecycle,
            "notBefore": {
                "type": "string",
                "description": "In an overlay folder: from when on the patch holds. A date is in UTC.",
            },
        },
        "patternProperties": {"^x-": True},
        "additionalProperties": False,
        "anyOf": [{"required": [name]} for name in ("spec", "patch", *lifecycle, "extends")],
        "not": {"required": ["spec", "patch"]},
        **part_of(spec),
    }


def _lifecycle(kind: Kind) -> Schema:
    """The lifecycle block with the states of this kind, and without what it cannot have."""
    body: Schema = tidy(LifecycleDocument.model_json_schema(by_alias=True))
    properties = dict(body["properties"])
    state = {"description": properties["state"]["description"]}
    properties["state"] = {**state, "enum": [*kind.lifecycle.states, None]}
    if kind.natural_key:
        del properties["formerKeys"]
    return {**body, "properties": properties}
