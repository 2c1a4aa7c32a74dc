"""Cases in which random requests to a real server and to the sandbox once had different answers."""

import pytest

from .asking import Asking

SUPPLIER = {"name": "S", "addresses": [{"country": "US"}]}
METER = {"slug": "m", "eventType": "e", "aggregation": "COUNT"}


@pytest.fixture
def asking():
    return Asking()


def profile_body(asking, **changed):
    app = asking.read("/apps")["items"][0]["id"]
    apps = dict.fromkeys(("invoicing", "payment", "tax"), app)
    return {"name": "P", "default": False, "supplier": SUPPLIER, "workflow": {}, "apps": apps, **changed}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/meters", {**METER, "description": "\0"}),
        ("/meters", {**METER, "metadata": {"\0": "a"}}),
        ("/features", {"key": "f", "name": "\0"}),
        ("/features", {"key": "f", "name": "F", "meterGroupByFilters": {"a": "\0"}}),
        ("/notification/channels", {"type": "WEBHOOK", "name": "\0", "url": "https://example.com"}),
        ("/customers", {"key": "c", "name": "C", "usageAttribution": {"subjectKeys": ["\0"]}}),
    ],
)
def test_a_text_with_a_nul_character_breaks_the_server_and_leaves_no_trace(asking, path, body):
    assert asking.ask("POST", path, body)[0] == 500
    listed = asking.read(path)
    assert not (listed["items"] if isinstance(listed, dict) else listed)


def test_a_nul_character_in_an_unknown_field_is_thrown_away_with_it(asking):
    assert asking.ask("POST", "/meters", {**METER, "unknown": "\0"})[0] == 200


@pytest.mark.parametrize("how", ["POST", "PUT"])
def test_a_demoted_default_profile_is_older_than_the_one_that_took_its_place(asking, how):
    body = profile_body(asking, default=True)
    if how == "POST":
        new = asking.made("/billing/profiles", body)
    else:
        made = asking.made("/billing/profiles", {**body, "default": False})
        new = asking.ask("PUT", f"/billing/profiles/{made['id']}", body)[1]
    listed = asking.read("/billing/profiles?orderBy=updatedAt&order=DESC")["items"]
    assert [each["default"] for each in listed] == [True, False]
    assert listed[0]["id"] == new["id"]


ENFORCED = {"tax": {"enabled": False, "enforced": True}}


@pytest.mark.parametrize(
    ("workflow", "supplier", "code"),
    [(ENFORCED, SUPPLIER, "default_profile_cannot_be_unset"), ({}, {"name": ""}, "default_profile_cannot_be_unset")],
)
def test_whether_a_profile_may_change_at_all_is_asked_before_its_content(asking, workflow, supplier, code):
    default = asking.read("/billing/profiles")["items"][0]
    body = profile_body(asking, workflow=workflow, supplier=supplier)
    status, answer = asking.ask("PUT", f"/billing/profiles/{default['id']}", body)
    assert (status, answer["extensions"]["code"]) == (400, code)


def test_the_durations_of_a_profile_are_read_before_the_profile_is_looked_for(asking):
    body = profile_body(asking, workflow={"invoicing": {"dueAfter": "x"}})
    assert asking.ask("PUT", "/billing/profiles/01AAAAAAAAAAAAAAAAAAAAAAAA", body)[0] == 500


def test_an_unknown_way_to_pay_is_thrown_away(asking):
    profile = asking.made("/billing/profiles", profile_body(asking, workflow={"payment": {"x": "y"}}))
    assert profile["workflow"]["payment"] == {"collectionMethod": "charge_automatically"}


@pytest.mark.parametrize("name", ["key", "name", "primaryEmail", "subject", "planKey"])
def test_an_empty_filter_of_customers_reaches_the_service_and_is_refused_there(asking, name):
    status, answer = asking.ask("GET", f"/customers?{name}=")
    assert (status, "instance" in answer) == (400, True)


def test_overrides_by_the_page_without_a_page_number_break_the_server_only_if_there_are_any(asking):
    assert asking.read("/billing/customers?pageSize=1")["items"] == []
    customer = asking.made("/customers", {"key": "c", "name": "C"})
    asking.ask("PUT", f"/billing/customers/{customer['id']}", {})
    assert asking.ask("GET", "/billing/customers?pageSize=1")[0] == 500


