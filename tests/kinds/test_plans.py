"""What plans and add-ons leave to be filled in, what the server makes of them, and what of a live one is kept."""

import pytest
from pydantic import ValidationError

from reconciler.kinds.registry import KINDS
from reconciler.kinds.wire import encode
from reconciler.model import Management
from reconciler.planning.canonical import canonical, complete
from reconciler.planning.compare import compare

PLAN, ADDON = KINDS["Plan"], KINDS["Addon"]


def plan(*cards, **more):
    phases = [{"key": "main", "name": "Main", "rateCards": list(cards)}]
    return {"name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": phases, **more}


def completed(*cards, names=None, **more):
    return complete(PLAN, "pro", plan(*cards, **more), (names or {}).get)


def card(*cards, **options):
    return completed(*cards, **options)["phases"][0]["rateCards"][0]


def body(*cards, method="POST", **more):
    return PLAN.binding("v1").to_wire("pro", encode(PLAN.shape, completed(*cards, **more), method), lambda _: None)


def changes(declared, live):
    live = canonical(PLAN, PLAN.binding("v1").from_wire(live, lambda *_: None))
    found = compare(PLAN, declared, live, Management(), lambda _: None, lambda _: None)
    return [(change.path, change.before, change.after) for change in found.changes + found.stuck]


FEE = {
    "type": "flat_fee",
    "key": "base",
    "name": "Base",
    "billingCadence": "P1M",
    "price": {"type": "flat", "amount": 20},
}
USAGE = {"type": "usage_based", "featureKey": "tokens", "billingCadence": "P1M", "price": {"type": "unit", "amount": 1}}


def test_a_card_takes_key_and_name_from_its_feature():
    found = card(USAGE, names={"tokens": "Tokens"})
    assert (found["key"], found["name"]) == ("tokens", "Tokens")


def test_a_card_keeps_its_own_name():
    assert card({**USAGE, "name": "Large"}, names={"tokens": "Tokens"})["name"] == "Large"


def test_the_name_of_an_unknown_feature_is_left_out():
    assert "name" not in card(USAGE)


def test_cards_are_told_apart_by_the_key_they_end_up_with():
    found = completed({**USAGE, "featureKey": "b"}, FEE, {**USAGE, "featureKey": "a"})["phases"][0]["rateCards"]
    assert [item["key"] for item in found] == ["a", "b", "base"]


def test_a_metered_entitlement_resets_with_the_cards_cadence_unless_it_says_otherwise():
    template = {"type": "metered", "issueAfterReset": 5}
    assert card({**USAGE, "entitlementTemplate": template})["entitlementTemplate"]["usagePeriod"] == "P1M"
    template = {**template, "usagePeriod": "P1W"}
    assert card({**USAGE, "entitlementTemplate": template})["entitlementTemplate"]["usagePeriod"] == "P1W"


def test_what_the_server_fills_in_is_filled_in():
    found = completed(FEE, {**USAGE, "price": {"type": "dynamic"}})
    assert found["proRatingConfig"] == {"enabled": True, "mode": "prorate_prices"}
    assert found["settlementMode"] == "credit_then_invoice"
    base, tokens = found["phases"][0]["rateCards"]
    assert (base["price"]["paymentTerm"], tokens["price"]["multiplier"]) == ("in_advance", "1")


def test_priorities_and_overage_are_not_filled_in():
    template = card({**USAGE, "entitlementTemplate": {"type": "metered", "issueAfterReset": 5}})["entitlementTemplate"]
    assert set(template) == {"type", "issueAfterReset", "isSoftLimit", "usagePeriod"}


@pytest.mark.parametrize("config", [{"a": [1, 2]}, '{"a":[1,2]}', '{ "a": [ 1, 2 ] }'])
def test_a_static_configuration_is_compared_as_what_it_says(config):
    written = {"type": "flat_fee", "featureKey": "sso", "name": "S", "entitlementTemplate": {"type": "static"}}
    written["entitlementTemplate"]["config"] = config
    assert card(written)["entitlementTemplate"]["config"] == {"a": [1, 2]}
    assert body(written)["phases"][0]["rateCards"][0]["entitlementTemplate"]["config"] == '{"a":[1,2]}'


def test_an_empty_static_configuration_is_one():
    written = {"type": "flat_fee", "featureKey": "sso", "name": "S"}
    written["entitlementTemplate"] = {"type": "static", "config": {}}
    assert body(written)["phases"][0]["rateCards"][0]["entitlementTemplate"]["config"] == "{}"


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_keys_that_may_be_null_but_not_missing_are_sent(method):
    granted = {"type": "flat_fee", "featureKey": "sso", "name": "S", "entitlementTemplate": {"type": "boolean"}}
    tiered = {"type": "tiered", "mode": "volume", "tiers": [{"unitPrice": {"type": "unit", "amount": 1}}]}
    phase = body(granted, {**USAGE, "price": tiered}, method=method)["phases"][0]
    assert phase["duration"] is None
    first, second = phase["rateCards"]
    assert (first["billingCadence"], first["price"]) == (None, None)
    assert second["price"]["tiers"][0]["flatPrice"] is None
    assert "upToAmount" not in second["price"]["tiers"][0]


