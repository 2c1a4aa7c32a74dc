import pytest

from .asking import Asking


@pytest.fixture
def server():
    asking = Asking()
    meter = {"slug": "tokens", "eventType": "e", "aggregation": "SUM", "valueProperty": "$.n"}
    asking.made("/meters", meter)
    feature(asking)
    return asking


def feature(server):
    return server.made("/features", {"key": "tokens", "name": "Tokens", "meterSlug": "tokens"})


def fee(key="base", **fields):
    price = {"type": "flat", "amount": "10"}
    return {"type": "flat_fee", "key": key, "name": key, "billingCadence": "P1M", "price": price, **fields}


def usage(key="tokens", **fields):
    price = {"type": "unit", "amount": "1"}
    common = {"type": "usage_based", "key": key, "name": key, "billingCadence": "P1M", "featureKey": key}
    return {**common, "price": price, **fields}


def content(*cards, **fields):
    phase = {"key": "main", "name": "Main", "duration": None, "rateCards": list(cards) or [fee()]}
    return {"name": "Pro", "billingCadence": "P1M", "phases": [phase], **fields}


def draft(server, *cards, key="pro", **fields):
    return server.made("/plans", {"key": key, "currency": "USD", **content(*cards, **fields)})


def active(server, *cards, **fields):
    made = draft(server, *cards, **fields)
    status, answer = server.ask("POST", f"/plans/{made['id']}/publish")
    assert status == 200, answer
    return answer


def put(server, plan, body):
    status, answer = server.ask("PUT", f"/plans/{plan['id']}", body)
    assert status == 200, answer
    return answer


def codes(answer):
    return [error["code"] for error in answer["extensions"]["validationErrors"]]


def test_rate_cards_come_back_in_another_order_than_sent(server):
    keys = ["a", "b", "c", "d", "e", "f"]
    made = draft(server, *[fee(key) for key in keys])
    shown = [card["key"] for card in made["phases"][0]["rateCards"]]
    assert shown != keys
    assert sorted(shown) == keys
    assert server.read(f"/plans/{made['id']}")["phases"] == made["phases"]


def test_a_put_keeps_description_metadata_and_settlement_but_resets_the_pro_rating(server):
    rating = {"enabled": False, "mode": "prorate_prices"}
    sent = {"description": "d", "metadata": {"a": "b"}, "settlementMode": "credit_only"}
    made = draft(server, proRatingConfig=rating, **sent)
    written = put(server, made, content())
    assert {name: written[name] for name in sent} == sent
    assert written["proRatingConfig"]["enabled"] is True


def test_a_put_clears_with_an_empty_text_and_an_empty_map(server):
    made = draft(server, description="d", metadata={"a": "b"})
    written = put(server, made, content(description="", metadata={}))
    assert (written["description"], written["metadata"]) == ("", {})


def test_a_put_with_null_metadata_keeps_it(server):
    made = draft(server, metadata={"a": "b"})
    assert put(server, made, content(metadata=None))["metadata"] == {"a": "b"}


def test_an_equal_put_still_moves_the_time_of_the_update(server):
    made = draft(server)
    assert put(server, made, content())["updatedAt"] != made["updatedAt"]


def test_a_put_ignores_key_and_currency(server):
    written = put(server, draft(server), content(key="other", currency="EUR"))
    assert (written["key"], written["currency"]) == ("pro", "USD")


def test_a_draft_whose_feature_was_created_again_must_be_written_before_publishing(server):
    made = draft(server, usage())
    server.ask("DELETE", "/features/tokens")
    feature(server)
    assert server.read(f"/plans/{made['id']}")["validationErrors"] is None
    status, answer = server.ask("POST", f"/plans/{made['id']}/publish")
    assert (status, codes(answer)) == (400, ["rate_card_feature_not_found"])
    put(server, made, content(usage()))
    assert server.ask("POST", f"/plans/{made['id']}/publish")[0] == 200


