"""``--target`` and ``--exclude``: what they pull in, what they leave, and that an incomplete plan removes nothing."""

from __future__ import annotations

import json

import pytest

from .test_guards import apply, meter

HOOK = {"type": "WEBHOOK", "url": "https://hooks.example.com/ops"}


def card(feature, amount="1"):
    return {"type": "usage_based", "featureKey": feature, "billingCadence": "P1M",
            "price": {"type": "unit", "amount": amount}}  # fmt: skip


CATALOGUE = (
    meter("tokens"),
    meter("calls"),
    meter("seats"),
    ("Feature", "tokens", {"name": "Tokens", "meterSlug": "tokens"}),
    ("Feature", "calls", {"name": "Calls", "meterSlug": "calls"}),
    ("Feature", "seats", {"name": "Seats", "meterSlug": "seats"}),
    ("Addon", "more", {"name": "More", "currency": "USD", "instanceType": "single", "rateCards": [card("calls")]}),
    (
        "Plan",
        "pro",
        {
            "name": "Pro",
            "currency": "USD",
            "billingCadence": "P1M",
            "phases": [{"key": "main", "name": "Main", "rateCards": [card("tokens")]}],
            "addons": [{"addon": "more", "fromPlanPhase": "main"}],
        },
    ),
    ("NotificationChannel", "ops", {"name": "Ops", **HOOK}),
    ("NotificationChannel", "sales", {"name": "Sales", **HOOK}),
    (
        "NotificationRule",
        "used",
        {
            "name": "Used",
            "type": "entitlements.balance.threshold",
            "channels": ["ops"],
            "features": ["seats"],
            "thresholds": [{"type": "usage_percentage", "value": 80}],
        },
    ),
)
PRO = {"Meter/tokens", "Meter/calls", "Feature/tokens", "Feature/calls", "Addon/more", "Plan/pro"}
USED = {"Meter/seats", "Feature/seats", "NotificationChannel/ops", "NotificationRule/used"}
EVERYTHING = PRO | USED | {"NotificationChannel/sales"}


def planned(run, *options):
    """What a plan changes, and whether it says that it looked at everything."""
    tree = json.loads(run("plan", "--format", "json", *options).out)
    return {change["address"] for change in tree["changes"] if change["action"] != "no_change"}, tree["complete"]


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        ([], EVERYTHING),
        (["--target", "Plan/pro"], PRO),
        (["--target", "NotificationRule/used"], USED),
        (["--target", "Addon/*"], {"Addon/more", "Feature/calls", "Meter/calls"}),
        (["--target", "Feature/seats", "--target", "NotificationChannel/sales"],
         {"Feature/seats", "Meter/seats", "NotificationChannel/sales"}),
        (["--exclude", "Plan/*", "--exclude", "Notification*/*"], EVERYTHING - USED - {"Plan/pro"}
         - {"NotificationChannel/sales"} | {"Feature/seats", "Meter/seats"}),
        (["--target", "Plan/pro", "--exclude", "Meter/*"], PRO),
        (["--exclude", "Meter/seats"], EVERYTHING),
        (["--exclude", "NotificationRule/used", "--exclude", "*/seats"], EVERYTHING - {"NotificationRule/used"}
         - {"Feature/seats", "Meter/seats"}),
    ],
)  # fmt: skip
def test_a_target_brings_all_that_it_names_and_an_exclusion_leaves_what_nothing_needs(run, live, options, changes):
    live.declare(*CATALOGUE)
    assert planned(run, *options) == (changes, not options)


@pytest.mark.parametrize("option", ["--target", "--exclude"])
def test_a_pattern_that_matches_nothing_is_a_mistake(run, live, option):
    live.declare(*CATALOGUE)
    ended = run("plan", option, "Plan/prou")
    assert ended.code == 64
    assert "`Plan/prou` matches nothing that is declared" in ended.err


def test_applying_a_target_writes_it_and_nothing_else_and_the_rest_follows(run, live):
    live.declare(*CATALOGUE)
    done = apply(run, "--target", "Plan/pro")
    assert "This plan is incomplete: it looks at a part of the catalogue only, and removes nothing." in done.out
    assert "Apply complete: 6 created." in done.out
    assert live.items("notification/channels") == []
    assert "No changes." in run("plan", "--target", "Plan/pro").out
    assert planned(run) == (EVERYTHING - PRO, True)
    apply(run)
    assert "No changes." in run("plan").out


PRUNED = "limits: {maxRemovals: 9, maxChangesPercent: 100}, prune: true"


@pytest.mark.parametrize("options", [["--target", "Meter/tokens"], ["--exclude", "Meter/tokens"], ["catalog/all.yaml"]])
def test_an_incomplete_plan_prunes_nothing_even_when_asked_to(run, live, options):
    live.project(PRUNED).declare(*CATALOGUE)
    apply(run)
    before = live.everything()
    live.declare(meter("tokens", name="Renamed"), meter("calls"))
    (live.root / "catalog" / "more.yaml").write_text("")
    if options == ["catalog/all.yaml"]:
        (live.root / "catalog" / "rest.yaml").write_text((live.root / "catalog" / "all.yaml").read_text())
        live.declare(meter("seats", name="Renamed"))
        (live.root / "catalog" / "rest.yaml").write_text('{"apiVersion": "openmeter.io/v1", "kind": "Meter", '
            '"key": "calls", "spec": {"eventType": "prompt", "aggregation": "COUNT"}}')  # fmt: skip
    shown = run("plan", "--prune", *options)
    assert shown.code == 0, shown
    assert "This plan is incomplete" in shown.out
    assert not any(word in shown.out for word in ("to archive", "to delete", "to release"))
    apply(run, "--prune", *options)
    after = live.everything()
    assert {path: len(rows) for path, rows in after.items()} == {path: len(rows) for path, rows in before.items()}
    assert [row["name"] for row in live.items("plans")] == ["Pro"]


def test_the_same_plan_without_a_target_prunes(run, live):
    live.project(PRUNED).declare(*CATALOGUE)
    apply(run)
    live.declare(*CATALOGUE[:-1])
    assert "1 to delete." in run("plan").out
    assert "No changes." in run("plan", "--target", "*/*").out


def test_a_path_that_is_all_there_is_makes_a_complete_plan(run, live):
    live.declare(*CATALOGUE)
    assert planned(run, "catalog") == (EVERYTHING, True)