def test_fields_that_may_not_be_null_are_left_out():
    sent = body(FEE)["phases"][0]["rateCards"][0]
    assert {"description", "featureKey", "entitlementTemplate", "taxConfig", "discounts"} & set(sent) == set()


def test_an_update_clears_what_is_not_declared_and_says_everything_else():
    sent = body(FEE, method="PUT")
    assert (sent["description"], sent["metadata"]) == ("", {})
    assert {"proRatingConfig", "settlementMode", "billingCadence", "name", "phases"} <= set(sent)


def test_an_empty_phase_is_sent_with_its_empty_list():
    assert body()["phases"] == [{"key": "main", "name": "Main", "duration": None, "rateCards": []}]


def test_money_travels_as_exact_text_and_percentages_as_numbers():
    fee = {**FEE, "price": {"type": "flat", "amount": "010.50"}, "discounts": {"percentage": {"percentage": "12.50"}}}
    sent = body(fee)["phases"][0]["rateCards"][0]
    assert sent["price"]["amount"] == "10.5"
    assert str(sent["discounts"]["percentage"]["percentage"]) == "12.5"


def test_offered_add_ons_are_not_part_of_the_body():
    assert "addons" not in body(FEE, addons=[{"addon": "extra", "fromPlanPhase": "main"}])


def test_a_newer_servers_fields_are_left_aside_and_its_price_types_kept():
    live = {**body({**FEE, "name": "Base"}), "id": "01", "validationErrors": None, "status": "draft", "novel": {"a": 1}}
    live["phases"][0]["rateCards"][0] |= {"featureId": "01", "novel": 1, "price": {"type": "auction", "bids": [1]}}
    spec = canonical(PLAN, PLAN.binding("v1").from_wire(live, lambda *_: None))
    assert "novel" not in spec
    shown = spec["phases"][0]["rateCards"][0]
    assert {"featureId", "novel"} & set(shown) == set()
    assert shown["price"]["type"] == "auction"


def test_the_tax_code_that_the_server_finds_is_no_difference():
    declared = completed({**FEE, "taxConfig": {"stripe": {"code": "txcd_10000000"}}})
    live = body({**FEE, "taxConfig": {"stripe": {"code": "txcd_10000000"}, "taxCodeId": "01G65Z755AFWAKHE12NY0CQ9FH"}})
    assert changes(declared, live) == []


def test_the_stripe_code_that_the_server_finds_is_no_difference():
    declared = completed({**FEE, "taxConfig": {"taxCodeId": "01G65Z755AFWAKHE12NY0CQ9FH"}})
    live = body({**FEE, "taxConfig": {"stripe": {"code": "txcd_10000000"}, "taxCodeId": "01G65Z755AFWAKHE12NY0CQ9FH"}})
    assert changes(declared, live) == []


def test_taking_a_tax_code_away_is_a_difference():
    live = body({**FEE, "taxConfig": {"stripe": {"code": "txcd_10000000"}, "taxCodeId": "01G65Z755AFWAKHE12NY0CQ9FH"}})
    assert [path for path, *_ in changes(completed(FEE), live)] == ["phases[main].rateCards[base].taxConfig"]


def test_an_add_on_fills_its_cards_in_too():
    spec = {"name": "A", "currency": "USD", "instanceType": "single", "rateCards": [USAGE]}
    found = complete(ADDON, "a", spec, {"tokens": "Tokens"}.get)["rateCards"][0]
    assert (found["key"], found["name"]) == ("tokens", "Tokens")


@pytest.mark.parametrize("text", ["P1D", "P2M", "P28D", "PT720H", "-P1M", "P0M", "P1M1D"])
def test_a_plan_is_billed_by_one_of_eight_cadences(text):
    with pytest.raises(ValidationError, match="a plan is billed every"):
        PLAN.spec.model_validate(plan(FEE, billingCadence=text))


@pytest.mark.parametrize("text", ["P1W", "P2W", "P4W", "P1M", "P3M", "P6M", "P12M", "P1Y", "P0Y1M", "P1M0D"])
def test_the_eight_cadences_may_have_zeros(text):
    assert PLAN.spec.model_validate(plan(FEE, billingCadence=text))


def test_both_are_versioned_marked_and_written_in_the_narrow_lane():
    for kind in (PLAN, ADDON):
        binding = kind.binding("v1")
        assert kind.lifecycle.name == "versioned"
        assert (binding.catalog_write, binding.marks_on_create, binding.marks_on_update) == (True, True, True)
        assert binding.create_only == {"key", "currency"}
        assert binding.list_query == {"includeDeleted": "true"}


@pytest.mark.parametrize("cadence", ["PT59M", "-P1M", "P0D"])
def test_a_usage_period_under_an_hour_is_refused_on_a_draft_too(check, cadence):
    template = {"type": "metered", "issueAfterReset": 1}
    meter = {"kind": "Feature", "key": "tokens", "spec": {"name": "Tokens", "meterSlug": "tokens"}}
    own = {**USAGE, "entitlementTemplate": {**template, "usagePeriod": cadence}}
    inferred = {**USAGE, "billingCadence": cadence, "entitlementTemplate": template}
    for wrong in (own, inferred):
        found = [finding for finding in check("Plan", plan(wrong), meter) if not finding.publish_only]
        assert [finding.rule.id for finding in found] == ["entitlement.usage_period.short"]
