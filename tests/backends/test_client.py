import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from reconciler.backends.jsontext import dumps, loads
from reconciler.backends.retry import retry_after
from reconciler.errors import ApiError, ProtocolError, TransportError, UsageError

from .faults import Faults, answered, client, handled_but, lost, raised

METER = {"slug": "tokens", "eventType": "prompt", "aggregation": "COUNT"}
HTML = b"<html><body>Bad gateway</body></html>"


@pytest.fixture
def http(wire):
    opened = client(wire)
    yield opened
    opened.close()


def _count(wire, method):
    return sum(seen.startswith(method) for seen in wire.seen)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_read_is_repeated_while_the_server_is_busy(wire, http, status):
    wire.breaks("GET", "/meters", answered(status, HTML), answered(status, retry_after="1"))
    assert http.get("/api/v1/meters").json == []
    assert (_count(wire, "GET"), http.requests) == (3, 3)


@pytest.mark.parametrize(
    "error", [httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError, httpx.ReadTimeout, httpx.PoolTimeout]
)
def test_a_read_is_repeated_after_a_broken_connection(wire, http, error):
    wire.breaks("GET", "/meters", raised(error))
    assert http.get("/api/v1/meters").json == []


def test_reading_ends_after_the_last_attempt_with_the_last_error(wire, http):
    wire.breaks("GET", "/meters", *[answered(503)] * 9)
    with pytest.raises(ApiError, match=r"^503 Service Unavailable$"):
        http.get("/api/v1/meters")
    assert _count(wire, "GET") == 3


def test_a_server_that_asks_for_more_patience_than_there_is_gets_no_further_request(wire, http):
    wire.breaks("GET", "/meters", answered(429, retry_after="3600"))
    with pytest.raises(ApiError, match="429"):
        http.get("/api/v1/meters")
    assert _count(wire, "GET") == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_an_idempotent_write_is_repeated_after_a_broken_connection(wire, http, method):
    made = http.send("POST", "/api/v1/meters", body=METER).json["id"]
    wire.breaks(method, made, lost(httpx.ReadError), answered(503))
    body = {"name": "T"} if method == "PUT" else None
    assert http.send(method, f"/api/v1/meters/{made}", body=body).status in (200, 204)
    assert _count(wire, method) == 3


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_an_idempotent_write_is_not_repeated_into_a_server_that_hangs(wire, http, method):
    wire.breaks(method, "/x", raised(httpx.ReadTimeout))
    with pytest.raises(TransportError, match="no answer in time") as caught:
        http.send(method, "/x", body={} if method == "PUT" else None)
    assert caught.value.sent
    assert _count(wire, method) == 1


@pytest.mark.parametrize("error", [httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.WriteError])
def test_a_post_that_may_have_arrived_is_never_sent_again(wire, http, error):
    wire.breaks("POST", "/meters", lost(error))
    with pytest.raises(TransportError) as caught:
        http.send("POST", "/api/v1/meters", body=METER)
    assert caught.value.sent
    assert _count(wire, "POST") == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_post_that_a_server_error_answered_is_never_sent_again(wire, http, status):
    wire.breaks("POST", "/meters", handled_but(status))
    with pytest.raises(ApiError) as caught:
        http.send("POST", "/api/v1/meters", body=METER)
    assert caught.value.status == status
    assert _count(wire, "POST") == 1


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
def test_a_post_that_was_never_sent_is_sent_again(wire, http, error):
    wire.breaks("POST", "/meters", raised(error))
    assert http.send("POST", "/api/v1/meters", body=METER).json["slug"] == "tokens"


def test_a_post_that_the_rate_limit_refused_is_sent_again(wire, http):
    wire.breaks("POST", "/meters", answered(429, retry_after="2"))
    assert http.send("POST", "/api/v1/meters", body=METER).status == 200


