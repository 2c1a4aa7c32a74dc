"""GitHub's REST API: one client, whose token goes to one host, and whose failures are ``HostError``.

Reads are repeated while the host is busy. A write is sent once: only the refusal of a rate limit, which says that
nothing was done, is waited out; whoever writes looks what became of anything else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

import httpx

from reconciler.backends.clock import CLOCK, Clock
from reconciler.backends.failures import CAUGHT, NEVER_SENT, PASSING, transport_error
from reconciler.backends.redaction import Redactor
from reconciler.backends.retry import BUSY, FailedAttempt, Patience, persist, retry_after
from reconciler.ci.job import Job
from reconciler.errors import HostError
from reconciler.version import VERSION

VERSION_OF_API = "2022-11-28"
"""Sent with every request: what later versions of the API change does not change what this reads."""

_PATIENCE = Patience(attempts=6, total=180.0, first_wait=0.5, longest_wait=20.0, jitter=1.0)
_LEAST_WAIT = 60.0
"""Seconds to wait for a secondary rate limit that does not say how long."""
_MOST_PAGES = 100
_REDIRECTS = frozenset({301, 302, 307, 308})


class Api:
    """What a job may ask of its host and do there. ``transport`` is for tests."""

    def __init__(self, job: Job, transport: httpx.BaseTransport | None = None, clock: Clock = CLOCK) -> None:
        self._redact = Redactor((job.token,) if job.token else ())
        self._host = _origin(job.api_url)
        self._base = job.api_url
        self._clock = clock
        headers = {
            "accept": "application/vnd.github+json",
            "x-github-api-version": VERSION_OF_API,
            "user-agent": f"openmeter-reconciler/{VERSION}",
        }
        if job.token:
            headers["authorization"] = f"Bearer {job.token}"
        timeout = httpx.Timeout(30.0, connect=10.0)
        try:
            self._http = httpx.Client(headers=headers, timeout=timeout, transport=transport)
            # Artifacts are kept by another company, to whose addresses the token must not go.
            self._elsewhere = httpx.Client(timeout=timeout, transport=transport)
        except (*CAUGHT, OSError, ValueError, ImportError) as error:
            raise HostError(f"no connection can be set up: {self._redact(str(error))}") from None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        self._elsewhere.close()

    def get(self, path: str, **query: str | int) -> Any:  # noqa: ANN401 - JSON
        """Read one thing. Raises ``HostError``."""
        return _json(self._read("GET", self._base + path, query))

    def find(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Read one thing that may not be there: then None."""
        try:
            return self.get(path)
        except HostError as error:
            if error.status in (404, 410):
                return None
            raise

    def pages(self, path: str, within: str | None = None, **query: str | int) -> Iterator[Any]:
        """Read a list, page after page; ``within`` is where a page keeps its items."""
        url: str | None = str(httpx.URL(self._base + path, params={"per_page": 100, **query}))
        for _ in range(_MOST_PAGES):
            if url is None:
                return
            answer = self._read("GET", url, {})
            page = _json(answer)
            items = page.get(within) if within and isinstance(page, dict) else page
            if not isinstance(items, list):
                raise HostError(f"GET {path}: answered something that is no list")
            yield from items
            url = self._next(answer)
        raise HostError(f"GET {path}: there are more than {_MOST_PAGES} pages")

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Write, once. Raises ``HostError``; ``sent`` tells whether it may have been done all the same."""
        content = None if body is None else json.dumps(body).encode()
        request = self._request(method, self._base + path, content=content)
        answer = self._answered(request, again=False)
        if answer.status_code in _REDIRECTS:
            raise HostError(f"{method} {path}: the host redirects; nothing was written", status=answer.status_code)
        return _json(answer) if answer.content else None

    def query(self, url: str, text: str) -> Any:  # noqa: ANN401 - JSON
        """Ask the GraphQL API something; a question may be repeated. None where it refuses to answer."""
        if _origin(url) != self._host:
            return None
        request = self._request("POST", url, content=json.dumps({"query": text}).encode())
        found = _json(self._answered(request, again=True))
        return found.get("data") if isinstance(found, dict) else None

    def download(self, path: str, limit: int) -> bytes:
        """The bytes behind an address of the API that redirects to them; never more than ``limit``."""
        answer = self._read("GET", self._base + path, {}, follow=False)
        if answer.status_code not in _REDIRECTS:
            raise HostError(f"GET {path}: {answer.status_code}, does not say where the archive is")
        target = _joined(self._base + path, answer)
        if _origin(target)[0] != "https" and self._host[0] == "https":
            raise HostError(f"GET {path}: redirects to an address without https")
        return self._fetched(target, path, limit)

    def _fetched(self, url: str, what: str, limit: int) -> bytes:
        def attempt() -> bytes:
            kept = bytearray()
            try:
                with self._elsewhere.stream("GET", url) as answer:
                    if not answer.is_success:
                        raise self._refused(answer, f"GET {what}", again=True)
                    for part in answer.iter_bytes():
                        kept += part
                        if len(kept) > limit:
                            raise HostError(f"GET {what}: more than {limit:,} bytes")
            except CAUGHT as error:
                raise self._unanswered(error, f"GET {what}", again=True) from None
            return bytes(kept)

        return persist(_PATIENCE, attempt, self._clock)

    def _read(self, method: str, url: str, query: Mapping[str, str | int], *, follow: bool = True) -> httpx.Response:
        for _ in range(4):
            answer = self._answered(self._request(method, url, query=query), again=True)
            if answer.status_code not in _REDIRECTS or not follow:
                return answer
            url, query = _joined(url, answer), {}
            if _origin(url) != self._host:
                raise HostError(f"{method}: redirects to another host")
        raise HostError(f"{method}: redirects without an end")

    def _request(
        self, method: str, url: str, *, query: Mapping[str, str | int] | None = None, content: bytes | None = None
    ) -> httpx.Request:
        headers = {"content-type": "application/json"} if content is not None else {}
        try:
            return self._http.build_request(method, url, params=query or None, content=content, headers=headers)
        except CAUGHT as error:
            raise HostError(f"{method}: {self._redact(str(error))}") from None

    def _answered(self, request: httpx.Request, *, again: bool) -> httpx.Response:
        what = f"{request.method} {request.url.path}"

        def attempt() -> httpx.Response:
            try:
                answer = self._http.send(request)
            except CAUGHT as error:
                raise self._unanswered(error, what, again=again) from None
            if answer.is_success or answer.status_code in _REDIRECTS:
                return answer
            raise self._refused(answer, what, again=again)

        return persist(_PATIENCE, attempt, self._clock)

    def _unanswered(self, error: Exception, what: str, *, again: bool) -> FailedAttempt:
        passing, sent = isinstance(error, PASSING), not isinstance(error, NEVER_SENT)
        found = transport_error(error, what, self._redact)
        return FailedAttempt(
            HostError(found.message, sent=sent, passing=passing, tip=found.tip), again=passing and (again or not sent)
        )

    def _refused(self, answer: httpx.Response, what: str, *, again: bool) -> FailedAttempt:
        status, said = answer.status_code, self._said(answer)
        limited = _limited(answer, said)
        busy = status in BUSY or status == 500
        error = HostError(
            f"{what}: {status} {said}",
            status=status,
            sent=busy and not limited,
            passing=busy or limited,
            tip=_tip(status, said),
        )
        wait = self._wait(answer) if limited else retry_after(answer.headers.get("retry-after"), self._clock.utc)
        return FailedAttempt(error, again=limited or (busy and again), wait=wait)

    def _wait(self, answer: httpx.Response) -> float:
        """Seconds until the rate limit opens again, as its headers say."""
        asked = retry_after(answer.headers.get("retry-after"), self._clock.utc)
        if asked is not None:
            return asked
        reset = answer.headers.get("x-ratelimit-reset", "")
        if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
            return max(1.0, float(reset) - self._clock.utc().timestamp())
        return _LEAST_WAIT

    def _said(self, answer: httpx.Response) -> str:
        try:
            answer.read()
            found = json.loads(answer.content)
            text = found["message"] if isinstance(found, dict) else ""
        except (*CAUGHT, ValueError, KeyError, RecursionError):
            text = ""
        return self._redact(" ".join(str(text).split()))[:300] or "without a reason"

    def _next(self, answer: httpx.Response) -> str | None:
        url = answer.links.get("next", {}).get("url")
        if url is not None and _origin(url) != self._host:
            raise HostError("the next page of a list is on another host")
        return url


def _origin(url: str) -> tuple[str, str, int | None]:
    """Where a request would go, as the client that sends it reads the address: no other reading is safe."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        raise HostError("the host names an address that is none") from None
    return parts.scheme, parts.host, parts.port


def _joined(url: str, answer: httpx.Response) -> str:
    """Where an answer leads to."""
    try:
        return urljoin(url, str(answer.headers.get("location", "")))
    except ValueError:
        raise HostError("the host redirects to an address that is none") from None


def _limited(answer: httpx.Response, said: str) -> bool:
    """Whether a rate limit refused: 429, or 403 that says so in its headers or its words."""
    if answer.status_code not in (403, 429):
        return False
    headers = answer.headers
    told = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0" or "rate limit" in said.lower()
    return answer.status_code == 429 or told


def _tip(status: int, said: str) -> str | None:
    if status == 401:
        return "GITHUB_TOKEN is missing or no longer valid"
    if status == 403 and "not accessible" in said:
        return "give the job the permission in its `permissions:`; a fork's pull request never has it"
    return None


def _json(answer: httpx.Response) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        path = answer.request.url.path
        raise HostError(
            f"{answer.request.method} {path}: {answer.status_code}, answered something else than JSON"
        ) from None
