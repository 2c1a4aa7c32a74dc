import jsonschema
import pytest
import yaml

from reconciler.kinds.registry import KINDS
from reconciler.manifest.schema import schema

HEAD = "apiVersion: openmeter.io/v1\nkind: Meter\nkey: a\n"


@pytest.fixture(scope="module")
def errors():
    validator = jsonschema.Draft202012Validator(schema())
    return lambda text: [error.message for error in validator.iter_errors(yaml.safe_load(text))]


def test_the_schema_is_a_schema_and_always_the_same():
    jsonschema.Draft202012Validator.check_schema(schema())
    assert str(schema()) == str(schema())


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_the_example_of_every_kind_fits(errors, kind):
    assert errors(kind.example) == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_every_example_is_also_a_patch(errors, kind):
    assert errors(kind.example.replace("\nspec:", "\npatch:")) == []


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "spec: {eventType: a, aggregation: '{{ vars.a }}'}",
        HEAD + "patch: {name: null}",
        HEAD + "lifecycle: {state: absent}",
        HEAD + "x-any: 1\nspec: {eventType: a, aggregation: COUNT, groupBy: {a: $.a}}",
        HEAD.replace("Meter", "Plan")
        + "patch: {phases: [{key: a, $remove: true}, {key: b, $before: c, duration: null}]}",
        HEAD.replace("Meter", "Plan")
        + "patch: {phases: [{key: a, rateCards: [{key: b, type: flat_fee, price: {amount: '{{ vars.x }}'}}]}]}",
    ],
)
def test_templates_patches_and_lifecycles_fit(errors, text):
    assert errors(text) == []


@pytest.mark.parametrize(
    "text",
    [
        HEAD,
        HEAD + "spec: {eventType: a, aggregation: SUMM}",
        HEAD + "spec: {eventType: a}",
        HEAD + "spec: {eventType: a, aggregation: COUNT, nam: b}",
        HEAD + "patch: {nam: b}",
        HEAD + "lifecycle: {state: draft}",
        HEAD + "lifecycle: {formerKeys: [a]}",
        HEAD + "patch: {}\nspec: {eventType: a, aggregation: COUNT}",
        HEAD + "specs: {}\nlifecycle: {}",
        HEAD.replace("key: a", "key: A") + "lifecycle: {}",
        HEAD.replace("Meter", "Metre") + "lifecycle: {}",
        HEAD.replace("v1", "v2") + "lifecycle: {}",
    ],
)
def test_mistakes_do_not_fit(errors, text):
    assert errors(text) != []


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_every_field_is_described_for_people(kind):
    properties = schema()["$defs"][kind.spec.__name__]["properties"]
    assert [name for name, body in properties.items() if not ("description" in body or "$ref" in body)] == []
