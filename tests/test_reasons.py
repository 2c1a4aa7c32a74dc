"""Every way in which a command does not end well has a slug that machines can rely on, and a sentence for it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from reconciler import errors
from reconciler.model import REASONS, Plan, PlanSource, Report, Step, StepResult, Target
from reconciler.model.base import Address

PACKAGE = Path(errors.__file__).parent
EXIT_CODES = {reason.slug: reason.exit_code for reason in REASONS}


def classes(kind=errors.ReconcilerError):
    yield kind
    for below in kind.__subclasses__():
        if below.__module__ == "reconciler.errors":
            yield from classes(below)


def given_in_place():
    """The reasons that instances are given, where they are raised: (class, slug)."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("Error"):
                for word in node.keywords:
                    if word.arg == "reason" and isinstance(word.value, ast.Constant):
                        yield node.func.id, word.value.value


def test_every_class_has_a_reason_of_its_own_that_comes_with_its_exit_code():
    found = [kind for kind in classes() if "reason" in vars(kind)]
    assert set(found) == set(classes())
    assert [slug for slug, count in Counter(kind.reason for kind in found).items() if count > 1] == []
    assert {kind.reason: kind.exit_code for kind in found} == {kind.reason: EXIT_CODES[kind.reason] for kind in found}


def test_what_an_instance_says_is_listed_too_and_comes_with_the_exit_code_of_its_class():
    found = list(given_in_place())
    assert ("ForeignPlanError", "plan-expired") in found
    assert {slug: getattr(errors, name).exit_code for name, slug in found} == {
        slug: EXIT_CODES[slug] for _, slug in found
    }


def test_every_reason_is_told_once_and_every_one_of_an_error_stands_in_the_tree():
    assert [slug for slug, count in Counter(reason.slug for reason in REASONS).items() if count > 1] == []
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", reason.slug) and reason.meaning for reason in REASONS)
    tree = set(re.findall(r"[a-z]+(?:-[a-z]+)*", errors.__doc__))
    raised = {kind.reason for kind in classes()} | {slug for _, slug in given_in_place()} | {"unauthorized"}
    assert raised <= tree
    ended = {"unexpected", "writes-refused", "overtaken", "partly-applied", "not-verified"}
    assert raised | ended == set(EXIT_CODES)


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_not_taken_is_told_apart(status):
    assert errors.ApiError("no", status=status).reason == "unauthorized"
    assert errors.ApiError("no", status=400).reason == "server-refused"


STEP = Step("1", Address("Meter", "tokens"), "create", "POST", "/api/v1/meters")
PLAN = Plan(Target("x", "sandbox:", None), "acme", (), (STEP,), source=PlanSource())


@pytest.mark.parametrize(
    ("states", "more", "reason"),
    [
        (("verified",), {}, None),
        (("failed",), {}, "writes-refused"),
        (("done", "failed"), {}, "partly-applied"),
        (("done",), {"mismatches": ("x",)}, "not-verified"),
        (("done",), {"interrupted": True}, "interrupted"),
    ],
)
def test_a_run_says_what_it_came_to_with_the_exit_code_of_the_list(states, more, reason):
    report = Report(PLAN, tuple(StepResult(STEP, state) for state in states), **more)
    assert report.reason == reason
    assert report.exit_code == EXIT_CODES.get(reason, 0)


def test_a_run_that_others_overtook_everywhere_says_so():
    report = Report(PLAN, (StepResult(STEP, "failed", overtaken=True),))
    assert (report.exit_code, report.reason) == (3, "overtaken")
