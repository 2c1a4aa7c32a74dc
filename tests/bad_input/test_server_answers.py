# ruff: noqa: ARG005, PT017 - every answer is made by a function of one signature; an error is one of two good endings
"""A server that answers nonsense: what was asked is named, the exit code tells how far it went, nothing crashes."""

import itertools
import json
import re

import httpx
import pytest
import stamina

from reconciler import backends
from reconciler.backends.client import Client, Settings
from reconciler.backends.dialect import V1
from reconciler.backends.rest import RestBackend
from reconciler.errors import BackendError
from reconciler.kinds.registry import KINDS
from reconciler.sandbox import Sandbox

from . import damage

DOCUMENTS = [kind.example for name, kind in KINDS.items() if name != "BillingProfile"]
PROJECT = (
    "apiVersion: reconciler/v1\nkind: Project\nname: acme\nmanifests: [catalog]\n"
    "environments: {live: {endpoint: 'http://openmeter.test', insecure: true}}\ndefaultEnvironment: live\n"
)
LISTS = (
    "meters", "features", "plans", "addons", "notification/channels", "notification/rules", "billing/profiles", "apps",
)  # fmt: skip
HTML = b"<!doctype html><title>502</title><h1>Bad\x1b[31m gateway</h1>"
NONSENSE = {
    "HTML": (200, HTML, "text/html"), "HTML as JSON": (200, HTML, "application/json"), "nothing": (200, b"", None),
    "no content": (204, b"", None), "null": (200, b"null", "application/json"), "a number": (200, b"1", None),
    "text": (200, b'"ok"', None), "cut": (200, b'{"items": [{"id": "01', "application/json"),
    "deep": (200, b"[" * 99_999, None),
    "a list of lists": (200, b"[[[]]]", None), "a list of nulls": (200, b"[null, null]", None),
    "an object": (200, b"{}", None),
    "null items": (200, b'{"items": null, "totalCount": 1, "page": 1, "pageSize": 10}', None),
    "items of null": (200, b'{"items": [null], "totalCount": 1, "page": 1, "pageSize": 10}', None),
    "a huge total": (200, b'{"items": [], "totalCount": 1' + b"0" * 30 + b', "page": 1, "pageSize": 1}', None),
    "a long number": (200, b"9" * 9999, None), "not UTF-8": (200, b'{"id": "\xff\xfe"}', None),
    "NaN": (200, b'{"id": NaN}', None),
    "an HTML error": (502, HTML, "text/html"), "an empty error": (500, b"", None),
    "a list as error": (400, b"[1]", None),
    "an error of nulls": (400, b'{"detail": null, "extensions": {"validationErrors": [null, 1, {"code": 1}]}}', None),
    "an unknown status": (599, b"{}", None), "a redirect": (302, b"", None),
    "a NUL": (200, b"\0", "application/octet-stream"),
}  # fmt: skip


class Between(httpx.BaseTransport):
    """Between the client and a sandbox: rewrites the answers to requests that match."""

    def __init__(self, inner):
        self.inner, self.rule = inner, None

    def handle_request(self, request):
        request.read()
        if self.rule and re.fullmatch(self.rule[0], f"{request.method} {request.url.path}"):
            return self.rule[1](request, self.inner)
        return self.inner.handle_request(request)


def instead(status, content, kind):
    """The request never reaches the server."""
    headers = ({"content-type": kind} if kind else {}) | ({"location": "https://login.test/"} if status == 302 else {})
    return lambda request, inner: httpx.Response(status, content=content, headers=headers)


def replaced(tree):
    """Some other JSON comes back."""
    return lambda request, inner: httpx.Response(200, content=json.dumps(tree).encode())


def reading(transport):
    client = Client(Settings("http://openmeter.test"), transport)
    return RestBackend(client, V1, endpoint="http://openmeter.test", parallelism=2)


@pytest.fixture(autouse=True)
def _no_waiting():
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A sandbox behind a transport that damages answers, and a project of all the examples on it."""
    monkeypatch.setenv("HOOK_AUTHORIZATION", "Bearer abcdef")
    monkeypatch.setenv("HOOK_SIGNING_SECRET", "whsec_" + "c2VjcmV0" * 4)
    (tmp_path / "reconciler.yaml").write_text(PROJECT)
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "all.yaml").write_text("---\n".join(DOCUMENTS))
    sandbox = Sandbox(":memory:")
    between = Between(sandbox.transport())
    opened = backends.open_backend
    monkeypatch.setattr(
        backends, "open_backend", lambda *args, **named: opened(*args, **{**named, "transport": between})
    )
    yield between
    sandbox.close()


@pytest.fixture
def stocked(server, run):
    ended = run("apply", "--auto-approve")
    assert ended.code == 0, ended.err + ended.out
    return server


def sane(ended, codes):
    assert ended.code in codes, ended.err + ended.out
    assert "unexpectedly" not in ended.err, ended.err
    assert "Traceback" not in ended.err
    assert "\x1b[31m gateway" not in ended.err + ended.out


@pytest.mark.parametrize("path", LISTS)
def test_a_list_that_is_nonsense_is_an_error_that_names_it(path, stocked):
    for name, (status, content, kind) in NONSENSE.items():
        stocked.rule = (f"GET /api/v1/{path}", instead(status, content, kind))
        backend = reading(stocked)
        try:
            backend.observe(KINDS)
        except BackendError as error:
            assert error.message, name
            assert f"/api/v1/{path}" in error.message or status >= 400, (name, error.message)
        else:
            assert name in ("a list of lists", "an object") or status == 404, name
        finally:
            backend.close()


@pytest.mark.parametrize("path", LISTS)
def test_a_list_whose_rows_are_damaged_is_read_or_an_error_of_the_backend(path, stocked):
    answer = stocked.inner.handle_request(
        httpx.Request("GET", f"http://openmeter.test/api/v1/{path}?page=1&pageSize=100")
    )
    for tree in itertools.islice(damage.trees(json.loads(answer.read()), 5), 40):
        stocked.rule = (f"GET /api/v1/{path}", replaced(tree))
        backend = reading(stocked)
        try:
            backend.observe(KINDS)
        except BackendError as error:
            assert f"/api/v1/{path}" in error.message
        finally:
            backend.close()


@pytest.mark.parametrize("path", LISTS)
def test_plan_and_export_of_damaged_rows_end_in_a_plan_or_an_error(path, stocked, run):
    answer = stocked.inner.handle_request(
        httpx.Request("GET", f"http://openmeter.test/api/v1/{path}?page=1&pageSize=100")
    )
    for tree in itertools.islice(damage.trees(json.loads(answer.read()), 6), 8):
        stocked.rule = (f"GET /api/v1/{path}", replaced(tree))
        sane(run("plan"), (0, 1, 2, 3))
        sane(run("get"), (0, 1))


def test_plan_on_a_server_of_nonsense_ends_with_1(stocked, run):
    for status, content, kind in NONSENSE.values():
        stocked.rule = ("GET /api/v1/(meters|plans)", instead(status, content, kind))
        sane(run("plan"), (1,))


@pytest.mark.parametrize("path", ["meters", "features", "addons", "plans", "notification/channels"])
def test_a_write_that_is_answered_with_nonsense_is_told_with_its_object(path, server, run):
    for status, content, kind in NONSENSE.values():
        server.rule = (f"POST /api/v1/{path}", instead(status, content, kind))
        ended = run("apply", "--auto-approve")
        sane(ended, (1, 4, 5))
        assert "catalog/all.yaml:" in ended.out + ended.err
