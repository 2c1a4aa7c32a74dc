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


JANUARY = "from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z"


def event(subject="s1", at="2026-01-10T10:00:00Z", kind="e", **data):
    return {"id": "1", "source": "t", "specversion": "1.0", "type": kind, "subject": subject, "time": at, "data": data}


def used(asking, question, meter="m"):
    status, answer = asking.ask("GET", f"/meters/{meter}/query?{question}")
    assert status == 200, answer
    return [(row["subject"], row.get("customerId"), row["groupBy"], row["value"]) for row in answer["data"]]


@pytest.mark.parametrize(
    ("aggregation", "value"),
    [("SUM", 6.5), ("COUNT", 4), ("MAX", 3), ("MIN", 1.5), ("LATEST", 2), ("UNIQUE_COUNT", 4), ("AVG", 6.5 / 3)],
)
def test_events_are_aggregated_as_the_meter_says(asking, aggregation, value):
    body = {"slug": "x", "eventType": "e", "aggregation": aggregation}
    asking.made("/meters", body if aggregation == "COUNT" else {**body, "valueProperty": "$.v.n"})
    days = (("02", 1.5), ("04", 2), ("03", "3"), ("05", "no number"))
    batch = [event(at=f"2026-01-{day}T00:00:00Z", v={"n": n}) for day, n in days]
    assert asking.ask("POST", "/events", [*batch, event(kind="other", v={"n": 9})])[0] == 204
    assert used(asking, JANUARY, "x") == [(None, None, {}, pytest.approx(value))]


def test_usage_is_told_by_customer_whose_key_is_a_subject_too_within_the_period_and_the_filter(asking):
    ids = [
        asking.made("/customers", {"name": key, "key": key, "usageAttribution": {"subjectKeys": [f"{key}_1"]}})["id"]
        for key in ("acme", "globex")
    ]
    for subject, at, model, units in (
        ("acme", "2026-01-01T00:00:00Z", "big", 1),
        ("acme_1", "2026-01-31T23:59:59.9Z", "small", 2),
        ("globex_1", "2026-01-15T00:00:00Z", "big", 4),
        ("nobody", "2026-01-15T00:00:00Z", "big", 8),
        ("acme", "2026-02-01T00:00:00Z", "big", 16),
        ("acme", "2025-12-31T23:59:59Z", "big", 32),
    ):
        asking.ask("POST", "/events", event(subject, at, a=model, v=units))
    who = "&".join(f"filterCustomerId={ident}" for ident in ids)
    assert used(asking, f"{JANUARY}&{who}") == [(None, ids[0], {}, 3), (None, ids[1], {}, 4)]
    big = 'advancedMeterGroupByFilters={"a":{"$eq":"big"}}'
    assert used(asking, f"{JANUARY}&{who}&{big}") == [(None, ids[0], {}, 1), (None, ids[1], {}, 4)]
    assert used(asking, f"{JANUARY}&filterGroupBy[a]=small&groupBy=a") == [(None, None, {"a": "small"}, 2)]
    assert used(asking, f"{JANUARY}&subject=nobody") == [("nobody", None, {}, 8)]
    assert used(asking, f"{JANUARY}&groupBy=customer_id") == [(None, "", {}, 15)]
    assert asking.ask("GET", f"/meters/m/query?{big}&filterGroupBy[a]=x")[0] == 400
    assert asking.read("/meters/m/group-by/a/values") == ["big", "small"]


def test_usage_is_told_by_window(asking):
    for at, units in (("2026-01-01T10:15:00Z", 1), ("2026-01-01T22:00:00Z", 2), ("2026-01-03T00:00:00Z", 4)):
        asking.ask("POST", "/events", event(at=at, v=units))
    rows = asking.read(f"/meters/m/query?{JANUARY}&windowSize=DAY")["data"]
    assert [(row["windowStart"], row["windowEnd"], row["value"]) for row in rows] == [
        ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 3),
        ("2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z", 4),
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [(event(), 204), ([event(), event()], 204), ([], 400), ({"id": "1"}, 400), ({**event(), "time": "yesterday"}, 400),
     ({**event(), "data": "x"}, 400), ({**event(), "time": None, "data": None}, 204)],
)  # fmt: skip
def test_events_are_checked_as_on_the_server(asking, body, status):
    assert asking.ask("POST", "/events", body)[0] == status
