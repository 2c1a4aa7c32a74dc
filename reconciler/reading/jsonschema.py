"""Pydantic's JSON Schemas made fit for editors: no noise, templates where values stand, and patches. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PREFIX = "#/$defs/"
PATCH = "Patch"
TEMPLATE = "Template"
_CONSTRAINTS = frozenset(("pattern", "minLength", "maxLength", "enum", "format"))
_NOISE = frozenset(("title", "discriminator", "default"))


def definitions(models: Iterable[type[BaseModel]]) -> dict[str, Schema]:
    """The schemas of models and of all they hold, by the models' names."""
    _, schema = models_json_schema([(model, "validation") for model in models], by_alias=True)
    return {name: tidy(body) for name, body in schema.get("$defs", {}).items()}


def tidy(schema: Any, *, names: bool = False) -> Any:  # noqa: ANN401 - any JSON
    """The schema without titles, defaults and OpenAPI's words; ``names``: the keys are names of properties."""
    if isinstance(schema, Mapping):
        return {
            key: tidy(value, names=key in ("properties", "$defs") and not names)
            for key, value in schema.items()
            if names or key not in _NOISE
        }
    return [tidy(item) for item in schema] if isinstance(schema, list) else schema


def with_templates(schema: Schema) -> Schema:
    """The schema of an object whose values may be templates: text with ``{{ … }}`` wherever a scalar stands."""
    return _each_value(schema, _or_template)


def _or_template(value: Schema) -> Schema:
    inner = _each_value(value, _or_template)
    options = inner.get("anyOf")
    if options is not None:
        if not any(_takes_any_text(option) for option in options) and any(map(_is_scalar, value["anyOf"])):
            return {**inner, "anyOf": [*map(_bare, options), {"$ref": PREFIX + TEMPLATE}]}
        return inner
    if _is_scalar(inner) and not _takes_any_text(inner):
        described = {"description": inner["description"]} if "description" in inner else {}
        rest = {key: item for key, item in inner.items() if key != "description"}
        return {**described, "anyOf": [rest, {"$ref": PREFIX + TEMPLATE}]}
    return inner


def _bare(option: Schema) -> Schema:
    """An option that was made a choice itself, as it was before: the choice around it offers the template."""
    nested = option.get("anyOf")
    return nested[0] if nested and nested[-1] == {"$ref": PREFIX + TEMPLATE} else option


def _is_scalar(schema: Schema) -> bool:
    return schema.get("type") in ("string", "number", "integer", "boolean") and "const" not in schema


def _takes_any_text(schema: Schema) -> bool:
    return schema.get("type") == "string" and not _CONSTRAINTS & schema.keys() and "const" not in schema


def _each_value(schema: Schema, change: Any) -> Schema:  # noqa: ANN401 - Schema → Schema
    """The schema with every schema of a value below it changed."""
    found: Schema = {}
    for key, value in schema.items():
        match key, value:
            case "properties", Mapping():
                found[key] = {name: change(item) for name, item in value.items()}
            case (("additionalProperties" | "items"), Mapping()):
                found[key] = change(value)
            case (("anyOf" | "oneOf" | "allOf" | "prefixItems"), list()):
                found[key] = [change(item) for item in value]
            case _:
                found[key] = value
    return found


def as_patch(schema: Schema) -> Schema:
    """The schema of a patch: nothing is required, ``null`` takes away, list items may be placed or removed."""
    patched = _each_value(schema, _nullable)
    for word in ("required", "minProperties", "maxProperties"):
        patched.pop(word, None)
    if "properties" in patched:
        patched["properties"] = {
            **patched["properties"],
            "$before": {"type": "string", "description": "In a list: stand before the item with this key."},
            "$remove": {"const": True, "description": "In a list: take the item with this key away."},
        }
    return patched


def _nullable(value: Schema) -> Schema:
    inner = _renamed(_each_value(value, _nullable))
    options = inner.pop("oneOf", None) or inner.pop("anyOf", None)
    if options is None:
        described = {"description": inner.pop("description")} if "description" in inner else {}
        return {**described, "anyOf": [inner, {"type": "null"}]} if inner else {**described}
    flat = [part for option in options for part in option.get("anyOf", [option])]
    return {**inner, "anyOf": [part for part in flat if part != {"type": "null"}] + [{"type": "null"}]}


def _renamed(schema: Schema) -> Schema:
    """A reference to another definition becomes one to its patch."""
    target = schema.get("$ref")
    if target is None or target == PREFIX + TEMPLATE:
        return dict(schema)
    return {**schema, "$ref": f"{target}{PATCH}"}
