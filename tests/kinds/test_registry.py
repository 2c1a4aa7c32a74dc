"""What every kind of the registry owes the other rooms."""

import re

import pytest
from pydantic import BaseModel

from reconciler.kinds.references import references
from reconciler.kinds.registry import KINDS
from reconciler.kinds.shape import ListOf, MapOf, Object, OneOf

from .conftest import HERE, Declared, examples, read

EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


@EVERY
def test_the_example_is_a_valid_document_of_its_kind(kind):
    (document,) = read(kind.example)
    assert (document["apiVersion"], document["kind"]) == ("openmeter.io/v1", kind.name)
    spec = kind.spec.model_validate(document["spec"])
    everything = [read(other.example)[0] for other in KINDS.values()]
    findings = list(kind.check(document["key"], spec, Declared(everything)))
    assert [finding.message for finding in findings] == []


@EVERY
def test_what_the_example_refers_to_is_in_another_example(kind):
    declared = {(document["kind"], document["key"]) for other in KINDS for document in examples(other)[:1]}
    named = {address for _, address in references(kind.shape, examples(kind.name)[0]["spec"])}
    assert {str(address) for address in named if (address.kind, address.key) not in declared} == set()


@EVERY
def test_every_field_is_documented(kind):
    undocumented = [path for path, field in _fields(kind.shape) if not field.description.strip()]
    assert undocumented == []
    assert kind.summary.endswith(".")


@EVERY
def test_fields_have_the_names_of_the_api(kind):
    for path, field in _fields(kind.shape):
        assert re.fullmatch(r"\$?[a-z][A-Za-z0-9]*", field.name), path


@EVERY
def test_a_field_in_pythons_spelling_is_unknown(kind):
    snake = [(info.alias, name) for name, info in kind.spec.model_fields.items() if info.alias not in (None, name)]
    for alias, name in snake:
        with pytest.raises(ValueError, match="Extra inputs"):
            kind.spec.model_validate({**examples(kind.name)[0]["spec"], name: "x", alias: "x"})


@EVERY
def test_every_object_of_a_spec_refuses_what_it_does_not_know(kind):
    lax = [model.__name__ for model in _models(kind.spec) if model.model_config.get("extra") != "forbid"]
    # Filters let unknown operators in, to refuse them under a rule that says what the server makes of them.
    assert lax in ([], ["StringFilter"])


@EVERY
def test_a_json_schema_can_be_made(kind):
    schema = kind.spec.model_json_schema()
    assert schema["additionalProperties"] is False


def test_rule_ids_are_unique_and_each_rule_has_its_reason_and_source():
    rules = [rule for kind in KINDS.values() for rule in kind.rules]
    distinct = {id(rule): rule for rule in rules}.values()
    ids = [rule.id for rule in distinct]
    assert sorted(ids) == sorted(set(ids))
    assert [rule.id for rule in distinct if not (rule.why.endswith((".", ")")) and rule.source)] == []


def test_order_is_that_of_references():
    for kind in KINDS.values():
        for document in examples(kind.name):
            for _, address in references(kind.shape, document["spec"]):
                if address.kind in KINDS and address.kind != kind.name:
                    assert KINDS[address.kind].order < kind.order


def test_the_files_beside_the_tests_are_of_kinds_that_exist():
    names = {path.stem for folder in ("refused", "maximal") for path in (HERE / folder).glob("*.yaml")}
    assert names <= set(KINDS)


def _fields(shape, path=""):
    match shape:
        case Object():
            for field in shape.fields.values():
                here = f"{path}.{field.name}"
                yield here, field
                yield from _fields(field.shape, here)
        case OneOf():
            for tag, variant in shape.variants.items():
                yield from _fields(variant, f"{path}<{tag}>")
        case ListOf(item=inner) | MapOf(value=inner):
            yield from _fields(inner, f"{path}[]")
        case _:
            return


def _models(model, seen=None):
    seen = {} if seen is None else seen
    if model not in seen:
        seen[model] = None
        for info in model.model_fields.values():
            for inner in _inside(info.annotation):
                _models(inner, seen)
    return list(seen)


def _inside(annotation):
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _inside(argument)
