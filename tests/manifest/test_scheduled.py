"""Patches with a date: held back until then, told of when they are, and checked before they are due."""

from datetime import UTC, datetime, timedelta

import pytest

from reconciler import manifest
from reconciler.project import load_project

METER = (
    "apiVersion: openmeter.io/v1\nkind: Meter\nkey: calls\nspec: {name: Calls, eventType: call, aggregation: COUNT}\n"
)
HEAD = "apiVersion: openmeter.io/v1\nkind: Meter\nkey: calls\n"
DUE = datetime(2027, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def dated(catalogue):
    """The environment ``s`` at a moment, with this overlay."""

    def _dated(overlay, *more):
        catalogue.write(**{"catalog/a.yaml": METER, "over/a.yaml": overlay})
        catalogue.project("manifests: [catalog]\nenvironments: {s: {endpoint: 'sandbox:', overlays: [over]}}\n")

        def at(moment):
            project = load_project(catalogue.root)
            return manifest.load(project, project.environment("s"), at=moment)

        return at

    return _dated


def name(desired):
    (resource,) = desired.resources.values()
    return resource.spec["name"]


def patch(due, body="patch: {name: Later}", head=HEAD):
    return f"{head}notBefore: {due}\n{body}\n"


@pytest.mark.parametrize(
    "written", ["2027-01-01", "2027-01-01T00:00:00Z", "2027-01-01T02:00:00+02:00", "'2026-12-31T19:00-05:00'"]
)
def test_a_patch_holds_from_its_instant_on_and_a_date_is_midnight_in_utc(dated, written):
    at = dated(patch(written))
    assert [name(at(DUE - SECOND)), name(at(DUE)), name(at(DUE + SECOND))] == ["Calls", "Later", "Later"]


def test_what_is_held_back_is_told_with_its_date_and_place_and_changes_nothing(dated):
    at = dated(patch("2027-01-01"))
    before = at(DUE - SECOND)
    assert [(str(one.address), one.at, str(one.location)) for one in before.scheduled] == [
        ("Meter/calls", DUE, "over/a.yaml:1:1")
    ]
    assert before.warnings == ()
    assert before.digest == dated("")(DUE).digest


def test_a_past_one_is_reported_as_ready_to_be_folded_in(dated):
    after = dated(patch("2027-01-01"))(DUE)
    assert after.scheduled == ()
    assert [(one.rule, str(one.location), one.message) for one in after.warnings] == [
        ("overlay.due", "over/a.yaml:4:1",
         "this patch of Meter/calls holds since 2027-01-01T00:00:00Z: it is ready to be folded in")
    ]  # fmt: skip


def test_without_a_clock_nothing_dated_is_due(dated):
    assert name(dated(patch("2001-01-01"))(None)) == "Calls"


def test_the_later_of_two_dates_wins_wherever_it_stands(dated):
    later, sooner = patch("2028-01-01", "patch: {name: Second}"), patch("2027-01-01", "patch: {name: First}")
    at = dated(f"{later}---\n{sooner}---\n{HEAD}patch: {{name: Base}}\n")
    assert [name(at(datetime(year, 6, 1, tzinfo=UTC))) for year in (2026, 2027, 2028)] == ["Base", "First", "Second"]
    assert [one.at.year for one in at(datetime(2026, 6, 1, tzinfo=UTC)).scheduled] == [2027, 2028]


def test_a_lifecycle_waits_as_well(dated):
    at = dated(patch("2027-01-01", "lifecycle: {state: absent}"))
    states = [next(iter(at(moment).resources.values())).management.state for moment in (DUE - SECOND, DUE)]
    assert states == ["active", "absent"]


@pytest.mark.parametrize("moment", [DUE - SECOND, DUE])
@pytest.mark.parametrize(
    ("overlay", "expected"),
    [
        (patch("soon"), "over/a.yaml:4:12 overlay.not_before"),
        (patch("2027-01-01T00:00:00"), "over/a.yaml:4:12 overlay.not_before"),
        (patch("2027-02-30"), "over/a.yaml:4:12 overlay.not_before"),
        (patch("20270101"), "over/a.yaml:4:12 overlay.not_before"),
        (patch("2027-01-01", head=HEAD.replace("calls", "calsl")), "over/a.yaml:1:1 overlay.unknown"),
        (
            patch("2027-01-01", "spec: {eventType: a, aggregation: COUNT}", HEAD.replace("calls", "more")),
            "over/a.yaml:4:1 overlay.not_before",
        ),
        (patch("2027-01-01", "patch: {nam: x}"), "over/a.yaml:5:9 schema.unknown_field"),
    ],
)
def test_what_is_wrong_is_found_before_and_after_it_is_due(dated, catalogue, overlay, expected, moment):
    dated(overlay)
    project = load_project(catalogue.root)
    found = manifest.check(project, None, at=moment)
    assert [f"{one.location} {one.rule}" for one in found if one.severity == "error"] == [expected]


SHARED = """
apiVersion: reconciler/v1
kind: RateCard
key: base
spec: {type: flat_fee, key: base, name: Base, billingCadence: P1M, price: {type: flat, amount: "20"}}
---
apiVersion: openmeter.io/v1
kind: Plan
key: pro
spec: {name: Pro, currency: USD, billingCadence: P1M, phases: [{key: main, name: Main, rateCards: [{use: base}]}]}
---
apiVersion: openmeter.io/v1
kind: Plan
key: team
extends: pro
spec: {name: Team}
"""


def test_a_dated_patch_of_a_shared_card_waits_for_every_plan_that_uses_it(dated, catalogue):
    head = "apiVersion: reconciler/v1\nkind: RateCard\nkey: base\n"
    at = dated(patch("2027-01-01", "patch: {price: {amount: '25'}}", head))
    catalogue.write(**{"catalog/b.yaml": SHARED})

    def amounts(moment):
        plans = [one.spec for address, one in at(moment).resources.items() if address.kind == "Plan"]
        return [plan["phases"][0]["rateCards"][0]["price"]["amount"] for plan in plans]

    assert [amounts(DUE - SECOND), amounts(DUE)] == [["20", "20"], ["25", "25"]]
    assert [str(one.address) for one in at(DUE - SECOND).scheduled] == ["RateCard/base"]
