import logging
import subprocess
import sys
from types import SimpleNamespace

import httpx
import pytest

from reconciler.backends import open_backend
from reconciler.errors import SecretError, UsageError
from reconciler.project import SecretSource
from reconciler.sandbox import Sandbox

from .faults import Faults, answered


@pytest.fixture
def opened(tmp_path):
    connected = []

    def connect(transport=None, *, endpoint="https://openmeter.test", api="v1", token=None, headers=None, **options):
        environment = SimpleNamespace(endpoint=endpoint, api=api, token=token, headers=headers or {})
        connected.append(open_backend(environment, base=tmp_path, transport=transport, **options))
        return connected[-1]

    yield connect
    for backend in connected:
        backend.close()


@pytest.fixture
def wire():
    return Faults(httpx.MockTransport(lambda _: httpx.Response(200, json=[])))


def test_the_token_the_headers_and_who_we_are_go_with_every_request(opened, wire, monkeypatch):
    monkeypatch.setenv("TOKEN", "t0k3n")
    monkeypatch.setenv("ACCESS", "s3cr3t")
    headers = {"X-Access-Secret": SecretSource(env="ACCESS"), "X-Team": "billing"}
    opened(wire, token=SecretSource(env="TOKEN"), headers=headers).perform("GET", "/api/v1/meters")
    sent = wire.requests[0].headers
    assert sent["authorization"] == "Bearer t0k3n"
    assert (sent["x-access-secret"], sent["x-team"]) == ("s3cr3t", "billing")
    assert sent["user-agent"].startswith("reconciler/")


def test_opening_sends_nothing(opened, wire):
    opened(wire)
    assert wire.seen == []


def test_a_token_file_is_looked_up_beside_the_project_and_its_newline_is_no_part_of_it(opened, wire, tmp_path):
    (tmp_path / "token").write_text("t0k3n\n")
    opened(wire, token=SecretSource(file="token")).perform("GET", "/x")
    assert wire.requests[0].headers["authorization"] == "Bearer t0k3n"


@pytest.mark.parametrize("value", ["", "a\nb: c", "tök", "\x7f"])
def test_a_token_that_no_header_can_hold_is_a_secret_error_without_the_value(opened, tmp_path, value):
    (tmp_path / "token").write_text(value, encoding="utf-8")
    with pytest.raises(SecretError) as caught:
        opened(token=SecretSource(file="token"))
    assert not value or value not in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"endpoint": "sandbox:"}, "no http:// or https:// address"),
        ({"endpoint": "http://[::1"}, "not a valid address"),
        ({"endpoint": "openmeter.test"}, "no http:// or https:// address"),
        ({"endpoint": "https://me:pw@openmeter.test"}, "user name or password"),
        ({"api": "v9"}, "`v9` is not supported"),
        ({"headers": {"X-A": "ü"}}, "`X-A` has a value"),
    ],
)
def test_an_environment_that_cannot_be_talked_to_is_a_usage_error(opened, environment, words):
    with pytest.raises(UsageError, match=words) as caught:
        opened(**environment)
    assert "pw" not in caught.value.message.replace("password", "")


def test_the_embedded_sandbox_needs_no_address(opened):
    server = Sandbox()
    backend = opened(server.transport(), endpoint="sandbox:")
    assert backend.endpoint == "sandbox:"
    assert backend.identity()
    assert (backend.api, backend.requests) == ("v1", 1)
    server.close()


def test_a_backend_that_only_reads_refuses_to_write(opened, wire):
    with pytest.raises(UsageError, match="only reads"):
        opened(wire, read_only=True).perform("DELETE", "/api/v1/meters/x")
    assert wire.seen == []


def test_the_identity_stays_when_profiles_come_and_go(opened):
    server = Sandbox()
    backend = opened(server.transport(), endpoint="sandbox:")
    first = backend.identity()
    app = backend.perform("GET", "/api/v1/apps").body["items"][0]["id"]
    supplier = {"name": "Acme", "addresses": [{"country": "US"}]}
    apps = {"tax": app, "invoicing": app, "payment": app}
    body = {"name": "new", "default": True, "supplier": supplier, "workflow": {}, "apps": apps}
    backend.perform("POST", "/api/v1/billing/profiles", body)
    assert backend.identity() == first
    backend.perform("DELETE", f"/api/v1/billing/profiles/{first}")
    assert backend.identity() == first
    assert backend.observe(["Meter"]).identity == first
    server.close()


def test_nothing_that_is_logged_while_talking_holds_the_token(opened, monkeypatch, caplog):
    monkeypatch.setenv("TOKEN", "t0k3n")
    caplog.set_level(logging.DEBUG)
    wire = Faults(httpx.MockTransport(lambda _: httpx.Response(200, json=[])))
    wire.breaks("GET", "/x", answered(503))
    opened(wire, token=SecretSource(env="TOKEN")).perform("GET", "/x")
    assert caplog.text
    assert "t0k3n" not in caplog.text


def test_importing_the_rooms_loads_no_http_library():
    code = (
        "import sys, reconciler.backends, reconciler.execution;"
        "print(sorted({'httpx', 'stamina', 'simplejson'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
