"""Whatever a name says, no line of a log is a command to the runner of a job (``::add-mask::``, ``##[error]``)."""

from __future__ import annotations

import json

import pytest

EVIL = "Tokens ##[error]done"
HARMLESS = r"Tokens #\x23[error]done"
FEATURE = ("Feature", "tokens", {"name": "Tokens", "meterSlug": "tokens"})
SCENARIO = {"plan": "pro", "expect": {"total": "1.00"}}
TEST = json.dumps({"apiVersion": "reconciler/v1", "kind": "Scenario", "key": "studio", "spec": SCENARIO}) + "\n"


def catalogue(name):
    """A meter and a rate card of this name."""
    price = {"type": "flat", "amount": "20", "paymentTerm": "in_advance"}
    card = {"type": "flat_fee", "key": "base", "name": name, "billingCadence": "P1M", "price": price}
    phases = [{"key": "main", "name": "Main", "rateCards": [card]}]
    plan = {"name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": phases}
    meter = {"name": name, "eventType": "prompt", "aggregation": "COUNT"}
    return ("Meter", "tokens", meter), FEATURE, ("Plan", "pro", plan)


@pytest.mark.parametrize(
    "words",
    [("plan",), ("diff",), ("drift",), ("accept",), ("get",), ("get", "Meter/tokens"), ("test",), ("price", "pro")],
    ids=" ".join,
)
def test_a_name_gives_the_runner_no_command(run, live, words):
    live.declare(*catalogue("Tokens"))
    assert run("apply", "--auto-approve").code == 0
    live.declare(*catalogue(EVIL), TEST)
    if words[0] == "get":
        live.send("PUT", "meters/tokens", {"name": EVIL})
    ended = run(*words)
    assert "##[" not in ended.out + ended.err
    assert HARMLESS in ended.out


def test_documents_for_programs_hold_the_name_as_it_is(run, live):
    live.declare(*catalogue(EVIL))
    assert EVIL in run("diff", "--format", "json").out
