"""What reuse adds to the JSON Schemas of manifests: ``use`` in cards, ``from`` in phases, ``extends`` in documents."""

from __future__ import annotations

from reconciler.kinds.ratecards import FlatFeeCard, UsageBasedCard
from reconciler.manifest.merge import CARDS, FROM, PRICE, USE
from reconciler.manifest.shared import SHARED
from reconciler.reading.jsonschema import PATCH, PREFIX, Schema

EXTENDS = "Of the same kind: what to start from. `spec` says what differs, as a patch does."
ABSTRACT = "Only there to be extended: never sent."
_CARDS = tuple(model.__name__ for model in (FlatFeeCard, UsageBasedCard))
_USED = "UsedCard"


def with_reuse(found: dict[str, Schema], key: Schema) -> dict[str, Schema]:
    """The definitions of specs and patches with the words of reuse in them; ``key`` is the schema of a key."""
    used = _used(found, key)
    more = {name: _in_lists(body) for name, body in found.items()}
    return {
        **more,
        _USED: used,
        "Phase": _phase(more["Phase"], key),
        "PhasePatch": _phase_patch(more["PhasePatch"], key),
    }


def part_of(spec: str) -> Schema:
    """What a document's ``spec`` is: whole, or where it extends or is abstract, only a part."""
    return {
        "if": {
            "anyOf": [
                {"required": ["extends"]},
                {"required": ["abstract"], "properties": {"abstract": {"const": True}}},
            ]
        },
        "then": {"properties": {"spec": {"$ref": spec + PATCH}}},
        "else": {"properties": {"spec": {"$ref": spec}}},
    }


def document(group: str, key: Schema) -> Schema:
    """The schema of a shared rate card."""
    card = {"anyOf": [{"$ref": PREFIX + name + PATCH} for name in _CARDS]}
    return {
        "description": SHARED.summary,
        "type": "object",
        "required": ["apiVersion", "kind", "key"],
        "properties": {
            "apiVersion": {"const": group, "description": "The tool's own documents have this version."},
            "kind": {"const": SHARED.name, "description": SHARED.summary},
            "key": {**key, "description": "Unique among all shared cards: what `use` names."},
            "extends": {**key, "description": EXTENDS},
            "spec": {**card, "description": "The card; what is left out is said where it is used."},
            "patch": {**card, "description": "In an overlay folder: what differs in an environment, for everybody."},
            "notBefore": {
                "type": "string",
                "description": "In an overlay folder: from when on the patch holds. A date is in UTC.",
            },
        },
        "patternProperties": {"^x-": True},
        "additionalProperties": False,
        "anyOf": [{"required": ["spec"]}, {"required": ["patch"]}, {"required": ["extends"]}],
        "not": {"required": ["spec", "patch"]},
    }


def _used(found: dict[str, Schema], key: Schema) -> Schema:
    """A card made from a shared one: any field of any card may be overridden."""
    properties: dict[str, list[Schema]] = {}
    for name in _CARDS:
        for field, body in found[name + PATCH]["properties"].items():
            options = properties.setdefault(field, [])
            if body not in options and not field.startswith("$remove"):
                options.append(body)
    overrides = {field: _either(options) for field, options in properties.items() if options}
    use = {**key, "description": "The key of a shared card to start from; what stands beside it differs."}
    return {
        "description": "A shared rate card, with what differs.",
        "type": "object",
        "required": [USE],
        "properties": {USE: use, **overrides},
        "additionalProperties": False,
    }


def _either(options: list[Schema]) -> Schema:
    if len(options) == 1:
        return options[0]
    described = next(({"description": option["description"]} for option in options if "description" in option), {})
    return {**described, "anyOf": [{k: v for k, v in option.items() if k != "description"} for option in options]}


def _in_lists(body: Schema) -> Schema:
    """A spec, phase or patch whose list of cards takes used ones too."""
    cards = body.get("properties", {}).get(CARDS)
    if cards is None:
        return body
    return {**body, "properties": {**body["properties"], CARDS: _with_used(cards)}}


def _with_used(cards: Schema) -> Schema:
    if "items" in cards:
        word = "oneOf" if "oneOf" in cards["items"] else "anyOf"
        return {**cards, "items": {word: [*cards["items"][word], {"$ref": PREFIX + _USED}]}}
    return {**cards, "anyOf": [_with_used(one) if "items" in one else one for one in cards["anyOf"]]}


def _phase(body: Schema, key: Schema) -> Schema:
    """A phase: with cards of its own, or those of another, changed by its own."""
    cards = body["properties"][CARDS]
    described = {"description": cards["description"]}
    changes = {"$ref": f"{PREFIX}Phase{PATCH}/properties/{CARDS}"}
    return {
        **body,
        "required": [name for name in body["required"] if name != CARDS],
        "properties": {**body["properties"], CARDS: described, **_copied(key)},
        "dependentRequired": {PRICE: [FROM]},
        "if": {"required": [FROM]},
        "then": {"properties": {CARDS: changes}},
        "else": {"required": [CARDS], "properties": {CARDS: cards}},
    }


def _phase_patch(body: Schema, key: Schema) -> Schema:
    copied = _copied(key)
    described = {"description": copied[FROM]["description"]}
    copied[FROM] = {**described, "anyOf": [key, {"type": "null"}]}
    return {**body, "properties": {**body["properties"], **copied}}


def _copied(key: Schema) -> dict[str, Schema]:
    return {
        FROM: {**key, "description": "Copy the cards of this phase of the plan; `rateCards` beside it change them."},
        PRICE: {"type": "null", "description": "Beside `from`: the copied cards are free."},
    }