def test_lists_that_are_always_empty_take_page_parameters_in_their_own_ways(asking):
    assert asking.read("/entitlements") == asking.read("/grants") == []
    assert asking.read("/entitlements?page=2") == {"items": [], "page": 2, "pageSize": 100, "totalCount": 0}
    assert asking.read("/grants?page=2") == {"items": [], "page": 2, "pageSize": 0, "totalCount": 0}


@pytest.mark.parametrize("path", ["/notification/channels", "/notification/rules"])
def test_a_parameter_without_effect_still_has_to_be_readable(asking, path):
    assert asking.ask("GET", f"{path}?includeDeleted=true")[0] == 200
    assert asking.ask("GET", f"{path}?includeDeleted=x")[0] == 400


def test_filters_appear_in_the_older_spelling_if_each_compares_for_equality_whatever_else_it_asks(asking):
    both = {"a": {"$eq": "x", "$ne": "y"}}
    feature = asking.made("/features", {"key": "f", "name": "F", "advancedMeterGroupByFilters": both})
    assert feature["meterGroupByFilters"] == {"a": "x"}
    assert feature["advancedMeterGroupByFilters"] == both


@pytest.mark.parametrize(("duration", "status"), [("P1M", 400), (None, 200)])
def test_a_deleted_draft_is_cloned_only_if_nothing_is_wrong_with_it(asking, duration, status):
    card = {"type": "flat_fee", "key": "a", "name": "A", "billingCadence": None, "price": None}
    phase = {"key": "p", "name": "P", "duration": duration, "rateCards": [card]}
    body = {"key": "pro", "name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": [phase]}
    plan = asking.made("/plans", body)
    asking.ask("DELETE", f"/plans/{plan['id']}")
    answered, answer = asking.ask("POST", "/plans/pro/next")
    assert answered == status
    if status == 400:
        codes = [each["code"] for each in answer["extensions"]["validationErrors"]]
        assert codes == ["plan_has_last_phase_with_duration"]


CARD = {"type": "flat_fee", "key": "a", "name": "A", "billingCadence": "P1M", "price": {"type": "flat", "amount": "1"}}
NEGATIVE = {"discounts": {"usage": {"quantity": "-1"}}}
HURRIED = {"featureKey": "a", "entitlementTemplate": {"type": "metered", "usagePeriod": "PT30M", "issueAfterReset": 1}}


def written(asking, kind, cards):
    phase = {"key": "p", "name": "P", "duration": None, "rateCards": cards}
    content = {
        "/plans": {"billingCadence": "P1M", "phases": [phase]},
        "/addons": {"instanceType": "single", "rateCards": cards},
    }
    return asking.ask("POST", kind, {"key": "pro", "name": "Pro", "currency": "USD", **content[kind]})


def codes_of(answer):
    return [each["code"] for each in answer["extensions"]["validationErrors"]]


@pytest.mark.parametrize("kind", ["/plans", "/addons"])
@pytest.mark.parametrize(
    ("problem", "code"),
    [(NEGATIVE, "usage_discount_negative_quantity"), (HURRIED, "entitlement_template_usage_period_less_then_an_hour")],
)
def test_a_rate_card_that_cannot_be_stored_is_refused_after_everything_else(asking, kind, problem, code):
    asking.made("/features", {"key": "a", "name": "A"})
    bad = {**CARD, **problem}
    assert codes_of(written(asking, kind, [bad])[1]) == [code]
    assert codes_of(written(asking, kind, [bad, CARD])[1]) == ["rate_card_duplicated_key"]
    unknown = {**CARD, "key": "b", "featureKey": "b"}
    assert codes_of(written(asking, kind, [bad, unknown])[1]) == ["rate_card_feature_not_found"]
    unreadable = {**CARD, "key": "b", "billingCadence": "x"}
    assert written(asking, kind, [bad, unreadable])[0] == {"/plans": 400, "/addons": 500}[kind]
    assert written(asking, kind, [CARD])[0] == 201
    status, answer = written(asking, kind, [bad])
    assert (status, "extensions" in answer) == (400, False), "a draft in the way is told first"
