"""What an answer that is no success means, or none at all: which error, and whether the request may be repeated."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from reconciler.backends.clock import Clock
from reconciler.backends.failures import PASSING, transport_error
from reconciler.backends.jsontext import loads
from reconciler.backends.problems import api_error, is_problem, not_the_api
from reconciler.backends.redaction import Redactor
from reconciler.backends.retry import BUSY, FailedAttempt, retry_after
from reconciler.errors import ApiError
from reconciler.model import Tree

IDEMPOTENT = frozenset({"PUT", "DELETE"})


def no_answer(request: httpx.Request, error: Exception, redact: Redactor) -> FailedAttempt:
    """A POST is repeated only if it was never sent.

    A PUT or DELETE that ran into its time-out is not repeated here either: a server that hangs is not helped by one
    more request, and the caller slows down first.
    """
    failure = transport_error(error, f"{request.method} {request.url.copy_with(query=None)}", redact)
    safe = request.method == "GET" or not failure.sent
    if request.method in IDEMPOTENT:
        safe = safe or not isinstance(error, httpx.TimeoutException)
    return FailedAttempt(failure, again=safe and isinstance(error, PASSING))


def refused(request: httpx.Request, response: httpx.Response, redact: Redactor, clock: Clock) -> FailedAttempt:
    """The failure that an error answer is; only a read, PUT or DELETE may follow one of a busy server."""
    status, what = response.status_code, f"{request.method} {request.url.path}"
    if status in BUSY:
        wait = retry_after(response.headers.get("retry-after"), clock.utc)
        again = request.method == "GET" or request.method in IDEMPOTENT
        return FailedAttempt(refusal(response, redact), again=again, wait=wait)
    if response.has_redirect_location:
        error = not_the_api(f"{what}: the server redirects ({status}) to {_host(response)}", b"", redact)
        return FailedAttempt(error, again=False)
    if not is_problem(response.content):
        what = f"{what}: answered {status} with {_kind(response)}"
        return FailedAttempt(not_the_api(what, response.content, redact, status), again=False)
    return FailedAttempt(refusal(response, redact), again=False)


def refusal(response: httpx.Response, redact: Redactor) -> ApiError:
    """The error answer as an error of ours."""
    return api_error(response.status_code, response.content, response.headers.get("x-request-id"), redact)


def json_of(response: httpx.Response, what: str, redact: Redactor) -> Tree:
    """The JSON of an accepted request; None only for a write that was answered without a body."""
    content = response.content
    if not content.strip():
        if response.request.method == "GET":
            raise not_the_api(f"{what}: answered {response.status_code} without a body", b"", redact)
        return None
    try:
        return loads(content)
    except ValueError:
        what = f"{what}: answered {response.status_code} with {_kind(response)} that is not JSON"
        raise not_the_api(what, content, redact) from None


def _host(response: httpx.Response) -> str:
    """Where a redirect leads; the rest of its address may hold a secret."""
    try:
        return urlsplit(response.headers["location"]).hostname or "another path"
    except ValueError:
        return "no valid address"


def _kind(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "a body of no type")).partition(";")[0]
