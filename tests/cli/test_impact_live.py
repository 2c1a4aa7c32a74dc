"""`plan --impact live`: progress, the cap, and customers who stay out of everything that can be kept or passed on."""

from datetime import UTC, datetime, timedelta

import pytest

from reconciler.sandbox import Sandbox
from reconciler.sandbox.serve import serving

from .conftest import Served
from .test_guards import FEATURE, apply, meter, pro, wrapped

CUSTOMERS = ("umbra", "globex")


@pytest.fixture
def street(tmp_path, run):
    """A served sandbox whose two customers subscribed to a plan of 20 two months ago."""
    clock = [datetime.now(UTC) - timedelta(days=62)]
    sandbox = Sandbox(":memory:", clock=lambda: clock[0])
    with serving(sandbox) as server:
        live = Served(tmp_path, server.url, sandbox).declare(meter(), FEATURE, pro("20"))
        apply(run)
        for key in CUSTOMERS:
            live.send("POST", "customers", {"name": f"Name of {key}", "key": key, "currency": "USD"})
            live.send("POST", "subscriptions", {"customerKey": key, "plan": {"key": "pro"}})
        clock[0] = datetime.now(UTC)
        yield live.declare(meter(), FEATURE, pro("25"))
    sandbox.close()


def named(text):
    return [
        key
        for key in CUSTOMERS
        if f"{key} " in text.replace("(", " ") or f'"{key}"' in text or f"Name of {key}" in text
    ]


def test_real_bills_are_summed_and_nobody_is_named_where_no_terminal_is(run, street):
    planned = run("plan", "--impact", "live")
    assert planned.code == 0
    assert "2 active subscriptions; 2 rated Sum: 40.00 -> 50.00 USD, +10.00 USD (+25.0 %)" in wrapped(planned.out)
    assert "Plan/pro: 2 of 2 customers read" in planned.err
    assert named(planned.out + planned.err) == []


def test_nothing_that_is_kept_or_passed_on_knows_a_customer(run, street, tmp_path):
    saved = tmp_path / "p.plan"
    everything = [part for code in ("price-raising",) for part in ("--allow", f"{code}:*/*")]
    planned = run("plan", "--impact", "live", "--impact-names", "-o", saved, "--format", "json", *everything)
    assert planned.code == 0
    shown = run("show", "--plan", saved)
    assert "Sum: 40.00 -> 50.00 USD" in wrapped(shown.out)
    report = tmp_path / "report.json"
    apply(run, "--plan", saved, "--report", report)
    receipts = "".join(file.read_text() for file in (tmp_path / ".reconciler").rglob("*.jsonl"))
    for artefact in (planned.out, saved.read_text(), shown.out, report.read_text(), receipts):
        assert artefact
        assert named(artefact) == []


def test_keys_are_for_a_terminal_and_names_for_who_asks(run, street, monkeypatch):
    asked = run("plan", "--impact", "live", "--impact-names")
    assert "umbra (Name of umbra) 20.00 25.00 USD +5.00 +25.0 %" in wrapped(asked.out)
    monkeypatch.setattr("reconciler.cli.console._is_terminal", lambda _: True)
    monkeypatch.setenv("TERM", "dumb")
    shown = run("plan", "--impact", "live", "--no-color")
    assert "umbra 20.00 25.00 USD +5.00 +25.0 %" in wrapped(shown.out)
    assert "Name of" not in shown.out
    monkeypatch.setenv("CI", "true")
    assert named(run("plan", "--impact", "live", "--no-color").out) == []


def test_a_cap_is_said_and_names_without_usage_are_a_mistake(run, street):
    assert "1 of them looked at, evenly spread (--impact-cap)" in wrapped(
        run("plan", "--impact", "live", "--impact-cap", "1").out
    )
    assert run("plan", "--impact-names").code == 64


def test_the_limit_of_an_environment_holds_for_real_bills_too(run, street):
    street.project("limits: {maxBillIncreasePercent: 20}")
    planned = run("plan", "--impact", "live")
    assert "Plan/pro: the bill of a real customer rises by 25.0 %; the environment allows 20 %" in wrapped(planned.out)


def test_where_no_price_changes_it_says_so(run, street):
    street.declare(meter(), FEATURE, pro("20"))
    assert "no plan that is live changes a price" in run("plan", "--impact", "live").err
