"""The saved plan: it reads back as it was, and says when it is not what was saved."""

import json
from dataclasses import replace

import pytest

from reconciler.errors import ForeignPlanError, PlanFileError
from reconciler.model import Address, Guard
from reconciler.planning import planfile

RAISED = Guard("price-raising", Address("Meter", "tokens"), "raises a price", consentable=True)


@pytest.fixture
def made(world, tokens):
    world.apply(tokens)
    changed = replace(tokens, spec={**tokens.spec, "name": "All tokens"})
    return replace(world.plan(changed), created_at="2027-01-01T00:00:00Z", valid_until="2027-01-04T00:00:00Z", tool="t")


def edited(text, **fields):
    body = json.loads(text)
    return json.dumps({**body, **fields})


def test_a_saved_plan_reads_back_equal(made):
    assert replace(planfile.loads(planfile.dumps(made)), requests=made.requests, seconds=made.seconds) == made


def test_saving_twice_gives_the_same_bytes(made):
    assert planfile.dumps(made) == planfile.dumps(planfile.loads(planfile.dumps(made)))


def test_the_change_digest_ignores_times_tool_commit_and_lines(made):
    moved = [replace(change, location=replace(change.location, line=99)) for change in made.changes]
    later = replace(made, created_at="2028", valid_until="2029", tool="other", changes=tuple(moved))
    assert planfile.change_digest(later) == planfile.change_digest(made)
    assert planfile.digest(later) != planfile.digest(made)


def test_the_change_digest_sees_another_target_body_or_guard(made):
    digest = planfile.change_digest(made)
    other_target = replace(made, target=replace(made.target, identity="other"))
    (step,) = made.steps
    other_body = replace(made, steps=(replace(step, body={**step.body, "name": "Other"}),))
    assert planfile.change_digest(other_target) != digest
    assert planfile.change_digest(other_body) != digest
    assert planfile.change_digest(replace(made, guards=(RAISED,))) != digest


def test_one_change_has_one_digest_before_and_after_somebody_consents(made):
    given = replace(RAISED, status="consented", consent="--allow")
    before, after = (replace(made, guards=(guard,)) for guard in (RAISED, given))
    assert planfile.change_digest(before) == planfile.change_digest(after)
    assert planfile.digest(before) != planfile.digest(after)


@pytest.mark.parametrize("code", ["frozen", "price-test", "notice", "policy.steep"])
def test_what_is_asked_of_a_change_is_no_part_of_it(made, code):
    asked = replace(made, guards=(replace(RAISED, code=code),))
    assert planfile.change_digest(asked) == planfile.change_digest(made)


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"format_version": 1}', "\x00", '"x"'])
def test_a_file_that_is_no_plan_is_said_to_be_none(text):
    with pytest.raises(PlanFileError):
        planfile.loads(text)


def test_a_plan_changed_by_hand_is_refused(made):
    with pytest.raises(ForeignPlanError, match="changed after it was made"):
        planfile.loads(edited(planfile.dumps(made), mode="destroy"))


def test_a_newer_major_format_is_refused_and_a_newer_minor_is_read(made):
    with pytest.raises(ForeignPlanError, match=r"format 2\.0"):
        planfile.loads(edited(planfile.dumps(made), format_version="2.0"))


def test_missing_parts_are_no_traceback(made):
    from reconciler.planning.digest import sha256

    body = json.loads(planfile.dumps(made))
    for name in ("steps", "target", "changes", "guards"):
        broken = {key: value for key, value in body.items() if key not in (name, "digest")}
        with pytest.raises(PlanFileError):
            planfile.loads(json.dumps({**broken, "digest": sha256(broken)}))
