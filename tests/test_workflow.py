"""Where the rooms meet: what a run answers when reading back fails, or the target is not the one that was meant."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from reconciler.errors import ForeignPlanError, GuardError, RefusedError, StaleError, TransportError
from reconciler.workflow import PlanRequest, applying, connect, make_plan, open_context, run_apply

METER = "apiVersion: openmeter.io/v1\nkind: Meter\nkey: calls\nspec: {eventType: call, aggregation: COUNT}\n"
PROJECT = "apiVersion: reconciler/v1\nkind: Project\nname: acme\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "reconciler.yaml").write_text(PROJECT)
    (tmp_path / "meters.yaml").write_text(METER)
    return tmp_path


def identity_of(context):
    with connect(context) as backend:
        return backend.identity()


def test_a_read_back_that_fails_is_said_beside_what_was_written(folder, monkeypatch):
    context = open_context(folder)

    @contextmanager
    def blind(context, **options):
        with connect(context, **options) as backend:
            observe, looks = backend.observe, []

            def once(*kinds, **more):
                looks.append(kinds)
                if len(looks) > 1:
                    raise TransportError("the line is cut", sent=False)
                return observe(*kinds, **more)

            backend.observe = once
            yield backend

    made = make_plan(context)
    monkeypatch.setattr(applying, "connect", blind)
    outcome = run_apply(context, made)
    assert outcome.exit_code == 5
    assert outcome.report.count("done") == 1
    assert outcome.report.mismatches == ("what was written could not be read back: the line is cut",)


def test_a_plan_of_another_environment_is_refused(folder):
    context = open_context(folder)
    made = make_plan(context)
    elsewhere = replace(made, target=replace(made.target, endpoint="https://openmeter.example"))
    with pytest.raises(ForeignPlanError, match=r"https://openmeter\.example"):
        run_apply(context, elsewhere)


def test_a_plan_of_another_namespace_behind_the_same_address_is_refused(folder):
    context = open_context(folder)
    made = make_plan(context)
    other = replace(made, target=replace(made.target, identity="01J00000000000000000000000"))
    with pytest.raises(ForeignPlanError, match="01J00000000000000000000000"):
        run_apply(context, other)


def test_an_expired_plan_is_refused(folder):
    context = open_context(folder)
    with pytest.raises(ForeignPlanError, match="expired"):
        run_apply(context, replace(make_plan(context), valid_until="2001-01-01T00:00:00Z"))


def test_a_pinned_identity_that_does_not_answer_is_refused_before_planning(folder):
    pinned = PROJECT + "environments: {sandbox: {endpoint: 'sandbox:', identity: 01J00000000000000000000000}}\n"
    (folder / "reconciler.yaml").write_text(pinned)
    with pytest.raises(RefusedError, match="01J00000000000000000000000"):
        make_plan(open_context(folder))


def test_a_protected_environment_needs_its_identity_and_then_works(folder):
    lines = PROJECT + "environments:\n  sandbox:\n    endpoint: 'sandbox:'\n    protected: true\n"
    (folder / "reconciler.yaml").write_text(lines)
    context = open_context(folder)
    with pytest.raises(RefusedError, match="names no namespace"):
        run_apply(context, make_plan(context))
    (folder / "reconciler.yaml").write_text(f"{lines}    identity: {identity_of(context)}\n")
    pinned = open_context(folder)
    assert run_apply(pinned, make_plan(pinned)).exit_code == 0


def test_a_plan_that_was_overtaken_is_refused_with_what_moved(folder):
    context = open_context(folder)
    made = make_plan(context)
    with connect(context) as backend:
        backend.perform("POST", "/api/v1/meters", {"slug": "calls", "eventType": "other", "aggregation": "COUNT"})
    with pytest.raises(StaleError) as refusal:
        run_apply(context, made)
    assert refusal.value.moved == ("Meter/calls: was absent, now exists (live)",)


def test_movement_that_matters_to_no_step_refuses_nothing(folder):
    context = open_context(folder)
    made = make_plan(context)
    with connect(context) as backend:
        backend.perform("POST", "/api/v1/meters", {"slug": "other", "eventType": "other", "aggregation": "COUNT"})
    assert run_apply(context, made).exit_code == 0


def test_a_plan_that_was_applied_already_has_nothing_left_to_send(folder):
    context = open_context(folder)
    made = make_plan(context)
    run_apply(context, made)
    outcome = run_apply(context, made)
    assert outcome.exit_code == 0
    assert [result.notes for result in outcome.report.results] == [("already as planned",)]


def test_an_open_guard_writes_nothing(folder):
    context = open_context(folder)
    with connect(context) as backend:
        backend.perform("POST", "/api/v1/meters", {"slug": "calls", "eventType": "call", "aggregation": "COUNT",
                                                   "name": "Theirs"})  # fmt: skip
    with pytest.raises(GuardError) as refusal:
        run_apply(context, make_plan(context))
    assert refusal.value.tip == "after a review, consent with --allow adopt:Meter/calls"
    consented = make_plan(context, PlanRequest(allow=("adopt:Meter/calls",)))
    assert run_apply(context, consented, again=PlanRequest()).exit_code == 0


def test_what_a_plan_looked_at_is_read_by_name_again_where_the_list_may_end_before_it(folder, monkeypatch):
    context, asked = open_context(folder), []

    @contextmanager
    def listening(context, **options):
        with connect(context, **options) as backend:
            observe = backend.observe

            def heard(kinds, **more):
                asked.append(set(more["named"]))
                return observe(kinds, **more)

            backend.observe = heard
            yield backend

    made = make_plan(context)
    monkeypatch.setattr(applying, "connect", listening)
    assert run_apply(context, made).exit_code == 0
    looked_at = {sighting.address for sighting in made.observed}
    assert looked_at
    assert asked == [looked_at, looked_at]


def test_manifests_that_break_during_the_run_do_not_hide_what_was_written(folder):
    context = open_context(folder)
    request = PlanRequest()
    made = make_plan(context, request)

    def break_it(event):
        (folder / "meters.yaml").write_text(METER.replace("COUNT", "CUONT"))

    outcome = run_apply(context, made, on_event=break_it, again=request)
    assert (outcome.exit_code, outcome.report.count("verified")) == (5, 1)
    (said,) = outcome.report.mismatches
    assert said.startswith("a second plan could not be made: ")
