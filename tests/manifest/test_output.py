import pytest

from reconciler import manifest
from reconciler.kinds.registry import KINDS

TRICKY = """\
apiVersion: openmeter.io/v1
kind: Meter
key: m
spec:
  name: "NO"
  description: "a: b # c\\nsecond line"
  eventType: "012"
  aggregation: COUNT
  metadata: {a: "1.50", b: "true", c: "~", d: "0o17", e: "é😀", f: "", g: "1:30", h: "2027-01-01"}
lifecycle: {protect: true, ignore: [name]}
"""


def again(catalogue, text):
    return catalogue.write(a_yaml=text).load()


@pytest.mark.parametrize(
    "text", [TRICKY, "---\n".join(kind.example for kind in KINDS.values())], ids=["tricky", "examples"]
)
def test_what_is_rendered_reads_back_as_the_same_catalogue(catalogue, text):
    first = again(catalogue, text)
    second = again(catalogue, manifest.render(first))
    assert second.digest == first.digest
    assert [r.spec for r in second.resources.values()] == [r.spec for r in first.resources.values()]
    assert [r.management for r in second.resources.values()] == [r.management for r in first.resources.values()]


def test_rendering_shows_the_values_of_the_environment(catalogue):
    text = "apiVersion: openmeter.io/v1\nkind: Meter\nkey: m\nspec: {eventType: '{{ vars.e }}', aggregation: COUNT}\n"
    catalogue.write(a_yaml=text).project("variables: {e: {default: prompt}}")
    assert manifest.render(catalogue.load()) == (
        "---\napiVersion: openmeter.io/v1\nkind: Meter\nkey: m\nspec:\n  eventType: prompt\n  aggregation: COUNT\n"
    )


def test_nothing_declared_renders_as_nothing(catalogue):
    assert manifest.render(catalogue.load()) == ""


def test_what_is_observed_or_absent_renders_without_a_spec(catalogue):
    text = "apiVersion: openmeter.io/v1\nkind: Meter\nkey: m\nlifecycle: {state: absent}\n"
    assert manifest.render(again(catalogue, text)) == (
        "---\napiVersion: openmeter.io/v1\nkind: Meter\nkey: m\nlifecycle:\n  state: absent\n"
    )


def test_a_null_is_rendered_where_it_decides_and_not_where_it_only_leaves_out(catalogue):
    text = """\
        apiVersion: openmeter.io/v1
        kind: Plan
        key: p
        spec:
          billingCadence: P1M
          currency: USD
          name: P
          description: null
          phases:
            - rateCards: [{price: null, key: a, name: A, type: flat_fee, metadata: null}]
              key: main
              name: M
              duration: null
        """
    first = again(catalogue, text)
    assert manifest.render(first).partition("spec:\n")[2] == (
        "  name: P\n  currency: USD\n  billingCadence: P1M\n  phases:\n  - key: main\n    name: M\n    duration: null\n"
        "    rateCards:\n    - type: flat_fee\n      key: a\n      name: A\n      price: null\n"
    )
