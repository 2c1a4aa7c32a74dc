"""The HTTP client: one pool of connections, time-outs, retries, and errors as this package's own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from reconciler.backends.answers import json_of, no_answer, refusal, refused
from reconciler.backends.clock import Clock
from reconciler.backends.failures import CAUGHT, transport_error
from reconciler.backends.gate import TIP, Gate, Pace
from reconciler.backends.jsontext import dumps
from reconciler.backends.redaction import Redactor, secrets_in
from reconciler.backends.retry import BUSY, FailedAttempt, Patience, persist, retry_after
from reconciler.errors import ApiError, TransportError, UsageError
from reconciler.model import Tree

_TOO_MANY, _UNAVAILABLE = 429, 503
SETUP = (OSError, ValueError, ImportError)
"""What a wrong certificate file or proxy address in the environment raises, before any request."""


def _nobody(sentence: str) -> None:
    del sentence


Query = Mapping[str, str | Sequence[str]]
"""Parameters by name; a list is a parameter given several times."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to talk to a server. Times in seconds; ``secrets`` are the values that no text may show."""

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    connections: int = 8
    patience: Patience = field(default_factory=Patience)
    pace: Pace = field(default_factory=Pace)
    clock: Clock = field(default_factory=Clock)
    on_wait: Callable[[str], None] = _nobody
    """Gets a sentence when the server makes the client wait; called from any thread."""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """An accepted request: its status, its JSON (None where there is none) and what the server calls the request."""

    status: int
    json: Tree
    request_id: str | None
    seconds: float


class Client:
    """Sends requests. Safe to use from several threads; proxy and CA come from the environment, as httpx reads it."""

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None = None) -> None:
        self._settings = settings
        self._redact = Redactor(settings.secrets)
        self._count = 0
        self._lock = threading.Lock()
        self._gate = Gate(settings.connections, settings.pace, settings.clock, settings.on_wait)
        try:
            self._http = _http_client(settings, transport)
        except (*CAUGHT, *SETUP) as error:
            raise TransportError(
                f"no connection can be set up: {self._redact(str(error))}",
                sent=False,
                tip="check SSL_CERT_FILE, HTTPS_PROXY and HTTP_PROXY",
            ) from None

    @property
    def requests(self) -> int:
        """How many requests were sent, repeated ones included."""
        return self._count

    def get(self, path: str, query: Query | None = None) -> Reply:
        """Read; an answer without JSON is an error."""
        return self.send("GET", path, query=query)

    def send(
        self, method: str, path: str, *, query: Query | None = None, body: Mapping[str, Tree] | None = None
    ) -> Reply:
        """Send one request and repeat it where that is safe; wait while the server limits the rate.

        Raises ``TransportError``, ``ApiError`` or ``ProtocolError``; ``UsageError`` for a write through a client
        that may only read.
        """
        if self._settings.read_only and method != "GET":
            raise UsageError(f"this connection only reads; {method} {path} was not sent")
        redact = self._redact.knowing(secrets_in(body)) if body else self._redact
        request = self._request(method, path, query, body)
        started = time.perf_counter()
        response = self._answered(request, redact)
        return Reply(
            response.status_code,
            json_of(response, f"{method} {path}", redact),
            response.headers.get("x-request-id"),
            time.perf_counter() - started,
        )

    def heed(self, stop: threading.Event) -> None:
        """From now on end every wait for the server's rate limit once ``stop`` is set."""
        self._gate.heed(stop)

    def stop_waiting(self) -> None:
        """End every wait for the server's rate limit, for good."""
        self._gate.close()

    def close(self) -> None:
        """Close the connections."""
        self.stop_waiting()
        self._http.close()

    def _request(self, method: str, path: str, query: Query | None, body: Mapping[str, Tree] | None) -> httpx.Request:
        content = None if body is None else dumps(body)
        headers = {"content-type": "application/json"} if content is not None else {}
        try:
            return self._http.build_request(method, path, params=query, content=content, headers=headers)
        except CAUGHT as error:
            raise transport_error(error, f"{method} {path}", self._redact) from None

    def _answered(self, request: httpx.Request, redact: Redactor) -> httpx.Response:
        """Sent until it is answered or may not be repeated; a refusal by the rate limit counts as no attempt."""
        while True:
            try:
                return persist(self._settings.patience, lambda: self._attempt(request, redact), self._settings.clock)
            except _Limited as limited:
                if limited.error:
                    raise limited.error from None

    def _attempt(self, request: httpx.Request, redact: Redactor) -> httpx.Response:
        """One try; raises ``FailedAttempt`` or ``_Limited``."""
        with self._gate.passage() as number:
            with self._lock:
                self._count += 1
            try:
                response = self._http.send(request)
            except CAUGHT as error:
                raise no_answer(request, error, redact) from None
            if response.status_code not in BUSY:
                self._gate.accepted(number)
            elif self._limits(response):
                raise self._limited(request, response, number, redact)
        if response.is_success:
            return response
        raise refused(request, response, redact, self._settings.clock)

    def _limits(self, response: httpx.Response) -> bool:
        """Whether this is the answer of a rate limit: 503 is one if it says when to come back."""
        status = response.status_code
        return status == _TOO_MANY or (status == _UNAVAILABLE and self._asked(response) is not None)

    def _limited(
        self, request: httpx.Request, response: httpx.Response, number: int, redact: Redactor
    ) -> _Limited | FailedAttempt:
        """Make everybody wait. 429 says that nothing was done; 503 does not, so that a POST is not sent again."""
        reason = self._gate.refused(number, response.status_code, self._asked(response))
        error = refusal(response, redact)
        if reason:
            error = ApiError(f"{error.message}: {reason}", status=error.status, request_id=error.request_id, tip=TIP)
        if request.method == "POST" and response.status_code != _TOO_MANY:
            return FailedAttempt(error, again=False)
        return _Limited(error if reason else None)

    def _asked(self, response: httpx.Response) -> float | None:
        return retry_after(response.headers.get("retry-after"), self._settings.clock.utc)


class _Limited(Exception):  # noqa: N818 - a signal between two lines of this file
    """The rate limit refused a request; with an error where waiting makes no sense any more."""

    def __init__(self, error: ApiError | None) -> None:
        super().__init__()
        self.error = error


def _http_client(settings: Settings, transport: httpx.BaseTransport | None) -> httpx.Client:
    return httpx.Client(
        base_url=settings.base_url,
        headers={"accept": "application/json", **settings.headers},
        timeout=httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout),
        limits=httpx.Limits(
            max_connections=settings.connections,
            max_keepalive_connections=settings.connections,
        ),
        transport=transport,
        follow_redirects=False,
    )
