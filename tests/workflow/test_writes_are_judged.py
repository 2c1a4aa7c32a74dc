"""There is one way to write, and what takes it is judged by the policy, whatever command it comes from."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

import reconciler
from reconciler.errors import GuardError
from reconciler.sandbox import Sandbox
from reconciler.sandbox.serve import serving
from reconciler.workflow import PlanRequest, make_destroy_plan, make_plan, open_context, run_apply

SOURCE = Path(reconciler.__file__).parent
PROJECT = """\
apiVersion: reconciler/v1
kind: Project
name: acme
manifests: [catalog.yaml]
environments:
  live: {{ endpoint: '{url}', {more} }}
"""
METER = """\
apiVersion: openmeter.io/v1
kind: Meter
key: tokens
spec: { eventType: x, aggregation: COUNT }
"""
MODES = ("apply", "promote", "rollback", "heal", "destroy")


def calls(name):
    """Where in the source a function is called, as ``file:function`` with the call."""
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and _name(node.func) == name:
                    yield f"{path.relative_to(SOURCE).as_posix()}:{function.name}", node


def _name(node):
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)


def _reads(call):
    return any(one.arg == "read_only" and getattr(one.value, "value", None) is True for one in call.keywords)


@pytest.mark.source
def test_only_an_apply_connects_to_write_and_only_one_place_runs_it():
    connecting = {place for place, call in calls("connect") if not place.startswith("sandbox/") and not _reads(call)}
    assert connecting == {"workflow/applying.py:run_apply"}
    assert {place for place, _ in calls("open_backend")} == {
        "workflow/context.py:connect",
        "workflow/rehearsal.py:rehearse",
    }
    assert {place for place, _ in calls("run_apply")} == {"cli/applying.py:run"}


@pytest.fixture
def opened(tmp_path):
    with serving(Sandbox(":memory:")) as server:

        def at(more=""):
            (tmp_path / "reconciler.yaml").write_text(PROJECT.format(url=server.url, more=more))
            return open_context(tmp_path, environment="live")

        (tmp_path / "catalog.yaml").write_text(METER)
        yield at


POLICIES = {
    "team": "policy: {classes: {additive: {consent: acme/pricing}}}",
    "consent": "policy: {classes: {additive: consent}}",
    "notice": "policy: {classes: {additive: {notice: 1}}}",
    "rule": "policy: {rules: [{name: none, when: 'true', effect: deny, because: no}]}",
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
def test_a_plan_that_nobody_judged_is_not_run_in_any_mode(opened, mode, policy):
    made = replace(make_plan(opened(), PlanRequest()), mode=mode, guards=(), policy=())
    context = opened(policy)
    with pytest.raises(GuardError):
        run_apply(context, made)
    assert not make_plan(context, PlanRequest()).is_empty
    assert run_apply(opened(), made).report.count("done", "verified") == 1


def test_limits_that_became_narrower_hold_for_a_plan_that_was_made_before(opened):
    context = opened("limits: {maxRemovals: 1}")
    assert run_apply(context, make_plan(context, PlanRequest())).exit_code == 0
    made = make_destroy_plan(context, PlanRequest())
    assert made.open_guards == ()
    with pytest.raises(GuardError) as caught:
        run_apply(opened("limits: {maxRemovals: 0}"), made)
    assert [guard.code for guard in caught.value.guards] == ["max_removals"]
    assert run_apply(opened("limits: {maxRemovals: 1}"), made).exit_code == 0
