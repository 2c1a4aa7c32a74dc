import pytest

HEAD = "apiVersion: openmeter.io/v1\nkind: Meter\nkey: m\n"
SPEC = "spec: {eventType: a, aggregation: COUNT}\n"


def test_a_document_becomes_a_resource_with_its_place(catalogue, meter):
    catalogue.write(a_yaml="# first\n" + meter)
    (resource,) = catalogue.load().resources.values()
    assert str(resource.address) == "Meter/tokens"
    assert resource.spec == {"eventType": "a", "aggregation": "COUNT"}
    assert str(resource.location) == "a.yaml:2:1"
    assert str(resource.source.locate(("aggregation",))) == "a.yaml:5:35"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1]", ["a.yaml:1:1 manifest.document"]),
        ("text", ["a.yaml:1:1 manifest.document"]),
        ("{}", ["a.yaml:1:1 schema.missing"]),
        (HEAD, ["a.yaml:1:1 schema.missing"]),
        (HEAD + "spec:\n", ["a.yaml:4:1 schema.missing"]),
        (HEAD + "spec: text\n", ["a.yaml:4:1 schema.type"]),
        (HEAD + SPEC + "lifecycle: []\n", ["a.yaml:5:1 schema.type"]),
        (HEAD + "specs: {}\n", ["a.yaml:4:1 schema.unknown_field"]),
        (HEAD + SPEC + "extends: x\n", ["a.yaml:5:10 reuse.unknown"]),
        (HEAD + SPEC + "extends: X\n", ["a.yaml:5:10 manifest.key"]),
        (HEAD + SPEC + "extends: [x]\n", ["a.yaml:5:10 schema.type"]),
        (HEAD + SPEC + 'extends: "{{ vars.x }}"\n', ["a.yaml:5:10 template.fixed"]),
        (HEAD + SPEC + "abstract: yes\n", ["a.yaml:5:11 schema.type"]),
        (HEAD + SPEC + "extend: x\n", ["a.yaml:5:1 schema.unknown_field"]),
        (HEAD + "notBefore: 2027-01-01\npatch: {}\n", ["a.yaml:1:1 overlay.outside"]),
        (HEAD + SPEC + "notBefore: 2027-01-01\n", ["a.yaml:5:1 overlay.not_before"]),
        (HEAD.replace("Meter", "Metre") + SPEC, ["a.yaml:2:7 manifest.kind"]),
        (HEAD.replace("openmeter.io", "openmeter.com") + SPEC, ["a.yaml:1:13 manifest.api_version"]),
        (HEAD.replace("openmeter.io", "reconciler") + SPEC, ["a.yaml:2:7 manifest.api_version"]),
        ("apiVersion: reconciler/v1\nkind: RateCard\nkey: a\n", ["a.yaml:1:1 schema.missing"]),
        ("apiVersion: openmeter.io/v1\nkind: RateCard\nkey: a\n", ["a.yaml:1:13 manifest.api_version"]),
        ("apiVersion: reconciler/v1\nkind: Policy\nkey: a\n", ["a.yaml:2:7 manifest.not_supported"]),
        ("apiVersion: reconciler/v1\nkind: Project\nkey: a\n", ["a.yaml:2:7 manifest.kind"]),
        (HEAD.replace(": m", ": Bad-Key") + SPEC, ["a.yaml:3:6 manifest.key"]),
        (HEAD.replace(": m", ": a__b") + SPEC, ["a.yaml:3:6 manifest.key"]),
        (HEAD.replace(": m", ": " + "a" * 64) + SPEC, ["a.yaml:3:6 manifest.key"]),
        (HEAD.replace(": m", ": 12") + SPEC, ["a.yaml:3:6 schema.type"]),
        (HEAD.replace(": m", ': "{{ vars.x }}"') + SPEC, ["a.yaml:3:6 template.fixed"]),
        (HEAD.replace("Meter", '"{{ vars.x }}"') + SPEC, ["a.yaml:2:7 template.fixed"]),
        (HEAD + "patch: {}\n", ["a.yaml:1:1 overlay.outside"]),
    ],
)
def test_a_wrong_envelope_is_refused_at_its_place(catalogue, text, expected):
    found = catalogue.write(a_yaml=text).problems()
    assert set(expected) <= set(found)
    assert {line.rpartition(" ")[0] for line in found} <= {line.rpartition(" ")[0] for line in expected}


def test_top_level_x_keys_may_hold_anchors(catalogue):
    text = "x-by: &by {model: $.model}\n" + HEAD + "spec: {eventType: a, aggregation: COUNT, groupBy: *by}\n"
    assert catalogue.write(a_yaml=text).specs()["Meter/m"]["groupBy"] == {"model": "$.model"}


def test_an_object_declared_twice_is_refused_with_both_places(catalogue, meter):
    catalogue.write(a_yaml=meter, b_yaml="---\n" + meter)
    (problem,) = catalogue.check()
    assert (problem.rule, str(problem.location)) == ("manifest.duplicate", "b.yaml:2:1")
    assert "a.yaml:1:1" in problem.message


def test_one_key_may_name_objects_of_two_kinds(catalogue, meter):
    catalogue.write(a_yaml=meter + "---\n" + meter.split("spec")[0].replace("Meter", "Feature") + "spec: {name: T}\n")
    assert list(catalogue.specs()) == ["Meter/tokens", "Feature/tokens"]


def test_all_problems_of_all_files_come_at_once_and_in_order(catalogue, meter):
    catalogue.write(
        b_yaml=HEAD + "spec: {eventTyp: a, aggregation: SUMM, name: 12}\n",
        a_yaml="a: [",
        c_yaml="\x00",
        d_yaml=meter + "---\n" + meter + "---\nkind: X\n",
    )
    assert catalogue.problems() == [
        "a.yaml:1:5 yaml.syntax",
        "b.yaml:4:1 schema.missing",
        "b.yaml:4:8 schema.unknown_field",
        "b.yaml:4:34 schema.enum",
        "b.yaml:4:46 schema.type",
        "c.yaml:1:1 yaml.character",
        "d.yaml:6:1 manifest.duplicate",
        "d.yaml:11:1 schema.missing",
        "d.yaml:11:1 schema.missing",
    ]
    assert catalogue.refusal() == catalogue.check()


def test_a_wrong_document_is_still_declared_for_what_refers_to_it(catalogue, meter):
    feature = "---\napiVersion: openmeter.io/v1\nkind: Feature\nkey: f\nspec: {name: F, meterSlug: tokens}\n"
    catalogue.write(a_yaml=meter.replace("COUNT", "COUNTS") + feature)
    assert catalogue.problems() == ["a.yaml:4:35 schema.enum"]


def test_problems_carry_their_object_their_reason_and_what_to_underline(catalogue):
    catalogue.write(a_yaml=HEAD + "spec: {eventType: a, aggregation: COUNT, valueProperty: $.a}\n")
    (problem,) = catalogue.check()
    assert (problem.rule, str(problem.address), problem.span) == ("meter.value_property.count", "Meter/m", 13)
    assert problem.why == "OpenMeter refuses a value property on COUNT."
    assert str(problem.location) == "a.yaml:4:42"
