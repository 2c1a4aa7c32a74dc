"""Answers to what no list tells: who is on a plan, and whether an unlisted object occupies a key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from urllib.parse import quote

from reconciler.backends.client import Client
from reconciler.backends.dialect import Dialect
from reconciler.backends.lists import Listing, Lists
from reconciler.backends.usage import subscriptions_to
from reconciler.errors import ApiError, ProtocolError
from reconciler.kinds.registry import KINDS
from reconciler.model import Question, Reply

_BAD_REQUEST, _NOT_FOUND = 400, 404


def answer(client: Client, dialect: Dialect, lists: Lists, question: Question) -> Reply:
    """One answer, of the type that ``Question`` documents."""
    match question.topic:
        case "subscribers":
            return _count(client, dialect.customers, {"planKey": question.key})
        case "versions":
            return _versions(lists, dialect, question.key)
        case "overrides":
            return _count(client, dialect.overrides, {"billingProfile": question.key})
        case "invoices":
            return _invoices(client, dialect, question.key)
        case "readable":
            return _readable(client, dialect, question)


def _count(client: Client, path: str, query: Mapping[str, str]) -> int:
    """How long a list is, without reading it."""
    answer = client.get(path, {**query, "page": "1", "pageSize": "1"}).json
    total = answer.get("totalCount") if isinstance(answer, Mapping) else None
    if not isinstance(total, int):
        raise ProtocolError(f"GET {path}: the list has no `totalCount`")
    return total


def _versions(lists: Lists, dialect: Dialect, plan: str) -> Reply:
    """Active subscriptions by plan version: the customers of a plan, with the subscriptions that run now.

    One request per page; API v1 has no list of subscriptions. A token that may not read customers stops no plan.
    """
    query = {"planKey": plan, "expand": "subscriptions", "orderBy": "id"}
    try:
        rows = lists.read_here(Listing(dialect.customers, query, page_size=dialect.page_size))
    except (ApiError, ProtocolError):
        return "untold"
    counts = Counter(version for row in rows for _, version in subscriptions_to(row, plan))
    return tuple(sorted(counts.items()))


def _invoices(client: Client, dialect: Dialect, since: str) -> int | str:
    """What a token may not read, or a server without billing does not have, stops nobody from going back."""
    try:
        return _count(client, dialect.invoices, {"issuedAfter": since})
    except (ApiError, ProtocolError):
        return "untold"


def _readable(client: Client, dialect: Dialect, question: Question) -> str:
    """First the latest version; if that one is deleted, an older active one may still stand there."""
    path = f"{KINDS[question.kind].binding(dialect.api).collection}/{quote(question.key, safe='')}"
    latest = _look(client, dialect, path, dialect.latest)
    return _look(client, dialect, path, {}) if latest == "deleted" else latest


def _look(client: Client, dialect: Dialect, path: str, query: Mapping[str, str]) -> str:
    try:
        row = client.get(path, query).json
    except ApiError as error:
        if error.status == _NOT_FOUND:
            return "absent"
        if error.status == _BAD_REQUEST and any(code.endswith(dialect.unreadable_suffix) for code, _ in error.codes):
            return "unreadable"
        raise
    deleted = isinstance(row, Mapping) and row.get("deletedAt") is not None
    if deleted:
        return "deleted" if query else "absent"
    return "present"
