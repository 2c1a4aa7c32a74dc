import pytest

from reconciler.manifest import references
from reconciler.manifest.problems import Problems
from reconciler.model import Address, Management
from reconciler.reading.tree import Files, Map, pack

FEATURE = "apiVersion: openmeter.io/v1\nkind: Feature\nkey: f\nspec: {name: F, meterSlug: tokens}\n"
HEAD = "---\napiVersion: openmeter.io/v1\nkind: Meter\nkey: tokens\n"


def test_a_reference_to_a_declared_object_is_fine_in_any_order(catalogue, meter):
    assert catalogue.write(a_yaml=FEATURE + "---\n" + meter).problems() == []


def test_a_reference_to_what_is_only_observed_is_fine(catalogue):
    assert catalogue.write(a_yaml=FEATURE + HEAD + "lifecycle: {manage: observe}\n").problems() == []


def test_an_unknown_reference_suggests_a_known_one(catalogue, meter):
    (problem,) = catalogue.write(a_yaml=FEATURE.replace("tokens", "token") + "---\n" + meter).check()
    assert (problem.rule, str(problem.location), problem.span) == ("reference.unknown", "a.yaml:4:28", 5)
    assert "did you mean `tokens`?" in problem.message


def test_a_missing_file_full_of_objects_is_told_quickly(catalogue, meter):
    features = "---\n".join(FEATURE.replace("key: f", f"key: f{n}").replace("tokens", f"m{n}") for n in range(300))
    meters = "---\n".join(meter.replace("tokens", f"x{n}") for n in range(300))
    problems = catalogue.write(a_yaml=features, b_yaml=meters).check()
    assert len(problems) == 300
    assert sum("did you mean" in problem.message for problem in problems) <= 25


def test_without_a_similar_one_the_message_says_how_to_refer_to_what_exists_elsewhere(catalogue):
    (problem,) = catalogue.write(a_yaml=FEATURE).check()
    assert "manage: observe" in problem.message


@pytest.mark.parametrize("state", ["absent"])
def test_a_reference_to_what_is_going_away_is_refused(catalogue, state):
    found = catalogue.write(a_yaml=FEATURE + HEAD + f"lifecycle: {{state: {state}}}\n").problems()
    assert found == ["a.yaml:4:28 reference.gone"]


def test_what_is_archived_may_refer_to_what_is_gone(catalogue):
    plan = """\
        apiVersion: openmeter.io/v1
        kind: Plan
        key: old
        lifecycle: {state: STATE}
        spec:
          name: Old
          currency: USD
          billingCadence: P1M
          phases:
            - key: main
              name: Main
              rateCards: [{type: usage_based, featureKey: f, name: F, billingCadence: P1M, price: null}]
        ---
        apiVersion: openmeter.io/v1
        kind: Feature
        key: f
        lifecycle: {state: absent}
        """
    assert catalogue.write(a_yaml=plan.replace("STATE", "archived")).problems() == []
    assert "a.yaml:12:51 reference.gone" in catalogue.write(a_yaml=plan.replace("STATE", "active")).problems()


def test_a_circle_is_reported_once_with_its_members():
    files = Files()
    files.add("a.yaml")
    problems = Problems(files, {})

    class Entry:
        mark = pack(0, 3, 1)

        def __init__(self, address):
            self.address = address

    class Object:
        management = Management()
        spec, mark = Map(), pack(0, 3, 1)

        def __init__(self, key, target):
            self.entry = Entry(Address("Meter", key))
            self.references = ((("x",), Address("Meter", target)),)

    objects = {Address("Meter", key): Object(key, target) for key, target in (("a", "b"), ("b", "c"), ("c", "a"))}
    references.check_references(objects, problems)
    (problem,) = problems.found
    assert (problem.rule, str(problem.location)) == ("reference.cycle", "a.yaml:3:1")
    assert all(f"Meter/{key}" in problem.message for key in "abc")