def test_a_connection_that_never_comes_up_counts_as_not_sent(wire, http):
    wire.breaks("POST", "/meters", *[raised(httpx.ConnectError)] * 3)
    with pytest.raises(TransportError, match="no connection") as caught:
        http.send("POST", "/api/v1/meters", body=METER)
    assert not caught.value.sent


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (answered(200, HTML, content_type="text/html; charset=utf-8"), "200 with text/html that is not JSON: `<html>"),
        (answered(200, b'{"items": [', content_type="application/json"), "200 with application/json that is not JSON"),
        (answered(200, b"[" * 100_000), "that is not JSON"),
        (answered(200, b"NaN"), "that is not JSON"),
        (answered(200, b"\xff\xfe\xfa"), "that is not JSON"),
        (answered(200), "answered 200 without a body"),
        (answered(404, HTML, content_type="text/html"), "answered 404 with text/html"),
        (answered(302, location="http://[x"), r"redirects \(302\) to no valid address$"),
        (answered(302, location="https://login.example/sso?token=abc"), r"redirects \(302\) to login.example$"),
    ],
)
def test_an_answer_that_is_not_of_the_api_is_told_as_such(wire, http, answer, words):
    wire.breaks("GET", "/meters", answer)
    with pytest.raises(ProtocolError, match=words):
        http.get("/api/v1/meters")


def test_a_page_that_refuses_the_token_comes_with_advice_about_the_token(wire, http):
    wire.breaks("GET", "/meters", answered(401, HTML, content_type="text/html"))
    with pytest.raises(ProtocolError) as caught:
        http.get("/api/v1/meters")
    assert "token" in caught.value.tip


def test_a_write_may_be_answered_without_a_body(wire, http):
    made = http.send("POST", "/api/v1/meters", body=METER).json["id"]
    reply = http.send("DELETE", f"/api/v1/meters/{made}")
    assert (reply.status, reply.json) == (204, None)


def test_no_error_shows_the_token_a_secret_header_or_a_signing_secret(wire):
    secrets = ("t0k3n-abc", "h3ad3r-xyz")
    opened = client(wire, headers={"authorization": "Bearer t0k3n-abc", "x-access": "h3ad3r-xyz"}, secrets=secrets)
    body = {"name": "ops", "signingSecret": "whsec_SECRET123", "customHeaders": {"A": "cust0m"}}
    echo = "bad: t0k3n-abc h3ad3r-xyz whsec_SECRET123 cust0m"
    wire.breaks("POST", "/channels", answered(400, json.dumps({"detail": echo}).encode()))
    with pytest.raises(ApiError) as caught:
        opened.send("POST", "/api/v1/notification/channels", body=body)
    assert caught.value.message == "400 bad: *** *** *** ***"


def test_settings_show_no_secret_in_their_repr():
    from reconciler.backends.client import Settings

    assert "t0k3n" not in repr(Settings("http://x", headers={"authorization": "Bearer t0k3n"}, secrets=("t0k3n",)))


def test_a_retry_leaves_no_secret_in_the_log(wire, caplog):
    opened = client(wire, headers={"authorization": "Bearer t0k3n-abc"}, secrets=("t0k3n-abc",))
    wire.breaks("GET", "/meters", answered(503, b'{"detail": "t0k3n-abc"}'))
    with caplog.at_level("DEBUG"):
        opened.get("/api/v1/meters")
    assert caplog.records
    assert "t0k3n" not in caplog.text


def test_a_client_that_only_reads_sends_no_write(wire):
    with pytest.raises(UsageError, match="only reads"):
        client(wire, read_only=True).send("POST", "/api/v1/meters", body=METER)
    assert wire.seen == []


def test_numbers_travel_exactly_both_ways():
    text = b'{"a":0.1000,"b":12345678901234567890.000000001,"c":3}'
    assert loads(text) == {"a": Decimal("0.1000"), "b": Decimal("12345678901234567890.000000001"), "c": 3}
    assert dumps(loads(text)) == text


def test_a_path_of_the_endpoint_is_kept():
    wire = Faults(httpx.MockTransport(lambda _: httpx.Response(200, json=[])))
    from reconciler.backends.client import Client, Settings

    Client(Settings("https://host.test/openmeter"), wire).get("/api/v1/meters")
    assert wire.seen == ["GET /openmeter/api/v1/meters"]


def test_a_wrong_certificate_file_is_an_error_of_ours(monkeypatch):
    from reconciler.backends.client import Client, Settings

    monkeypatch.setenv("SSL_CERT_FILE", "/does/not/exist.pem")
    with pytest.raises(TransportError) as caught:
        Client(Settings("https://host.test"))
    assert "SSL_CERT_FILE" in caught.value.tip


def test_retry_after_is_read_as_seconds_or_as_a_date():
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert retry_after("7") == 7.0
    assert retry_after("Thu, 01 Jan 2026 12:00:30 GMT", lambda: now) == 30.0
    assert retry_after("Thu, 01 Jan 2026 12:00:30 GMT", lambda: now + timedelta(hours=1)) == 0.0
    assert retry_after("soon") is None
    assert retry_after(None) is None
