import pytest

from reconciler.errors import ManifestError
from reconciler.kinds.registry import KINDS
from reconciler.manifest import RULES
from reconciler.model import Address

EXAMPLES = "---\n".join(kind.example for kind in KINDS.values())


def test_the_example_of_every_kind_is_valid(catalogue):
    desired = catalogue.write(a_yaml=EXAMPLES).load()
    assert {address.kind for address in desired.resources} == set(KINDS)


def test_desired_carries_what_the_project_says(catalogue, meter):
    catalogue.write(a_yaml=meter).project(
        """
        formerNames: [old]
        protect: [Meter/*]
        environments: {s: {endpoint: 'sandbox:', adopt: {NotificationChannel/ops: id1}}}
        """
    )
    desired = catalogue.load("s")
    assert (desired.project, desired.environment) == ("acme", "s")
    assert (desired.protect, desired.former_names) == (("Meter/*",), ("old",))
    assert desired.adopt == {Address("NotificationChannel", "ops"): "id1"}


def test_the_digest_does_not_depend_on_files_order_or_spelling(catalogue, tmp_path):
    one = catalogue.write(a_yaml=EXAMPLES).load().digest
    documents = EXAMPLES.split("---\n")
    catalogue.write(a_yaml="", **{f"z{9 - i}.yaml": f"# moved\n{text}" for i, text in enumerate(documents)})
    assert catalogue.load().digest == one


@pytest.mark.parametrize(
    ("old", "new"),
    [("COUNT}", "COUNT, name: x}"), ("key: tokens", "key: token"), ("spec:", "lifecycle: {protect: true}\nspec:")],
)
def test_the_digest_depends_on_everything_declared(catalogue, meter, old, new):
    one = catalogue.write(a_yaml=meter).load().digest
    assert catalogue.write(a_yaml=meter.replace(old, new)).load().digest != one


def test_the_digest_is_the_same_for_a_number_quoted_or_not(catalogue):
    text = "apiVersion: openmeter.io/v1\nkind: Feature\nkey: f\nspec: {name: F, unitCost: {type: manual, amount: %s}}\n"
    assert catalogue.write(a_yaml=text % "1.50").load().digest == catalogue.write(a_yaml=text % "'1.5'").load().digest


def test_warnings_alone_raise_nothing(catalogue, meter):
    catalogue.write(a_yaml=meter).project("environments: {s: {endpoint: 'http://h.example'}}")
    assert [warning.rule for warning in catalogue.load("s").warnings] == ["project.http"]


def test_an_error_raises_with_all_problems(catalogue, meter):
    catalogue.write(a_yaml=meter.replace("COUNT", "X")).project("environments: {s: {endpoint: 'http://h.example'}}")
    with pytest.raises(ManifestError) as caught:
        catalogue.load("s")
    assert [problem.rule for problem in caught.value.problems] == ["schema.enum", "project.http"]


def test_a_spec_may_be_changed_by_nobody_through_an_alias(catalogue):
    text = "x-m: &m {a: b}\n" + "apiVersion: openmeter.io/v1\nkind: Meter\nkey: m\n"
    text += "spec: {eventType: a, aggregation: COUNT, metadata: *m}\n"
    catalogue.write(
        a_yaml=text, over__p_yaml="apiVersion: openmeter.io/v1\nkind: Meter\nkey: m\npatch: {metadata: {a: c}}\n"
    )
    catalogue.project("manifests: [a.yaml]\nenvironments: {s: {endpoint: 'sandbox:', overlays: [over]}}")
    assert catalogue.specs("s")["Meter/m"]["metadata"] == {"a": "c"}
    assert catalogue.specs()["Meter/m"]["metadata"] == {"a": "b"}


def test_rules_of_drafts_are_warnings_on_drafts_and_nothing_on_archived_plans(catalogue):
    text = """\
        apiVersion: openmeter.io/v1
        kind: Plan
        key: p
        lifecycle: {state: STATE}
        spec: {name: P, currency: USD, billingCadence: P1M, phases: [{key: main, name: Main, rateCards: []}]}
        """
    found = {
        state: {problem.severity for problem in catalogue.write(a_yaml=text.replace("STATE", state)).check()}
        for state in ("active", "draft", "archived")
    }
    assert found == {"active": {"error"}, "draft": {"warning"}, "archived": set()}


def test_every_rule_is_listed_once_with_its_reason():
    rules = [*RULES, *(rule for kind in KINDS.values() for rule in kind.rules)]
    own = [rule.id for rule in RULES]
    assert len(set(own)) == len(own)
    assert all(rule.why and rule.source for rule in rules)
