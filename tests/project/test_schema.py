import jsonschema
import pytest
import yaml

from reconciler.project.rules import RULES
from reconciler.project.schema import schema

HEAD = "apiVersion: reconciler/v1\nkind: Project\nname: acme\n"


def errors(text):
    validator = jsonschema.Draft202012Validator(schema())
    return [error.message for error in validator.iter_errors(yaml.safe_load(text))]


def test_the_schema_is_a_schema_and_always_the_same():
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema() == schema()


@pytest.mark.parametrize(
    "text",
    [HEAD, HEAD + "environments: {a: {endpoint: 'sandbox:', token: {env: A}, limits: {maxRemovals: 1}}}",
     HEAD + "variables: {x: {type: decimal, default: '1', min: 0}}", "endpoint: https://h\nkind: Environment\n"],
)  # fmt: skip
def test_what_is_accepted_fits_the_schema(text):
    assert errors(text) == []


@pytest.mark.parametrize("text", [HEAD + "manifest: []", HEAD + "name: a-b", HEAD + "environments: {a: {tokens: {}}}"])
def test_what_is_refused_does_not_fit_the_schema(text):
    assert errors(text) != []


def test_every_rule_is_listed_once_with_its_reason():
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.why and rule.source for rule in RULES)
