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


CARD = "apiVersion: reconciler/v1\nkind: RateCard\nkey: a\n"
PLAN = "apiVersion: openmeter.io/v1\nkind: Plan\nkey: a\n"
PHASE = "spec: {name: A, currency: USD, billingCadence: P1M, phases: [{key: main, name: M, "


@pytest.mark.parametrize(
    "text",
    [
        CARD + "spec: {type: flat_fee, name: A, price: null}",
        CARD + "spec: {type: usage_based, price: {type: unit, amount: '{{ vars.a }}'}}",
        CARD + "extends: b",
        CARD + "patch: {price: {amount: 1}}",
        PLAN + "extends: b",
        PLAN + "extends: b\nspec: {currency: EUR, phases: [{key: main, rateCards: [{key: a, $remove: true}]}]}",
        PLAN + "abstract: true\nspec: {name: A}",
        PLAN + PHASE + "rateCards: [{use: a}]}]}",
        PLAN + PHASE + "rateCards: [{use: a, key: b, price: null, discounts: {percentage: {percentage: 1}}}]}]}",
        PLAN + PHASE + "from: a, price: null}]}",
        PLAN + PHASE + "from: a, rateCards: [{key: a, $remove: true}, {use: b, $before: c}]}]}",
        PLAN + "patch: {phases: [{key: main, from: null, price: null, rateCards: [{use: b}]}]}",
        (
            "apiVersion: openmeter.io/v1\nkind: Addon\nkey: a\n"
            "spec: {name: A, currency: USD, instanceType: single, rateCards: [{use: a}]}"
        ),
    ],
)
def test_reuse_fits(errors, text):
    assert errors(text) == []


@pytest.mark.parametrize(
    "text",
    [
        CARD,
        CARD + "abstract: true\nspec: {type: flat_fee}",
        CARD + "lifecycle: {}\nspec: {type: flat_fee}",
        CARD + "spec: {use: b}",
        CARD + "spec: {type: flat_fee, prise: null}",
        PLAN + "spec: {name: A}",
        PLAN + "abstract: false\nspec: {name: A}",
        PLAN + "extends: B",
        PLAN + "extends: b\nspec: {nmae: A}",
        PLAN + PHASE + "price: null, rateCards: []}]}",
        PLAN + PHASE + "from: a, price: {type: unit}}]}",
        PLAN + PHASE + "duration: null}]}",
        PLAN + PHASE + "rateCards: [{use: a, prise: null}]}]}",
        PLAN + PHASE + "rateCards: [{name: a}]}]}",
        PLAN + PHASE + "rateCards: [{use: a, $remove: true}]}]}",
    ],
)
def test_mistakes_in_reuse_do_not_fit(errors, text):
    assert errors(text) != []
