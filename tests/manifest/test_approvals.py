"""``kind: Approval`` among the manifests: read, located, never declared."""

from datetime import UTC, date, datetime

import jsonschema
import pytest
import yaml

from reconciler import manifest
from reconciler.manifest.approvals import EXAMPLE
from reconciler.manifest.schema import schema
from reconciler.project import load_project

HEAD = "apiVersion: reconciler/v1\nkind: Approval\nkey: a\nspec:\n"
GOOD = HEAD + "  allow: ['price-raising:Plan/pro']\n  because: board\n  expires: 2027-01-31\n"


def load(catalogue, environment=None, at=None):
    project = load_project(catalogue.root)
    return manifest.load(project, project.environment(environment), at=at)


def test_an_approval_is_read_and_declares_nothing(catalogue, meter):
    found = load(catalogue.write(a_yaml=EXAMPLE, m_yaml=meter))
    assert [str(address) for address in found.resources] == ["Meter/tokens"]
    (approval,) = found.approvals
    assert approval.allow == ("price-raising:Plan/pro",)
    assert approval.expires == date(2027, 1, 31)
    assert approval.change == "51be09a3d2c7"
    assert approval.because == "board decision 14"
    assert approval.origin == "a.yaml:1 (raise_2027)"
    assert found.warnings == ()
    assert load(catalogue.write(a_yaml="")).digest == found.digest


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        (GOOD.replace("price-raising", "price-rising"), "5:11 approval.consent", "did you mean `price-raising`?"),
        (GOOD.replace("Plan/pro", "Plam/pro"), "5:11 approval.consent", "did you mean `Plan`?"),
        (GOOD.replace("Plan/pro", "pro"), "5:11 approval.consent", "is not CODE:KIND/KEY"),
        (GOOD.replace("price-raising", "pr*"), "5:11 approval.consent", "there is no consent called `pr*`"),
        (GOOD.replace("price-raising", "protected"), "5:11 approval.consent", "nothing consents to `protected`"),
        (GOOD.replace("price-raising", "foreign_draft"), "5:11 approval.consent", "taken over with `adopt`"),
        (GOOD.replace("2027-01-31", "2027-02-31"), "7:12 approval.expires", "is not a date"),
        (GOOD.replace("2027-01-31", "soon"), "7:12 approval.expires", "write it like `2027-01-31`"),
        (GOOD + "  change: 51be\n", "8:11 approval.change", "6 to 64"),
        (GOOD + "  change: 51be0g\n", "8:11 approval.change", "6 to 64"),
        (GOOD + "  change: 51234e10\n", "8:11 approval.change", "quote the change digest"),
        (GOOD + "  becuase: x\n", "8:3 schema.unknown_field", "did you mean `because`?"),
        (GOOD.replace("  because: board\n", ""), "4:1 schema.missing", "`because`"),
        (GOOD.replace("['price-raising:Plan/pro']", "[]"), "5:3 schema.length", "allow"),
        (GOOD + "lifecycle: {protect: true}\n", "8:1 schema.unknown_field", "lifecycle"),
        (GOOD.replace("key: a", "key: A-b"), "3:6 manifest.key", "write `a_b`"),
        (GOOD.replace("reconciler/v1", "openmeter.io/v1"), "1:13 manifest.api_version", "`apiVersion: reconciler/v1`"),
        (GOOD.replace("Approval", "Aproval"), "2:7 manifest.kind", "did you mean `Approval`?"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(catalogue, text, place, says):
    (problem,) = catalogue.write(a_yaml=text).check()
    assert (f"{problem.location} {problem.rule}", says in problem.message) == (f"a.yaml:{place}", True), problem


def test_globs_digits_and_a_missing_slash_where_no_object_is_meant_are_fine(catalogue):
    text = GOOD.replace("'price-raising:Plan/pro'", "'adopt:*/*', 'destructive:Pl?n/a', empty-manifests")
    (approval,) = load(catalogue.write(a_yaml=text + "  change: 123456\nx-note: any\n")).approvals
    assert approval.allow == ("adopt:*/*", "destructive:Pl?n/a", "empty-manifests")
    assert approval.change == "123456"


@pytest.mark.parametrize(("today", "warned"), [((2027, 1, 31), False), ((2027, 2, 1), True)])
def test_an_approval_that_expired_is_warned_of_from_the_day_after_its_last(catalogue, today, warned):
    found = load(catalogue.write(a_yaml=GOOD), at=datetime(*today, tzinfo=UTC))
    assert [f"{p.location} {p.rule} {p.severity}" for p in found.warnings] == (
        ["a.yaml:7:12 approval.expired warning"] if warned else []
    )
    project = load_project(catalogue.root)
    assert bool(manifest.check(project, None, at=datetime(*today, tzinfo=UTC))) is warned


def test_an_approval_without_an_end_and_without_a_change_is_warned_of(catalogue):
    text = GOOD.replace("  expires: 2027-01-31\n", "")
    assert [p.rule for p in load(catalogue.write(a_yaml=text)).warnings] == ["approval.unbounded"]
    assert load(catalogue.write(a_yaml=text + "  change: 51be09\n")).warnings == ()


def test_a_key_used_twice_is_refused_with_both_places(catalogue):
    (problem,) = catalogue.write(a_yaml=GOOD, b_yaml=GOOD).check()
    assert (problem.rule, str(problem.location)) == ("manifest.duplicate", "b.yaml:1:1")
    assert "a.yaml:1:1" in problem.message


def test_an_approval_in_an_overlay_is_of_that_environment_alone(catalogue):
    catalogue.project("environments:\n  live: {endpoint: 'https://x.test', overlays: [overlays/live]}\n")
    catalogue.write(overlays__live__a_yaml=GOOD)
    assert [item.key for item in load(catalogue, "live").approvals] == ["a"]
    assert load(catalogue, "sandbox").approvals == ()


@pytest.mark.parametrize("text", [EXAMPLE, GOOD, GOOD + "x-note: 1\n"])
def test_an_approval_fits_the_schema(text):
    tree = yaml.load(text, yaml.BaseLoader)
    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(tree)) == []


@pytest.mark.parametrize("old_new", [("spec", "specs"), ("because", "why"), ("reconciler/v1", "openmeter.io/v1")])
def test_a_mistake_does_not_fit_the_schema(old_new):
    tree = yaml.load(EXAMPLE.replace(*old_new), yaml.BaseLoader)
    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(tree)) != []
