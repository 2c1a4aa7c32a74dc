"""Requests, responses and refusals, as the server's HTTP layer shapes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from reconciler.sandbox.jsontext import Doc, Json, dumps

JSON: Final = "application/json"
PROBLEM_JSON: Final = "application/problem+json"
CSV: Final = "text/csv"


class Absent:
    """The type of `ABSENT`: a request without a body, where None would mean a JSON null."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `body` and `args` are filled in once they have passed validation."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Json = ABSENT
    raw: bytes = b""
    content_type: str = ""
    accept: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_wire(cls, method: str, target: str, raw: bytes = b"", content_type: str = "", accept: str = "") -> Request:
        """Read the request target (path and query as they stand in the request line)."""
        parts = urlsplit(target)
        pairs = tuple(parse_qsl(parts.query, keep_blank_values=True))
        return cls(method.upper(), unquote(parts.path), pairs, raw=raw, content_type=content_type, accept=accept)

    def checked(self, args: Mapping[str, Any], body: Json) -> Request:
        """The same request with its validated query arguments and decoded body."""
        return replace(self, args=args, body=body)


@dataclass(frozen=True, slots=True)
class Response:
    """One answer; `body` None means an empty one (204). A CSV body is the text itself."""

    status: int
    body: Json = None
    content_type: str = JSON

    def encoded(self) -> bytes:
        """The bytes of the body; empty without one."""
        if self.body is None:
            return b""
        return (self.body if self.content_type == CSV else dumps(self.body)).encode()


NO_CONTENT: Final = Response(204, None, "")


class Problem(Exception):  # noqa: N818 - the name of RFC 9457's object
    """A refusal, answered as problem+json; what the handler has written is rolled back.

    `by_validator` marks the answers of the request validator, which stands in front of the
    handlers and knows no request id: they carry no `instance` (OpenMeter v1, request pipeline).
    """

    def __init__(
        self, status: int, detail: str = "", *, extensions: Doc | None = None, by_validator: bool = False
    ) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail
        self.extensions = extensions
        self.by_validator = by_validator

    def response(self, request_id: str) -> Response:
        """The problem+json body; the detail of a 500 is always blanked."""
        body: Doc = {"type": "about:blank", "title": HTTPStatus(self.status).phrase, "status": self.status}
        if self.detail and self.status != HTTPStatus.INTERNAL_SERVER_ERROR:
            body["detail"] = self.detail
        if not self.by_validator:
            body["instance"] = f"urn:request:{request_id}"
        if self.extensions is not None:
            body["extensions"] = self.extensions
        return Response(self.status, body, PROBLEM_JSON)


def invalid(detail: str) -> Problem:
    """400 from a rule of the service (`validation error: …`)."""
    return Problem(400, f"validation error: {detail}")


def not_found(detail: str) -> Problem:
    """404 from the service (`not found error: …`)."""
    return Problem(404, f"not found error: {detail}")


def conflict(detail: str) -> Problem:
    """409 from the service (`conflict error: …`)."""
    return Problem(409, f"conflict error: {detail}")
