"""The digest of a bundle is over what documents and variables say; a file that says something else is refused."""

import itertools
import json
from decimal import Decimal

import pytest

from reconciler.errors import BundleError, ProjectError
from reconciler.project.bundles import BundleReference, dumps, loads, make_bundle
from reconciler.project.values import Variable

HEAD = "apiVersion: openmeter.io/v1\nkind: Meter\n"
A = HEAD + "key: a\nspec: {eventType: a, aggregation: COUNT}\n"
B = HEAD + 'key: b\nspec: {eventType: "{{ vars.x }}", aggregation: COUNT}\n'
APPROVAL = "apiVersion: reconciler/v1\nkind: Approval\nkey: x\nspec: {allow: ['*'], because: no}\n"


def bundle(files, variables=(), project="acme", **more):
    encoded = {name: text.encode() for name, text in files.items()}
    return make_bundle(project, encoded, {one.name: one for one in variables}, **more)


X = Variable("x", "decimal", Decimal("1.50"), Decimal(0), Decimal(9), (), "for people")


@pytest.mark.parametrize(
    "files",
    [
        {"z.yaml": B, "y.yaml": A},
        {"one.yaml": f"{B}---\n{A}"},
        {"one.yaml": f"# a comment\n{A}---\n---\n{B}---\n{APPROVAL}"},
        {"one.yaml": f"x-count: &c COUNT\n{A.replace('COUNT', '*c')}---\n{B}"},
        {"a.json": json.dumps({"key": "a", "kind": "Meter", "apiVersion": "openmeter.io/v1",
                               "spec": {"aggregation": "COUNT", "eventType": "a"}}), "b.yaml": B},
    ],
)  # fmt: skip
def test_files_order_comments_spelling_and_approvals_do_not_matter(files):
    assert bundle(files, [X]).digest == bundle({"a.yaml": A, "b.yaml": B}, [X]).digest


@pytest.mark.parametrize(
    ("files", "variables", "project"),
    [
        ({"a.yaml": A}, [X], "acme"),
        ({"a.yaml": A.replace("COUNT", "SUM"), "b.yaml": B}, [X], "acme"),
        ({"a.yaml": A + "lifecycle: {protect: true}\n", "b.yaml": B}, [X], "acme"),
        ({"a.yaml": A, "b.yaml": B}, [], "acme"),
        ({"a.yaml": A, "b.yaml": B}, [Variable("x", "decimal", Decimal("1.51"), Decimal(0), Decimal(9))], "acme"),
        ({"a.yaml": A, "b.yaml": B}, [Variable("x", "decimal", Decimal("1.5"), Decimal(0), Decimal(8))], "acme"),
        ({"a.yaml": A, "b.yaml": B}, [Variable("x", "string", "1.5")], "acme"),
        ({"a.yaml": A, "b.yaml": B}, [X], "other"),
    ],
)
def test_everything_that_changes_what_is_declared_changes_the_digest(files, variables, project):
    assert bundle(files, variables, project).digest != bundle({"a.yaml": A, "b.yaml": B}, [X]).digest


def test_a_bundle_comes_back_from_its_file_as_it_was():
    variables = [
        X,
        Variable("s", "string", "true"),
        Variable("i", "integer", 3, choices=(3, 4)),
        Variable("b", "boolean", False),
        Variable("unset", "string"),
    ]
    made = bundle({"catalog/a.yaml": A, "b.yaml": B}, variables, commit="0" * 40, dirty=True)
    text = dumps(made)
    back = loads(text, "x.json")
    assert (back.digest, back.files, back.commit, back.dirty) == (made.digest, made.files, "0" * 40, True)
    assert [back.variables[one.name].default for one in variables] == [Decimal("1.5"), "true", 3, False, None]
    assert (back.variables["x"].minimum, back.variables["i"].choices) == (Decimal(0), (3, 4))
    assert dumps(back) == text
    assert back.origin == "0000000000"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("COUNT}", "SUM}"),
        ('"1.5"', '"2.5"'),
        ('"project": "acme"', '"project": "other"'),
        ("sha256:", "sha256:0"),
        ("kind: Meter", "kind: [Meter"),
        ("vars.x", "vars.y"),
    ],
)
def test_a_file_whose_content_is_not_what_its_digest_says_is_refused(old, new):
    text = dumps(bundle({"a.yaml": A, "b.yaml": B}, [X]))
    assert old in text
    with pytest.raises(BundleError, match="was changed after it was made"):
        loads(text.replace(old, new, 1), "x.json")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"digest": 1}', "null", "[" * 100_000])
def test_what_is_no_bundle_is_refused(text):
    with pytest.raises(BundleError, match=r"x\.json is not a bundle"):
        loads(text, "x.json")


def test_a_bundle_of_a_newer_format_is_refused():
    text = dumps(bundle({"a.yaml": A})).replace('"formatVersion": "1.0"', '"formatVersion": "2.0"')
    with pytest.raises(BundleError, match=r"has format 2\.0"):
        loads(text, "x.json")


def test_manifests_that_cannot_be_read_make_no_bundle():
    with pytest.raises(ProjectError):
        bundle({"a.yaml": "a: [", "b.yaml": B})


@pytest.mark.parametrize("fields", list(itertools.permutations(["apiVersion", "kind", "key", "spec"])))
def test_the_digest_knows_no_order_of_fields(fields):
    tree = {
        "apiVersion": "openmeter.io/v1",
        "kind": "Meter",
        "key": "a",
        "spec": {"b": {"x": 1, "y": [2, 1]}, "a": None},
    }
    text = json.dumps({name: tree[name] for name in fields})
    assert bundle({"a.json": text}).digest == bundle({"a.json": json.dumps(tree)}).digest
    assert bundle({"a.json": text.replace("[2, 1]", "[1, 2]")}).digest != bundle({"a.json": text}).digest


@pytest.mark.parametrize("text", ["sha256:" + "a" * 64, "sha256:" + "0" * 64 + "@" + "1" * 40])
def test_a_reference_is_all_of_a_digest_and_maybe_a_commit(text):
    assert str(BundleReference.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "a" * 64, "sha256:" + "a" * 63, "sha256:" + "A" * 64, "sha256:" + "a" * 64 + "@main", "sha256:x"]
)
def test_less_is_no_reference(text, refused):
    assert BundleReference.parse(text) is None
    assert refused(f"environments: {{a: {{endpoint: 'sandbox:', bundle: '{text}'}}}}")[0] == ["4:50 project.bundle"]