def test_a_feature_is_archived_beside_a_draft_but_not_beside_an_active_plan(server):
    made = active(server, usage())
    assert server.ask("DELETE", "/features/tokens")[0] == 400
    server.ask("POST", f"/plans/{made['id']}/archive")
    draft(server, usage())
    assert server.ask("DELETE", "/features/tokens")[0] == 204


def test_a_critical_issue_hides_the_warnings(server):
    bad = content(fee(price={"type": "flat", "amount": "-1"}, billingCadence="P1W"))
    status, answer = server.ask("POST", "/plans", {"key": "pro", "currency": "USD", **bad})
    assert status == 400
    assert [error["message"] for error in answer["extensions"]["validationErrors"]] == [
        "the Amount must not be negative"
    ]


def test_a_negative_usage_discount_refuses_a_draft_although_it_is_a_warning(server):
    bad = content(usage(discounts={"usage": {"quantity": "-1"}}))
    status, answer = server.ask("POST", "/plans", {"key": "pro", "currency": "USD", **bad})
    assert (status, codes(answer)) == (400, ["usage_discount_negative_quantity"])
    assert answer["extensions"]["validationErrors"][0]["severity"] == "warning"


def test_decimals_of_discounts_and_limits_stay_exact(server):
    template = {"type": "metered", "issueAfterReset": 1e21}
    discounts = {"percentage": {"percentage": 12.50}, "usage": {"quantity": "0010.50"}}
    card = usage(entitlementTemplate=template, discounts=discounts)
    shown = draft(server, card)["phases"][0]["rateCards"][0]
    assert shown["entitlementTemplate"]["issueAfterReset"] == 10**21
    assert shown["discounts"] == {"percentage": {"percentage": 12.5}, "usage": {"quantity": "10.5"}}


def test_a_key_that_looks_like_an_id_is_found_by_its_id_only(server):
    key = "01g65z755afwakhe12ny0cq9fh"
    made = active(server, key=key)
    assert server.ask("GET", f"/plans/{key}")[0] == 404
    assert server.read(f"/plans/{made['id']}")["key"] == key


@pytest.fixture
def several(server):
    first = active(server, key="aa")
    return [first, draft(server, key="aa"), draft(server, key="bb")]


def listed(server, query):
    return [(item["key"], item["version"]) for item in server.read(f"/plans{query}")["items"]]


def test_plans_are_listed_newest_first_one_item_per_version(server, several):
    assert listed(server, "") == [("bb", 1), ("aa", 2), ("aa", 1)]
    assert listed(server, "?order=ASC") == [("aa", 1), ("aa", 2), ("bb", 1)]
    assert listed(server, "?orderBy=key&order=DESC&pageSize=1") == [("bb", 1)]


def test_plan_filters_are_joined_by_or_and_status_by_and(server, several):
    assert listed(server, f"?key=bb&id={several[0]['id']}") == [("bb", 1), ("aa", 1)]
    assert listed(server, "?key=bb&currency=USD") == [("bb", 1), ("aa", 2), ("aa", 1)]
    assert listed(server, "?key=aa&status=draft") == [("aa", 2)]
    assert listed(server, "?status=draft&status=active&key=aa") == [("aa", 2), ("aa", 1)]


def test_versions_of_a_key_are_filtered_with_an_index(server, several):
    assert listed(server, "?keyVersion[aa][0]=1") == [("aa", 1)]
    assert listed(server, "?keyVersion[aa][0]=1&keyVersion[aa][1]=2&key=bb") == [("bb", 1), ("aa", 2), ("aa", 1)]
    assert server.ask("GET", "/plans?keyVersion[aa]=1")[0] == 400
    assert server.ask("GET", "/plans?keyVersion[aa][]=1")[0] == 400


@pytest.mark.parametrize(
    "query", ["page=0", "pageSize=1001", "order=", "orderBy=name", "status=x", "status=", "id=aa", "currency=usd"]
)
def test_a_list_parameter_that_the_validator_refuses_has_no_instance(server, query):
    status, answer = server.ask("GET", f"/plans?{query}")
    assert (status, "instance" in answer) == (400, False)


