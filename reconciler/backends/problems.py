"""Error answers of OpenMeter as ``ApiError``, and answers that are not its own as ``ProtocolError``.

Source: OpenMeter v1, problem+json with two shapes of ``extensions``: ``validationErrors`` (catalogue) and flat
``code``/``message`` (billing).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus

from reconciler.backends.jsontext import loads
from reconciler.backends.redaction import Redactor
from reconciler.errors import ApiError, ProtocolError
from reconciler.model import Tree

_PREFIXES = re.compile(r"^(?:(?:validation|conflict|not found|precondition failed) error: )+")
_SCHEMA = re.compile(r'^(?:request body has an error: )?(?:doesn\'t match schema \S+: )?Error at "(/[^"]*)": ')
"""How the request validator in front of every route begins: what follows is the fault, the pointer is its place."""
_DEEPER = re.compile(r'^(?:doesn\'t match schema due to: )*Error at "(/[^"]*)": ')
"""How it goes on where a value inside that place is at fault: the pointer begins there."""
_URN = "urn:request:"
_LONGEST = 300
"""Characters of one sentence of the server."""
_MOST = 20
"""Issues that are told one by one."""
_EXCERPT = 80

_TIPS = {
    401: "the server does not accept the token; check the environment's `token`",
    403: "the token may not do this, or something in front of the server refuses it",
    408: "the server gave up waiting; run plan again to see what was stored",
    429: "the server limits the rate; lower --parallelism",
}


def api_error(status: int, content: bytes, request_id: str | None, redact: Redactor) -> ApiError:
    """An ``ApiError`` from an error answer; a body that tells nothing leaves only the status."""
    problem = _problem(content)
    codes = tuple((code, field) for code, field, _ in _issues(problem)) or _schema_place(problem)
    instance = problem.get("instance")
    if isinstance(instance, str) and instance.startswith(_URN):
        request_id = instance.removeprefix(_URN)
    parts = [clean(redact(part), _LONGEST) for part in _said(status, problem)]
    message = ": ".join(filter(None, (parts[0], "; ".join(parts[1:]))))
    return ApiError(message, status=status, codes=codes, request_id=request_id, tip=_TIPS.get(status))


def is_problem(content: bytes) -> bool:
    """Whether an error body is a JSON object (or nothing at all), and not some page."""
    return not content.strip() or bool(_problem(content))


def not_the_api(what: str, content: bytes, redact: Redactor, status: int = 200) -> ProtocolError:
    """An answer that is not of the API, with a short excerpt of it; ``status`` chooses the advice."""
    text = clean(redact(content[:4096].decode("utf-8", "replace")), _EXCERPT)
    tip = _TIPS.get(status, "check that the endpoint is the address of an OpenMeter server")
    return ProtocolError(what + (f": `{text}`" if text else ""), tip=tip)


def clean(text: str, longest: int) -> str:
    """One line without control characters, cut at ``longest`` characters."""
    line = " ".join(text.split())
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _problem(content: bytes) -> Mapping[str, Tree]:
    try:
        body = loads(content)
    except ValueError:
        return {}
    return body if isinstance(body, Mapping) else {}


def _said(status: int, problem: Mapping[str, Tree]) -> list[str]:
    """What the server says: status and detail without the stacked prefixes, then each issue with its field."""
    issues = [f"{field}: {message}" if field else message for _, field, message in _issues(problem)]
    detail = _first_text(problem, "detail", "message", "error", "title") or _phrase(status)
    detail = _PREFIXES.sub("", detail.split("\nSchema:")[0])
    if found := _schema_fault(detail):
        detail = ": ".join(found)
    fresh = [issue for issue in issues if issue and issue not in detail]
    more = [f"and {len(fresh) - _MOST} more"] if len(fresh) > _MOST else []
    return [f"{status} {detail}", *fresh[:_MOST], *more]


def _issues(problem: Mapping[str, Tree]) -> Iterator[tuple[str, str, str]]:
    """Code, JSON path and message of each issue, in the server's order, repetitions left out."""
    extensions = problem.get("extensions")
    if not isinstance(extensions, Mapping):
        return
    listed = extensions.get("validationErrors")
    more = extensions.get("additionalIssues")
    candidates = listed if isinstance(listed, list) else [extensions, *(more if isinstance(more, list) else [])]
    seen: list[tuple[str, str, str]] = []
    for issue in candidates:
        if isinstance(issue, Mapping):
            found = (_text(issue, "code"), _text(issue, "field") or _text(issue, "path"), _text(issue, "message"))
            if any(found) and found not in seen:
                seen.append(found)
                yield found


def _schema_place(problem: Mapping[str, Tree]) -> tuple[tuple[str, str], ...]:
    """The place of a schema violation as JSON path; these carry no code."""
    found = _schema_fault(_text(problem, "detail"))
    return (("", found[0]),) if found else ()


def _schema_fault(detail: str) -> tuple[str, str] | None:
    """The JSON path of a schema violation, as deep as the server names one, and what is wrong there."""
    found = _SCHEMA.match(detail)
    if found is None:
        return None
    pointer, rest = found[1], detail[found.end() :]
    while deeper := _DEEPER.match(rest):
        pointer, rest = pointer + deeper[1], rest[deeper.end() :]
    return _json_path(pointer), rest


def _json_path(pointer: str) -> str:
    parts = pointer.strip("/").split("/")
    return "$" + "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in parts)


def _first_text(problem: Mapping[str, Tree], *names: str) -> str:
    return next((text for name in names if (text := _text(problem, name))), "")


def _text(tree: Mapping[str, Tree], name: str) -> str:
    value = tree.get(name)
    return value if isinstance(value, str) else ""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "error"
