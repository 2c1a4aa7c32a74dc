"""Every exception of httpx as a ``TransportError``: why no answer came, and whether the request may have arrived."""

from __future__ import annotations

import os

import httpx

from reconciler.backends.redaction import Redactor
from reconciler.errors import TransportError

CAUGHT = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpx.CookieConflict)
"""Together the roots of everything that httpx raises; a test proves it by introspection."""

NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
    httpx.CookieConflict,
)
"""Raised before the first byte of the request could leave. Everything else may have reached the server."""

PASSING = (
    httpx.TimeoutException,
    httpx.NetworkError,
    httpx.RemoteProtocolError,
)
"""What may be better a moment later."""

_WHAT: tuple[tuple[type[Exception], str], ...] = (
    (httpx.ConnectTimeout, "no connection in time"),
    (httpx.PoolTimeout, "no free connection in time"),
    (httpx.ReadTimeout, "no answer in time"),
    (httpx.WriteTimeout, "the request could not be sent in time"),
    (httpx.ProxyError, "the proxy refused"),
    (httpx.ConnectError, "no connection"),
    (httpx.RemoteProtocolError, "the connection was closed before an answer came"),
    (httpx.NetworkError, "the connection broke"),
    (httpx.UnsupportedProtocol, "the endpoint is not an http:// or https:// address"),
    (httpx.InvalidURL, "the endpoint is not a valid address"),
    (httpx.DecodingError, "the answer's compression is broken"),
)


def transport_error(error: Exception, target: str, redact: Redactor) -> TransportError:
    """The ``TransportError`` for an exception of httpx; ``target`` is ``GET http://host``, without a secret."""
    what = next((text for kind, text in _WHAT if isinstance(error, kind)), "the request failed")
    cause = redact(" ".join(str(error).split()))[:200]
    message = f"{target}: {what}" + (f" ({cause})" if cause else "")
    return TransportError(message, sent=not isinstance(error, NEVER_SENT), tip=_tip(error, cause))


def _tip(error: Exception, cause: str) -> str | None:
    if "CERTIFICATE_VERIFY_FAILED" in cause:
        return "set SSL_CERT_FILE to a file with the certificate authority of the server"
    if isinstance(error, httpx.ProxyError):
        return "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        proxied = any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"))
        return "check the endpoint" + (" and the proxy settings" if proxied else "")
    return None
