"""Workflow commands of GitHub Actions: read back as the runner reads them, whatever the text says."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from reconciler.model import Address, ChangeClass, Guard, Location, Problem, Rehearsal, Ruling
from reconciler.model.rehearsal import Refusal
from reconciler.render import annotations
from reconciler.render.findings import Places

COMMAND = re.compile(r"::(?P<name>[a-z]+) (?P<properties>.*?)::(?P<data>.*)")
HOSTILE = "x\n::error::gotcha\r::set-env name=A::b %0A%25 ]]> , : ##[add-mask]y \x1b[31m\x00\u202e"


def unescaped(text):
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, char)
    return text


def commands(text):
    """Every command as the runner reads it: name, properties, message. Fails on a line that is none."""
    found = []
    for line in text.split("\n")[:-1]:
        match = COMMAND.fullmatch(line)
        assert match, line
        pairs = (pair.split("=", 1) for pair in match["properties"].split(","))
        found.append((match["name"], {key: unescaped(value) for key, value in pairs}, unescaped(match["data"])))
    return found


def problem(message="wrong", line=3, **more):
    fields = {"location": Location("catalog/plans.yaml", line, 5), "span": 4, **more}
    return Problem("schema.type", message, **fields)


def test_a_problem_is_an_annotation_at_its_line_with_its_rule_and_reason():
    found = problem(address=Address("Plan", "pro"), why="The API takes no other type here.")
    assert annotations.problems([found]) == (
        "::error file=catalog/plans.yaml,line=3,endLine=3,col=5,endColumn=9,title=schema.type%3A Plan/pro"
        "::wrong%0AThe API takes no other type here.\n"
    )


def test_nothing_wrong_is_no_line():
    assert annotations.problems([]) == ""


def test_files_are_named_from_the_top_of_the_repository():
    ((_, at, _),) = commands(annotations.problems([problem()], Places("services/billing")))
    assert at["file"] == "services/billing/catalog/plans.yaml"


@pytest.mark.parametrize("file", ["../../../etc/x.yaml", "/etc/x.yaml"])
def test_a_file_outside_the_repository_is_told_in_words(file):
    found = problem(location=Location(file, 3, 5))
    ((_, at, said),) = commands(annotations.problems([found], Places("billing")))
    assert (set(at), said) == ({"title"}, f"wrong\nat {file}:3:5")


def test_hostile_text_is_one_command_and_shows_what_it_is():
    found = problem(HOSTILE, location=Location(f"a,b::{HOSTILE}.yaml", 1), address=Address("Plan", HOSTILE))
    ((name, at, said),) = commands(annotations.problems([found]))
    shown = HOSTILE.replace("\n", "\\n").replace("\r", "\\r").replace("\x1b", "\\x1b")
    shown = shown.replace("\x00", "\\x00").replace("\u202e", "\\u202e")
    assert (name, said) == ("error", shown)
    assert at["title"] == f"schema.type: Plan/{shown}"
    assert set(at) == {"file", "line", "endLine", "col", "endColumn", "title"}


def test_of_each_level_ten_are_annotations_and_the_rest_are_told():
    errors = [problem(f"error {n}", n) for n in range(1, 13)]
    warnings = [problem(f"warning {n}", n, severity="warning") for n in range(1, 12)]
    lines = annotations.problems([*warnings, *errors]).splitlines()
    assert [line.split(" ")[0] for line in lines[:20]] == ["::error"] * 10 + ["::warning"] * 10
    assert lines[20:] == [
        "error schema.type: catalog/plans.yaml:11: error 11",
        "error schema.type: catalog/plans.yaml:12: error 12",
        "warning schema.type: catalog/plans.yaml:11: warning 11",
        "2 errors and 1 warning more than GitHub shows of one step: the lines above have no annotation.",
    ]


def test_what_is_told_beyond_the_tenth_is_no_command_either():
    lines = annotations.problems([problem(HOSTILE, n) for n in range(1, 12)]).splitlines()
    assert len(lines) == 12
    assert lines[10].startswith("error schema.type: ")
    assert "##[" not in lines[10]


def test_an_open_guard_is_a_warning_at_the_price_that_changes(make):
    ((name, at, said), *_) = commands(annotations.plan(make.plan("price")))
    assert (name, at["file"], at["line"]) == ("warning", "catalog/ratecards.yaml", "10")
    assert at["title"] == "guard.price-raising: Plan/pro"
    assert said == (
        "Plan/pro: needs a decision.\n"
        "phases[main].rateCards[tokens_large].price.tiers[2].unitPrice.amount: 0.000002 -> 0.0000025 USD, "
        "2.00 -> 2.50 USD per 1M (+25.0 %)\n"
        "opened by: --allow price-raising:Plan/pro"
    )


def test_a_guard_that_nothing_opens_is_an_error_and_comes_first(make):
    plan = make.plan("price", "replaced")
    closed = Guard("protected", Address("Meter", "seconds"), "Meter/seconds is protected", consentable=False)
    found = commands(annotations.plan(replace(plan, guards=(*plan.guards, closed))))
    assert [name for name, _, _ in found] == ["error", "warning", "warning"]
    assert found[0][2].splitlines()[0] == "Meter/seconds is protected"
    assert found[0][2].endswith("no flag opens this one")


def test_a_guard_that_only_a_team_opens_is_a_warning_and_no_error(make):
    plan = make.plan("price")
    guard = replace(plan.guards[0], team="acme/pricing", consentable=False)
    assert [name for name, _, _ in commands(annotations.plan(replace(plan, guards=(guard,))))] == ["warning"]


def test_what_nothing_opens_comes_before_what_a_rehearsal_refused(make):
    closed = Guard("protected", None, "protected", consentable=False)
    rehearsal = Rehearsal(0, 1, (Refusal("s", Address("Plan", "pro"), "refused"),))
    refused, guarded = replace(make.plan(), rehearsal=rehearsal), replace(make.plan(), guards=(closed,))
    found = commands(annotations.plans([refused, guarded]))
    assert [at["title"].split(" in ")[0] for _, at, _ in found] == ["guard.protected", "rehearsal.refused: Plan/pro"]


def test_among_guards_of_one_level_the_graver_class_comes_first(make):
    found = commands(annotations.plan(make.plan("price", "replaced")))
    assert [at["title"] for _, at, _ in found] == ["guard.destructive: Meter/seconds", "guard.price-raising: Plan/pro"]


def test_a_guard_of_a_team_says_whose_consent_it_needs(make):
    plan = make.plan("price")
    plan = replace(plan, guards=(replace(plan.guards[0], team="acme/pricing"),))
    assert commands(annotations.plan(plan))[0][2].endswith(
        "\nneeds the consent of @acme/pricing: an approving review of one of its members"
    )


def test_a_consented_guard_is_a_notice_that_says_by_whom(make):
    plan = make.plan("price")
    plan = replace(plan, guards=(replace(plan.guards[0], status="consented", consent="--allow"),))
    ((name, _, said),) = commands(annotations.plan(plan))
    assert (name, said.splitlines()[-1]) == ("notice", "consented by --allow")


def test_without_guards_what_can_hurt_is_a_notice_and_what_cannot_is_nothing(make):
    plan = replace(make.plan("price", "created", "adopted"), guards=())
    ((name, at, said),) = commands(annotations.plan(plan))
    assert (name, at["title"]) == ("notice", "change.price-raising: Plan/pro")
    assert said.startswith("Plan/pro will be published as version 5")


def test_a_guard_without_an_object_has_no_line(make):
    plan = replace(make.plan(), guards=(Guard("max_removals", None, "too many", consentable=False),))
    assert commands(annotations.plan(plan)) == [
        ("error", {"title": "guard.max_removals"}, "too many\nno flag opens this one")
    ]


def test_a_ruling_is_told_unless_a_guard_tells_it(make):
    plan = make.plan("price")
    warned = Ruling("no-raise", "warn", None, "look at it", "warned", location=Location("reconciler.yaml", 9))
    told = Ruling("price-raising", "consent", Address("Plan", "pro"), "needs consent", "open", "acme/pricing")
    met = Ruling("additive", "allow", None, "fine", "met")
    other = replace(told, address=Address("Plan", "team"))
    found = commands(annotations.plan(replace(plan, policy=(warned, told, met, other))))
    assert [(name, at["title"]) for name, at, _ in found] == [
        ("warning", "policy.price-raising: Plan/team"),
        ("warning", "guard.price-raising: Plan/pro"),
        ("warning", "policy.no-raise"),
    ]


def test_a_policy_that_warns_of_a_change_is_told_once_and_at_the_line_that_changes(make):
    plan = make.plan("price")
    allowed = replace(plan.guards[0], status="consented", consent="policy at reconciler.yaml:9")
    at_rule = Location("reconciler.yaml", 9)
    warned = Ruling("price-raising", "warn", Address("Plan", "pro"), "raises a price", "warned", location=at_rule)
    ((name, at, said),) = commands(annotations.plan(replace(plan, guards=(allowed,), policy=(warned,))))
    assert (name, at["title"], at["file"]) == ("warning", "policy.price-raising: Plan/pro", "catalog/ratecards.yaml")
    assert said.splitlines()[1].endswith("2.00 -> 2.50 USD per 1M (+25.0 %)")


def test_a_warning_that_stands_for_a_ruling_is_told_once(make):
    ruling = Ruling("no_raise", "warn", None, "look at it", "warned")
    warnings = tuple(Problem("policy.warning", said, severity="warning") for said in ("look at it", "something else"))
    found = commands(annotations.plan(replace(make.plan(), policy=(ruling,), warnings=warnings)))
    assert [(at["title"], said) for _, at, said in found] == [
        ("policy.no_raise", "look at it"),
        ("policy.warning", "something else"),
    ]


def test_what_a_rehearsal_refused_is_an_error_where_it_is_declared(make):
    refusal = Refusal("s", Address("Plan", "pro"), "400 no such feature", Location("a.yaml", 7))
    plan = replace(make.plan(), rehearsal=Rehearsal(1, 2, (refusal,)))
    ((name, at, said),) = commands(annotations.plan(plan))
    assert (name, at["file"], at["line"]) == ("error", "a.yaml", "7")
    assert said.startswith("Plan/pro: 400 no such feature")


def test_a_secret_is_never_told(make):
    change = make.change("adopted", classes=(ChangeClass.BILLING_BEHAVIOUR,))
    change = replace(change, fields=(replace(change.fields[0], before="whsec_old", after="whsec_new", note=None),))
    plan = replace(make.plan(), changes=(change,))
    text = annotations.plan(plan)
    assert "signingSecret: (secret)" in text
    assert "whsec" not in text


def test_several_plans_name_their_environment_and_share_the_ten(make):
    guards = tuple(Guard(f"c{n}", None, "m", consentable=True) for n in range(6))
    made = replace(make.plan(), guards=guards)
    plans = [replace(made, target=replace(made.target, environment=name)) for name in ("eu", "us")]
    lines = annotations.plans(plans).splitlines()
    assert sum(line.startswith("::warning title=guard.c") for line in lines) == 10
    assert " in eu::m" in lines[0]
    assert lines[-1].startswith("2 warnings more than GitHub shows")


def test_a_plan_from_a_snapshot_says_how_old_it_is_before_other_notices(make):
    plan = replace(make.from_snapshot("price"), guards=())
    (_, properties, said), *rest = [one for one in commands(annotations.plan(plan)) if one[0] == "notice"]
    assert properties == {"title": "plan.snapshot"}
    assert said == make.snapshot_said
    assert [one["title"] for _, one, _ in rest] == ["change.price-raising: Plan/pro"]


def test_a_plan_whose_files_are_wrong_tells_the_problems(make):
    found = commands(annotations.plans([make.plan("price")], broken=[problem()]))
    assert [name for name, _, _ in found] == ["error", "warning"]
