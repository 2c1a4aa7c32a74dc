from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
import simplejson
from jsonschema import Draft202012Validator

from reconciler.model import (
    Address,
    Affected,
    Amounts,
    Contents,
    Curve,
    Impact,
    Location,
    Mover,
    Reduced,
    Refusal,
    Rehearsal,
    Report,
    Rerated,
    Ruling,
    Spread,
    Step,
    StepResult,
)
from reconciler.planning import planfile
from reconciler.render import report_json, schemas

IMPACT = Impact(Address("Plan", "pro"), "studio", False, "EUR", "P1M", Amounts(Decimal(1), Decimal("1.5")))
CURVE = Curve(Address("Plan", "pro"), "main", "tokens", "EUR", (Decimal(0), Decimal(9)), (), (Decimal(1), Decimal(2)))
REHEARSAL = Rehearsal(
    3,
    5,
    (Refusal("s4", Address("Plan", "pro"), "too dear", Location("plans.yaml", 4), 400),),
    differences=("Meter/tokens: the server ignored `name`",),
    left_out=(Address("Feature", "sso"),),
)


def errors(schema, text):
    Draft202012Validator.check_schema(schema)
    return [error.message for error in Draft202012Validator(schema).iter_errors(simplejson.loads(text))]


@pytest.mark.parametrize("names", [(), ("created",), ("adopted", "created", "price", "replaced")])
def test_a_saved_plan_is_valid_by_its_schema(make, names):
    assert errors(schemas.plan(), planfile.dumps(replace(make.plan(*names), warnings=(make.warning,)))) == []


def test_a_rehearsal_is_valid_by_the_schema_and_comes_back_as_it_was(make):
    text = planfile.dumps(replace(make.plan("price"), **CONSEQUENCES))
    assert errors(schemas.plan(), text) == []
    assert planfile.loads(text).rehearsal == REHEARSAL


def test_a_rehearsal_is_covered_by_the_digest_and_not_by_the_change_digest(make):
    plain = make.plan("price")
    tried = replace(plain, rehearsal=REHEARSAL)
    assert planfile.digest(tried) != planfile.digest(plain)
    assert planfile.change_digest(tried) == planfile.change_digest(plain)


def test_a_plan_without_its_digest_or_with_an_unknown_action_is_not(make):
    tree = planfile.tree(make.plan("created"))
    assert errors(schemas.plan(), simplejson.dumps({**tree, "changes": [{**tree["changes"][0], "action": "explode"}]}))
    del tree["digest"]
    assert errors(schemas.plan(), simplejson.dumps(tree))


AFFECTED = Affected(Address("Plan", "pro"), ((2, 1),), (Reduced("main", "sso", "access", None),), ("extra",))


RERATED = Rerated(
    Address("Plan", "pro"), "EUR", 5, 4, 3, (("no idea", 1),), Decimal(1), Decimal("2.5"), 2, 1,
    Spread(Decimal(-1), Decimal(0), Decimal(1), Decimal(2)), Decimal("33.3333"), 1,
    (Mover("k", "n", Decimal(1), Decimal(2)),),
)  # fmt: skip
RULING = Ruling(
    "price-raising",
    "consent",
    Address("Plan", "pro"),
    "raises a price",
    "open",
    "acme/pricing",
    "a review",
    Location("r.yaml", 3),
)
CONSEQUENCES = {
    "policy": (RULING,),
    "contents": (Contents(Address("Plan", "pro"), {"name": "Pro"}, {"name": "Pro 2"}),),
    "rerated": (RERATED,),
    "rehearsal": REHEARSAL,
    "impacts": (IMPACT,),
    "curves": (CURVE,),
    "affected": (AFFECTED,),
}


def test_who_is_affected_is_valid_by_the_schema_told_or_not(make):
    for one in (AFFECTED, replace(AFFECTED, versions=None)):
        assert errors(schemas.plan(), planfile.dumps(replace(make.plan("price"), affected=(one,)))) == []


def test_what_the_policy_says_is_kept_with_and_without_an_object_a_team_or_a_line(make):
    bare = replace(RULING, address=None, team=None, unblock=None, location=None)
    text = planfile.dumps(replace(make.plan("price"), policy=(RULING, bare)))
    assert errors(schemas.plan(), text) == []
    assert planfile.loads(text).policy == (RULING, bare)


def test_the_plan_schema_names_every_field_that_a_plan_has(make):
    tree = planfile.tree(replace(make.plan("price"), **CONSEQUENCES))
    schema = schemas.plan()
    assert set(tree) == set(schema["properties"])
    step = schema["properties"]["steps"]["items"]["properties"]
    assert set(tree["steps"][0]) == set(step)
    change = schema["properties"]["changes"]["items"]["properties"]
    assert set(tree["changes"][0]) == set(change)


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_report_is_valid_by_its_schema_and_every_field_is_in_it(make, interrupted):
    step = Step("s1", Address("Meter", "tokens"), "create", "POST", "/api/v1/meters")
    located = replace(make.change("created"), location=Location("a.yaml", 1))
    report = Report(
        replace(make.plan(), changes=(located,)),
        (
            StepResult(step, "verified", 201, "r", 0.1, "id", notes=("n",)),
            StepResult(step, "failed", error="e", tip="t"),
        ),
        interrupted=interrupted,
    )
    assert errors(schemas.report(), report_json.dumps(report)) == []
    tree = report_json.tree(report)
    assert set(tree) == set(schemas.report()["properties"])
    assert errors(schemas.report(), simplejson.dumps({**tree, "steps": [{**tree["steps"][0], "state": "perhaps"}]}))
