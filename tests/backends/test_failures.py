import inspect

import httpx
import pytest

from reconciler.backends.failures import CAUGHT, NEVER_SENT, transport_error
from reconciler.backends.redaction import Redactor
from reconciler.errors import TransportError


def _every_exception_of_httpx():
    return sorted(
        {value for _, value in inspect.getmembers(httpx, inspect.isclass) if issubclass(value, Exception)},
        key=lambda kind: kind.__name__,
    )


def test_httpx_still_has_the_exceptions_that_this_test_is_about():
    assert {"ConnectError", "ReadTimeout", "InvalidURL", "DecodingError"} <= {
        kind.__name__ for kind in _every_exception_of_httpx()
    }


@pytest.mark.parametrize("kind", _every_exception_of_httpx())
def test_every_exception_of_httpx_is_caught(kind):
    assert issubclass(kind, CAUGHT)


@pytest.mark.parametrize("kind", _every_exception_of_httpx())
def test_every_exception_of_httpx_becomes_a_transport_error(kind):
    error = transport_error(kind.__new__(kind), "GET http://x", Redactor())
    assert type(error) is TransportError


def test_only_what_happens_before_the_first_byte_counts_as_not_sent():
    assert {kind.__name__ for kind in _every_exception_of_httpx() if issubclass(kind, NEVER_SENT)} == {
        "ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol", "InvalidURL",
        "CookieConflict",
    }  # fmt: skip


def test_an_unknown_certificate_authority_comes_with_the_variable_that_helps():
    error = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    assert "SSL_CERT_FILE" in transport_error(error, "GET https://x", Redactor()).tip


def test_the_cause_never_shows_a_password_of_the_proxy():
    error = httpx.ProxyError("cannot reach http://me:hunter2@proxy:3128")
    assert "hunter2" not in transport_error(error, "GET http://x", Redactor()).message
