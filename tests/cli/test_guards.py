"""Every guard is met through the command line: what it says, how plan and apply end, and what opens it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.model import CONSENTABLE, NEVER_CONSENTED
from reconciler.sandbox import Sandbox
from reconciler.sandbox.http import Response
from reconciler.sandbox.serve import serving

from .conftest import Served

HOOK = {"name": "Ops", "type": "WEBHOOK", "url": "https://hooks.example.com/ops"}


def meter(key="tokens", lifecycle=None, **more):
    spec = {"name": "Tokens", "eventType": "prompt", "aggregation": "SUM", "valueProperty": "$.tokens", **more}
    return ("Meter", key, spec, lifecycle)


FEATURE = ("Feature", "tokens", {"name": "Tokens", "meterSlug": "tokens"})


def gone(kind, key, **lifecycle):
    return (kind, key, None, {"state": "absent", **lifecycle})


def pro(amount="20", allowance=100, lifecycle=None, key="pro", **more):
    cards = [
        {"type": "flat_fee", "key": "base", "name": "Base", "billingCadence": "P1M",
         "price": {"type": "flat", "amount": amount}},
        {"type": "usage_based", "featureKey": "tokens", "billingCadence": "P1M", "price": None,
         "entitlementTemplate": {"type": "metered", "issueAfterReset": allowance}},
    ]  # fmt: skip
    phase = {"key": "main", "name": "Main", "rateCards": cards}
    return ("Plan", key, {"name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": [phase], **more},
            lifecycle)  # fmt: skip


def profile(due="P14D"):
    spec = {
        "name": "Main",
        "supplier": {"name": "ACME", "addresses": [{"country": "US"}]},
        "workflow": {"invoicing": {"dueAfter": due}},
        "app": "sandbox",
    }
    return ("BillingProfile", "main", spec)


def by_group(path):
    return meter(groupBy={"model": path})


def wrapped(text):
    """Text without the line breaks of a narrow terminal."""
    return " ".join(text.split())


CLASSES = {
    "price-raising": ([meter(), FEATURE, pro("20")], [meter(), FEATURE, pro("21")], "Plan/pro"),
    "price-lowering": ([meter(), FEATURE, pro("20")], [meter(), FEATURE, pro("19")], "Plan/pro"),
    "entitlement-reducing": (
        [meter(), FEATURE, pro(allowance=100)],
        [meter(), FEATURE, pro(allowance=50)],
        "Plan/pro",
    ),
    "billing-behaviour": ([profile()], [profile("P30D")], "BillingProfile/main"),
    "metering-semantic": ([by_group("$.model")], [by_group("$.llm")], "Meter/tokens"),
    "destructive": ([meter()], [gone("Meter", "tokens")], "Meter/tokens"),
}
SAYS = {
    "price-raising": "raises a price, or may",
    "price-lowering": "lowers a price",
    "entitlement-reducing": "gives new subscribers less",
    "billing-behaviour": "changes how or when customers are billed",
    "metering-semantic": "changes what is counted",
    "destructive": "cannot be undone",
}


def stands(run, live, name, says, *options):
    """The guard is listed and open, the plan ends well, and an apply is refused and writes nothing."""
    planned = run("plan", *options)
    assert (planned.code, f"✗ {name}" in planned.out) == (0, True), planned
    assert says in wrapped(planned.out)
    assert run("plan", "--detailed-exitcode", *options).code == 2
    refused(run, live, name, *options)
    return planned


def refused(run, live, name, *options):
    before = live.everything()
    ended = run("apply", "--auto-approve", *options)
    assert (ended.code, name in ended.err, "Nothing was written." in ended.err) == (3, True, True), ended
    assert live.everything() == before
    return ended


def flags(planned):
    """The flags that a plan prints, as a person pastes them."""
    return [part for line in re.findall(r"^ +(--allow \S+)$", planned.out, re.MULTILINE) for part in line.split()]


def opens(run, planned, *options):
    """The printed flags, pasted, open it; apply does it, and a second plan is empty."""
    pasted = flags(planned)
    assert pasted
    consented = run("plan", *pasted, *options)
    assert "✗" not in consented.out
    assert "consented by --allow" in consented.out
    done = run("apply", "--auto-approve", *pasted, *options)
    assert done.code == 0, done
    assert "No changes." in run("plan", *options).out


def never_opens(run, live, name, *options, planned=0):
    """No consent there is opens it; ends with what plan prints."""
    everything = [part for code in CONSENTABLE for part in ("--allow", f"{code}:*/*")]
    plan = run("plan", *everything, *options)
    assert (plan.code, f"✗ {name}" in plan.out) == (planned, True), plan
    assert "no flag opens this one" in plan.out
    refused(run, live, name, *everything, *options)
    code = name.partition(":")[0]
    asked = run("plan", "--allow", f"{code}:*/*", *options)
    assert asked.code == 64
    assert f"nothing consents to `{code}`" in asked.err
    return plan


def apply(run, *options):
    ended = run("apply", "--auto-approve", *options)
    assert ended.code == 0, ended
    return ended


@pytest.mark.parametrize("code", CLASSES)
def test_a_class_needs_consent_and_the_printed_flag_gives_it(run, live, code):
    before, after, name = CLASSES[code]
    live.project("limits: {maxRemovals: 5, maxChangesPercent: 100}").declare(*before)
    apply(run)
    live.declare(*after)
    planned = stands(run, live, f"{code}:{name}", SAYS[code])
    opens(run, planned)


def test_every_class_that_needs_consent_is_met_here():
    assert set(CLASSES) | {"adopt", "empty-manifests", "price-test"} == set(CONSENTABLE)


def test_what_somebody_else_made_is_adopted_with_the_printed_flag(run, live):
    live.send("POST", "notification/channels", HOOK)
    live.declare(("NotificationChannel", "ops", HOOK))
    opens(run, stands(run, live, "adopt:NotificationChannel/ops", "exists already, made by somebody else"))


def test_an_empty_catalogue_removes_everything_only_with_consent(run, live):
    live.project("limits: {maxRemovals: 5}").declare(meter(lifecycle={"onRemove": "remove"}))
    apply(run)
    live.declare()
    assert "no document declares anything" not in run("plan").out
    planned = stands(run, live, "empty-manifests", "everything owned here would be removed", "--prune")
    assert flags(planned) == ["--allow", "empty-manifests", "--allow", "destructive:Meter/tokens"]
    opens(run, planned, "--prune")
    assert live.items("meters") == []


def test_an_empty_catalogue_that_owns_nothing_is_no_matter(run, live):
    live.send("POST", "meters", {"slug": "theirs", "eventType": "a", "aggregation": "COUNT"})
    assert "No changes." in run("plan", "--prune").out


@pytest.mark.parametrize(
    ("after", "code"),
    [
        ([("1000", "0.01"), (None, "0.02")], None),
        ([("1000.0", "0.010"), (None, "0.0200")], None),
        ([("2000", "0.01"), (None, "0.02")], "price-raising"),
        ([("500", "0.01"), (None, "0.02")], "price-raising"),
        ([("1000", "0.01"), (None, "0.01")], "price-lowering"),
    ],
)
def test_a_tier_that_moves_is_a_price_change_even_if_no_price_grew(run, live, after, code):
    def tiered(tiers):
        price = {"type": "tiered", "mode": "graduated",
                 "tiers": [{**({"upToAmount": top} if top else {}), "unitPrice": {"type": "unit", "amount": amount}}
                           for top, amount in tiers]}  # fmt: skip
        card = {"type": "usage_based", "featureKey": "tokens", "billingCadence": "P1M", "price": price}
        phase = {"key": "main", "name": "Main", "rateCards": [card]}
        return ("Plan", "pro", {"name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": [phase]})

    live.declare(meter(), FEATURE, tiered([("1000", "0.01"), (None, "0.02")]))
    apply(run)
    live.declare(meter(), FEATURE, tiered(after))
    if code is None:
        assert "No changes." in run("plan").out
    else:
        assert f"✗ {code}:Plan/pro" in run("plan").out


def test_consent_for_one_object_or_class_opens_no_other(run, live):
    live.project("limits: {maxChangesPercent: 100}").declare(meter(), FEATURE, pro(), pro(key="team"))
    apply(run)
    live.declare(meter(), FEATURE, pro("21", 50), pro("21", key="team"))
    planned = run("plan", "--allow", "price-raising:Plan/pro")
    assert [line.split()[:2] for line in planned.out.splitlines() if line.startswith("  ✗")] == [
        ["✗", "entitlement-reducing:Plan/pro"],
        ["✗", "price-raising:Plan/team"],
    ]
    refused(run, live, "price-raising:Plan/team", "--allow", "price-raising:Plan/pro")
    globs = ("--allow", "price-raising:Plan/*", "--allow", "entitlement-reducing:*/pro")
    assert "✗" not in run("plan", *globs).out


def test_what_is_protected_cannot_be_removed(run, live):
    live.project("limits: {maxRemovals: 5}", "protect: [Meter/*]").declare(meter())
    apply(run)
    live.declare(gone("Meter", "tokens"))
    assert "is protected and would be removed" in wrapped(never_opens(run, live, "protected:Meter/tokens").out)


def test_what_another_project_owns_is_not_written(run, live):
    live.declare(meter())
    apply(run, "--project-name", "platform")
    live.declare(meter(name="Mine"))
    planned = never_opens(run, live, "foreign_owner:Meter/tokens")
    assert "belongs to the project `platform`" in planned.out


def test_a_draft_of_somebody_else_stops_the_plan_until_it_is_taken_over(run, live):
    live.declare(meter(), FEATURE)
    apply(run)
    draft = {"key": "pro", "name": "Theirs", "currency": "USD", "billingCadence": "P1M",
             "phases": [{"key": "main", "name": "Main", "duration": None, "rateCards": []}]}  # fmt: skip
    live.send("POST", "plans", draft)
    live.declare(meter(), FEATURE, pro())
    planned = run("plan", "-o", "x.plan")
    assert (planned.code, "✗ foreign_draft:Plan/pro" in planned.out) == (3, True)
    assert "has a draft (version 1) that was not made here" in wrapped(planned.out)
    assert "Refused: 1 guard is open: foreign_draft:Plan/pro." in planned.err
    assert "--allow adopt:Plan/pro" in planned.err
    assert not (live.root / "x.plan").exists()
    refused(run, live, "foreign_draft:Plan/pro")
    assert run("plan", "--allow", "foreign_draft:Plan/pro").code == 64
    opens(run, planned)
    assert [row["name"] for row in live.items("plans")] == ["Pro"]


def test_two_objects_with_our_marker_stop_the_plan(run, live):
    mark = {"reconciler.project": "acme", "reconciler.key": "ops"}
    ids = [live.send("POST", "notification/channels", {**HOOK, "metadata": mark})["id"] for _ in range(2)]
    live.declare(("NotificationChannel", "ops", HOOK))
    planned = never_opens(run, live, "duplicate_marker:NotificationChannel/ops", planned=3)
    assert all(ident in planned.out for ident in ids)


def test_several_objects_of_one_name_are_not_guessed_at(run, live):
    ids = [live.send("POST", "notification/channels", HOOK)["id"] for _ in range(2)]
    live.declare(("NotificationChannel", "ops", HOOK))
    planned = never_opens(run, live, "ambiguous_match:NotificationChannel/ops")
    assert all(ident in planned.out for ident in ids)
    live.project(f"adopt: {{NotificationChannel/ops: {ids[1]}}}")
    apply(run, "--allow", "adopt:NotificationChannel/ops")
    assert [("metadata" in row, row["id"]) for row in live.items("notification/channels") if row.get("metadata")] == [
        (True, ids[1])
    ]


def test_what_is_only_observed_has_to_be_there(run, live):
    live.declare(("Meter", "theirs", None, {"manage": "observe"}))
    planned = never_opens(run, live, "not_found:Meter/theirs")
    assert "does not exist" in planned.out


def test_a_feature_that_an_active_plan_names_cannot_be_replaced(run, live):
    live.project("limits: {maxRemovals: 5, maxChangesPercent: 100}").declare(meter(), meter("other"), FEATURE, pro())
    apply(run)
    live.declare(meter(), meter("other"), ("Feature", "tokens", {"name": "Tokens", "meterSlug": "other"}), pro())
    planned = never_opens(run, live, "blocked_by_server:Feature/tokens")
    assert "the active Plan/pro (version 1) names it" in wrapped(planned.out)


class _MadeElsewhere(Sandbox):
    """A sandbox in which somebody made ``Plan/pro`` through API v3: v1 lists it not and reads it not."""

    def handle(self, request):
        if request.method == "GET" and request.path == "/api/v1/plans/pro":
            issues = [{"code": "unit_config_not_representable"}]
            return Response(400, {"status": 400, "title": "Bad Request", "extensions": {"validationErrors": issues},
                                  "validationErrors": issues})  # fmt: skip
        return super().handle(request)


def test_what_api_v1_cannot_read_is_neither_compared_nor_replaced(run, tmp_path):
    with serving(_MadeElsewhere(":memory:")) as server:
        live = Served(tmp_path, server.url, server.sandbox).declare(meter(), FEATURE, pro())
        planned = never_opens(run, live, "unreadable_live_object:Plan/pro")
        assert "made through API v3" in wrapped(planned.out)


def test_removals_beyond_the_limit_are_refused(run, live):
    live.project("limits: {maxRemovals: 1}").declare(meter("a"), meter("b"))
    apply(run)
    live.declare(gone("Meter", "a"), gone("Meter", "b"))
    planned = never_opens(run, live, "max_removals")
    assert "2 objects would be archived, deleted or replaced; the environment allows 1" in wrapped(planned.out)
    live.declare(gone("Meter", "a"), meter("b"))
    apply(run, "--allow", "destructive:Meter/a")


def test_a_remote_environment_that_says_nothing_allows_no_removal(run, live):
    live.declare(meter())
    apply(run)
    live.declare(gone("Meter", "tokens"))
    assert "the environment allows 0" in never_opens(run, live, "max_removals").out


def subscribed(live, *keys):
    for key in keys:
        live.send("POST", "customers", {"name": f"Name of {key}", "key": key, "currency": "USD"})
        live.send("POST", "subscriptions", {"customerKey": key, "plan": {"key": "pro"}})


def test_a_change_that_concerns_more_subscribers_than_allowed_is_refused(run, live):
    live.project("limits: {maxSubscribersAffected: 1}").declare(meter(), FEATURE, pro("20"))
    apply(run)
    subscribed(live, "acme", "globex")
    live.declare(meter(), FEATURE, pro("19"))
    planned = never_opens(run, live, "max_subscribers_affected")
    assert "2 active subscriptions are to plans that change; the environment allows 1" in wrapped(planned.out)
    assert "Plan/pro: 2 active subscriptions, on version 1; they stay there" in wrapped(planned.out)
    assert not {"acme", "globex"} & set(re.findall(r"\w+", planned.out))
    live.project("limits: {maxSubscribersAffected: 2, maxChangesPercent: 100}")
    apply(run, "--allow", "price-lowering:Plan/pro")


def test_a_bill_that_rises_by_more_than_allowed_is_refused(run, live):
    live.project("limits: {maxBillIncreasePercent: 10}").declare(meter(), FEATURE, pro("20"))
    apply(run)
    live.declare(meter(), FEATURE, pro("23"))
    planned = never_opens(run, live, "max_bill_increase_percent:Plan/pro")
    assert "goes from 20.00 to 23.00 USD, 15.0 % more; the environment allows 10 %" in wrapped(planned.out)
    live.declare(meter(), FEATURE, pro("22"))
    apply(run, "--allow", "price-raising:Plan/pro")


def many(count, name="Tokens"):
    return [meter(f"m{number}", name=name) for number in range(count)]


def test_a_share_of_changes_beyond_the_limit_is_refused_whatever_their_class(run, live):
    live.declare(*many(12))
    apply(run)
    live.declare(*many(4, "Renamed"), *many(12)[4:])
    planned = never_opens(run, live, "max_changes_percent")
    assert "4 of 12 live objects would change (33 %); the environment allows 30 %" in wrapped(planned.out)
    live.project("limits: {maxChangesPercent: 34}")
    apply(run)


def test_a_share_counts_only_from_ten_live_objects_on(run, live):
    live.declare(*many(9))
    apply(run)
    live.declare(*many(9, "Renamed"))
    apply(run)


def test_in_a_freeze_window_no_price_changes(run, live, clock):
    live.declare(meter(), FEATURE, pro("20"))
    apply(run)
    live.project("freeze: [{from: 2026-12-01, to: 2027-01-02, because: the books are closed}]")
    live.declare(meter(), FEATURE, pro("21"), meter("more"))
    planned = never_opens(run, live, "frozen:Plan/pro")
    assert "frozen until 2027-01-03T00:00:00Z, because the books are closed" in wrapped(planned.out)
    assert "frozen:Meter/more" not in planned.out
    clock.to(2027, 1, 3)
    apply(run, "--allow", "price-raising:Plan/pro")


def test_notice_that_nobody_gave_is_not_skipped(run, live):
    live.project("policy: {classes: {price-raising: {notice: 30}}}").declare(meter(), FEATURE, pro("20"))
    apply(run)
    live.declare(meter(), FEATURE, pro("21"))
    never_opens(run, live, "notice:Plan/pro")


def test_every_guard_that_nothing_opens_is_met_here():
    met = re.findall(r'(?:never_opens|refused)\(run, live, "([\w-]+)', Path(__file__).read_text(encoding="utf-8"))
    assert set(NEVER_CONSENTED) == {code for code in met if code not in CONSENTABLE}
