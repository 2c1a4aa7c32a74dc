"""What a policy says, in the terminal: a line per ruling, and who opens the guards below."""

from dataclasses import replace
from datetime import date

import pytest

from reconciler.model import Address, Guard, Location, Problem, Ruling
from reconciler.render import text

PRO = Address("Plan", "pro")
HERE = Location("reconciler.yaml", 31, 9)


def ruling(rule, effect, status, message="Plan/pro: raises a price, or may", address=PRO, **more):
    return Ruling(rule, effect, address, message, status, location=HERE, **more)


def section(plan, *rulings, width=100, **more):
    shown = text.plan(replace(plan, policy=rulings, **more), width=width)
    _, found, rest = shown.partition("Policy of ")
    return (found + rest.partition("\n\n")[0]).splitlines() if found else []


@pytest.fixture
def plan(make):
    return make.plan()


def test_nothing_is_said_where_no_policy_says_anything(plan):
    assert section(plan) == []


SAID = [
    (ruling("price-raising", "consent", "open", team="acme/leads"), "✗", "needs @acme/leads: raises a price, or may"),
    (ruling("price-raising", "consent", "open"), "✗", "needs somebody's consent: raises a price, or may"),
    (ruling("price-raising", "consent", "met", team="a/b"), "✓", "@a/b consented: raises a price, or may"),
    (ruling("price-raising", "allow", "met"), "✓", "allowed: raises a price, or may"),
    (ruling("additive", "warn", "warned", "Plan/pro: adds something"), "!", "adds something"),
    (
        ruling("price-raising", "notice", "open", "Plan/pro: price-raising needs 30 days of notice"),
        "✗",
        "needs 30 days of notice; nobody has announced it",
    ),
    (
        ruling("price-raising", "notice", "met", "Plan/pro: price-raising needs 30 days of notice",
               announced=date(2026, 11, 21)),
        "✓",
        "needs 30 days of notice; customers know since 2026-11-21",
    ),
    (
        ruling("price-raising", "notice", "open", "Plan/pro: price-raising needs 30 days of notice",
               announced=date(2026, 11, 22)),
        "✗",
        "needs 30 days of notice; customers are told on 2026-11-22",
    ),
    (ruling("steep", "deny", "open", "Plan/pro: ask the board"), "✗", "denied: ask the board"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "symbol", "says"), SAID, ids=[f"{row[0].effect}-{row[0].status}" for row in SAID])
def test_a_ruling_says_what_is_asked_and_where(plan, one, symbol, says):
    head, line = section(plan, one, width=140)
    assert head == f"Policy of production: 1 {one.status}"
    assert line.split() == f"{symbol} {one.rule} Plan/pro {says} reconciler.yaml:31".split()


def test_a_narrow_terminal_has_what_is_said_below(plan):
    _, first, *rest = section(plan, SAID[0][0], width=60)
    assert first.split() == ["✗", "price-raising", "Plan/pro", "reconciler.yaml:31"]
    assert rest == ["      needs @acme/leads: raises a price, or may"]


def test_text_of_others_cannot_repaint_the_terminal(plan):
    evil = ruling("mine", "deny", "open", "Plan/pro: \x1b[2Jgone")
    assert "\x1b[2J" not in text.plan(replace(plan, policy=(evil,)))


def test_a_warning_of_the_policy_is_told_once(plan):
    problem = Problem("policy.warning", "Plan/pro: adds something", HERE, severity="warning", address=PRO)
    shown = text.plan(replace(plan, warnings=(problem,), policy=(SAID[4][0],)))
    assert shown.count("adds something") == 1


def test_a_guard_names_the_team_that_opens_it_and_no_flag(plan):
    guard = Guard("price-raising", PRO, "Plan/pro: raises a price, or may", consentable=False, team="acme/pricing")
    shown = text.plan(replace(plan, guards=(guard,)))
    said = "needs @acme/pricing: an approving review of one of its members; CI hands it over with --consents"
    assert said in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 100
    assert "--allow" not in shown


def test_a_guard_that_no_flag_opens_says_where_it_is_asked_for(plan):
    guard = Guard("policy.steep", PRO, "Plan/pro: ask the board", consentable=False, location=HERE)
    assert "no flag opens this one (asked for at reconciler.yaml:31)" in text.plan(replace(plan, guards=(guard,)))
