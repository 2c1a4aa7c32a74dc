"""Questions about usage are checked like the server's and answered with none; rules send test messages."""

import httpx
import pytest

from .asking import Asking


@pytest.fixture
def asking():
    world = Asking()
    body = {"slug": "m", "eventType": "e", "aggregation": "SUM", "valueProperty": "$.v", "groupBy": {"a": "$.a"}}
    world.made("/meters", body)
    return world


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("windowSize=DAY&from=2026-01-01T00:00:00Z", 200),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 200),
        ("windowSize=FOO", 400),
        ("groupBy=a&groupBy=subject", 200),
        ("groupBy=a,subject", 400),
        ("groupBy=b", 400),
        ("filterGroupBy[a]=x", 200),
        ("filterGroupBy[b]=x", 400),
        ("windowTimeZone=Nowhere/X", 400),
        ("clientId=", 400),
        ("filterCustomerId=01AAAAAAAAAAAAAAAAAAAAAAAA", 404),
        ("from=x", 400),
    ],
)
def test_a_question_about_usage_is_checked_as_on_the_server(asking, question, status):
    assert asking.ask("GET", f"/meters/m/query?{question}")[0] == status


def test_the_answer_repeats_the_question_and_has_no_rows(asking):
    body = {"from": "2026-01-01T00:00:00Z", "windowSize": "HOUR", "groupBy": ["a"], "filterGroupBy": {"a": ["x"]}}
    answer = {"data": [], "from": "2026-01-01T00:00:00Z", "windowSize": "HOUR"}
    assert asking.ask("POST", "/meters/m/query", body) == (200, answer)


def test_csv_names_subject_and_customer_before_the_dimensions(asking):
    question = "groupBy=customer_id&groupBy=a&groupBy=subject"
    answer = asking.client.get(f"/meters/m/query?{question}", headers={"accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv"
    assert answer.text == "window_start,window_end,subject,customer_id,a,value\n"


@pytest.mark.parametrize("path", ["/meters/x/query", "/meters/x/subjects", "/meters/x/group-by/a/values"])
def test_an_unknown_meter_is_not_found(asking, path):
    assert asking.ask("GET", path)[0] == 404


def rule(asking, kind, **more):
    channel = asking.made("/notification/channels", {"type": "WEBHOOK", "name": "c", "url": "https://example.com"})
    body = {"type": kind, "name": "r", "channels": [channel["id"]], **more}
    return asking.made("/notification/rules", body)


def test_a_disabled_or_deleted_rule_sends_no_test_message(asking):
    disabled = rule(asking, "invoice.created", disabled=True)
    assert asking.ask("POST", f"/notification/rules/{disabled['id']}/test")[0] == 400
    asking.ask("DELETE", f"/notification/rules/{disabled['id']}")
    assert asking.ask("POST", f"/notification/rules/{disabled['id']}/test")[0] == 404
    assert asking.read("/notification/events")["totalCount"] == 0


def test_a_test_message_is_kept_and_waits_for_its_delivery(asking):
    thresholds = [{"type": "PERCENT", "value": 80}]
    made = rule(asking, "entitlements.balance.threshold", thresholds=thresholds)
    status, event = asking.ask("POST", f"/notification/rules/{made['id']}/test")
    assert status == 200
    assert asking.read(f"/notification/events/{event['id']}") == event
    assert asking.read("/notification/events")["items"] == [event]
    assert [each["state"] for each in event["deliveryStatus"]] == ["PENDING"]
    assert event["payload"]["data"]["threshold"] == {"type": "PERCENT", "value": 50}


def test_a_test_message_about_an_invoice_carries_the_default_profile(asking):
    _, event = asking.ask("POST", f"/notification/rules/{rule(asking, 'invoice.updated')['id']}/test")
    default = asking.read("/billing/profiles")["items"][0]
    assert event["payload"]["data"]["workflow"]["sourceBillingProfileId"] == default["id"]


def test_the_answers_are_json_unless_csv_is_wanted(asking):
    answer: httpx.Response = asking.client.get("/meters/m/query", headers={"accept": "*/*"})
    assert answer.json() == {"data": []}
