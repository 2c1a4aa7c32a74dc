"""JUnit XML of problems and plans: what a CI counts, and text that cannot break out of it."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from reconciler.model import Address, Guard, Location, Problem
from reconciler.render import findings_junit, junit
from reconciler.render.findings import Places
from reconciler.render.junit import Case, Failure
from reconciler.render.problems_text import Checked


def cases(text):
    """Name → case, of the whole document."""
    return {case.get("name"): case for case in ElementTree.fromstring(text).iter("testcase")}


def counts(text):
    root = ElementTree.fromstring(text)
    return tuple(int(root.get(name)) for name in ("tests", "failures", "skipped"))


def problem(message="wrong", line=3, rule="schema.type", **more):
    return Problem(rule, message, **{"location": Location("catalog/plans.yaml", line, 5), **more})


def test_manifests_without_errors_are_a_test_that_passed():
    text = findings_junit.problems([], Checked(14, 3))
    assert counts(text) == (1, 0, 0)
    assert cases(text)["manifests"].findtext("system-out") == (
        "No problems; 14 files checked against 3 environments."
    )  # fmt: skip


def test_errors_of_one_rule_and_object_are_one_failure_that_tells_all():
    pro = Address("Plan", "pro")
    found = [problem("one", 3, address=pro), problem("two", 9, address=pro), problem("else", 4, rule="schema.enum")]
    text = findings_junit.problems(found, places=Places("billing"))
    assert counts(text) == (2, 2, 0)
    failed = cases(text)["Plan/pro: schema.type"]
    assert (failed.get("file"), failed.get("line")) == ("billing/catalog/plans.yaml", "3")
    assert failed.find("failure").attrib == {"message": "one (and 1 more)", "type": "schema.type"}
    assert failed.findtext("failure").splitlines() == [
        "billing/catalog/plans.yaml:3:5: error[schema.type]: one",
        "billing/catalog/plans.yaml:9:5: error[schema.type]: two",
    ]
    assert "billing/catalog/plans.yaml: schema.enum" in cases(text)


def test_a_file_outside_of_the_repository_is_named_as_it_is():
    text = findings_junit.problems([problem(location=Location("../../x.yaml", 3))], places=Places("billing"))
    assert cases(text)["../x.yaml: schema.type"].get("file") == "../x.yaml"


def test_a_warning_passes_and_is_told():
    text = findings_junit.problems([problem(severity="warning", why="Because.")])
    assert counts(text) == (2, 0, 0)
    said = cases(text)["catalog/plans.yaml: schema.type"].findtext("system-out")
    assert said == "catalog/plans.yaml:3:5: warning[schema.type]: wrong\n  Because."


def test_a_plan_is_a_suite_and_every_object_a_case_that_an_open_guard_fails(make):
    plan = make.plan("price", "created")
    text = findings_junit.plan(plan)
    assert counts(text) == (3, 1, 0)
    assert [suite.get("name") for suite in ElementTree.fromstring(text)] == ["production"]
    found = cases(text)
    assert list(found) == ["plan", "Plan/pro", "Meter/tokens"]
    assert found["plan"].findtext("system-out") == "Plan: 1 to create, 1 new version."
    assert found["Plan/pro"].find("failure").get("type") == "guard.price-raising"
    assert found["Plan/pro"].get("classname") == "production"
    assert found["Meter/tokens"].find("failure") is None


def test_a_guard_that_somebody_consented_to_passes(make):
    plan = make.plan("price")
    plan = replace(plan, guards=(replace(plan.guards[0], status="consented", consent="--allow"),))
    text = findings_junit.plan(plan)
    assert counts(text) == (2, 0, 0)
    assert "consented by --allow" in cases(text)["Plan/pro"].findtext("system-out")


def test_a_guard_of_the_whole_plan_fails_the_plan(make):
    plan = replace(make.plan(), guards=(Guard("max_removals", None, "too many", consentable=False),))
    assert cases(findings_junit.plan(plan))["plan"].find("failure").get("message") == "too many"


def test_an_empty_plan_is_a_test_that_passed(make):
    text = findings_junit.plan(make.plan())
    assert counts(text) == (1, 0, 0)
    assert cases(text)["plan"].findtext("system-out") == "No changes. OpenMeter matches the manifests."


def test_a_plan_from_a_snapshot_says_how_old_it_is_and_passes(make):
    text = findings_junit.plan(make.from_snapshot("created"))
    assert counts(text) == (2, 0, 0)
    assert cases(text)["plan"].findtext("system-out").splitlines() == [
        "Plan: 1 to create.",
        make.snapshot_said,
    ]


def test_every_environment_is_a_suite(make):
    plan = make.plan("created")
    other = replace(plan, target=replace(plan.target, environment="staging"))
    root = ElementTree.fromstring(findings_junit.plans([plan, other], broken=[problem()]))
    assert [(suite.get("name"), suite.get("failures")) for suite in root] == [
        ("manifests", "1"),
        ("production", "0"),
        ("staging", "0"),
    ]


def test_hostile_text_stays_text():
    hostile = "]]><script>&\"'\x00\x1b\n\u202e\ufffe\ud800</failure>"
    shown = "]]><script>&\"'\\x00\\x1b\\n\\u202e\\ufffe\\ud800</failure>"
    case = Case(hostile, hostile, Location(hostile, 1), Failure(hostile, hostile, [hostile]), said=[hostile])
    (suite,) = ElementTree.fromstring(junit.dumps(hostile, {hostile: [case]}))
    (read,) = suite
    assert {suite.get("name"), read.get("classname"), read.get("name"), read.get("file")} == {shown}
    assert {read.findtext("failure"), read.find("failure").get("message"), read.findtext("system-out")} == {shown}