@pytest.mark.parametrize(
    "query",
    [
        *("page=x", "page=", "page=1.5", "page=99999999999999999999", "page=1&page=2", "page=x&pageSize=1001"),
        *("includeDeleted=x", "includeDeleted=", "includeDeleted=1&includeDeleted=1", "order=ASC&order=ASC"),
    ],
)
def test_a_list_parameter_that_cannot_be_read_is_refused_before_the_validator_with_an_instance(server, query):
    status, answer = server.ask("GET", f"/plans?{query}")
    assert (status, "instance" in answer) == (400, True)


def test_deleted_versions_are_listed_on_request_and_found_as_the_latest(server, several):
    server.ask("DELETE", f"/plans/{several[1]['id']}")
    assert listed(server, "?key=aa") == [("aa", 1)]
    assert listed(server, "?key=aa&includeDeleted=true") == [("aa", 2), ("aa", 1)]
    assert "deletedAt" in server.read("/plans/aa?includeLatest=true")


def metered(**fields):
    return {"type": "metered", "issueAfterReset": 1, **fields}


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("PT59M", ["entitlement_template_usage_period_less_then_an_hour"]),
        (
            "-P1M",
            ["entitlement_template_negative_usage_period", "entitlement_template_usage_period_less_then_an_hour"],
        ),
    ],
)
def test_a_usage_period_under_an_hour_is_refused_on_a_draft_too(server, period, expected):
    body = {"key": "pro", "currency": "USD"}
    own = content(usage(entitlementTemplate=metered(usagePeriod=period)))
    inferred = content(usage(billingCadence=period, entitlementTemplate=metered()))
    for wanted in (own, inferred):
        status, answer = server.ask("POST", "/plans", {**body, **wanted})
        assert (status, codes(answer)) == (400, expected)


def test_a_usage_period_of_nothing_is_the_billing_cadence(server):
    card = usage(entitlementTemplate=metered(usagePeriod="P0D"))
    assert draft(server, card)["phases"][0]["rateCards"][0]["entitlementTemplate"]["usagePeriod"] == "P1M"
    once = fee("tokens", featureKey="tokens", billingCadence=None, entitlementTemplate=metered(usagePeriod="P0D"))
    status, answer = server.ask("POST", "/plans", {"key": "other", "currency": "USD", **content(once)})
    assert status == 400
    assert "missing UsagePeriod" in answer["detail"]


def test_a_boolean_template_forgets_what_is_not_its_own(server):
    card = usage(entitlementTemplate={"type": "boolean", "config": "{}", "issueAfterReset": 5})
    assert draft(server, card)["phases"][0]["rateCards"][0]["entitlementTemplate"] == {"type": "boolean"}


def test_a_discount_without_a_price_is_refused_whatever_its_quantity(server):
    card = fee(price=None, discounts={"usage": {"quantity": "-1"}})
    status, answer = server.ask("POST", "/plans", {"key": "pro", "currency": "USD", **content(card)})
    assert status == 400
    assert [error["message"] for error in answer["extensions"]["validationErrors"]] == [
        "price is required for discounts"
    ]


@pytest.mark.parametrize(("currency", "status"), [("XDR", 201), ("XAU", 201), ("CLF", 201), ("ZWG", 400), ("CHE", 400)])
def test_currencies_are_those_with_a_number_in_the_table_of_the_server(server, currency, status):
    assert server.ask("POST", "/plans", {"key": "pro", "currency": currency, **content()})[0] == status


def test_a_price_forgets_what_is_not_of_its_model(server):
    card = usage(price={"type": "dynamic", "amount": "1", "quantityPerPackage": "2", "minimumAmount": "3.0"})
    assert draft(server, card)["phases"][0]["rateCards"][0]["price"] == {"type": "dynamic", "minimumAmount": "3"}
