"""What plans and add-ons share: several versions under one key, at most one draft and one active.

Source: OpenMeter v1, plan and add-on lifecycle. A status follows from the two effective dates; with
API v1 they are only ever set to the present, so a stored status never goes stale.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.sandbox.context import Context
from reconciler.sandbox.http import Problem, Request, not_found
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.listing import INCLUDE_DELETED, PAGE, order_by, page_of
from reconciler.sandbox.schema import KEY, ULID, Arr, Bool, Schema, Str
from reconciler.sandbox.store import Where
from reconciler.sandbox.values import is_ulid

CURRENCY: Final = Str(min=3, max=3, pattern="^[A-Z]{3}$")
GET_QUERY: Final[Mapping[str, Schema]] = {"includeLatest": Bool()}

_ORDER_FIELDS: Final = {
    "id": "id",
    "key": "key",
    "version": "version",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
}
_KEY_VERSION: Final = re.compile(r"keyVersion\[([^\]]+)\]\[\d+\]")


def list_query(*statuses: str) -> Mapping[str, Schema]:
    """The parameters of a list of versions; `keyVersion` is read apart."""
    return {
        **PAGE,
        **INCLUDE_DELETED,
        **order_by(*_ORDER_FIELDS),
        "id": Arr(ULID),
        "key": Arr(KEY),
        "status": Arr(Str(enum=statuses)),
        "currency": Arr(CURRENCY),
    }


def list_order(args: Mapping[str, Any]) -> str:
    """The field that a list is ordered by."""
    return _ORDER_FIELDS[args.get("orderBy", "id")]


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of one kind."""

    collection: str
    noun: str

    def get(self, ctx: Context, version_id: str) -> Doc:
        """The version with this id, deleted or not; else a Problem 404."""
        found = ctx.store.get(self.collection, version_id)
        if found is None:
            raise self._missing("id", version_id)
        return found

    def find(self, ctx: Context, id_or_key: str, *, latest: bool) -> Doc:
        """By id any version; by key the active one, or with `latest` the highest, even if deleted."""
        if is_ulid(id_or_key):
            return self.get(ctx, id_or_key)
        found = self.history(ctx, id_or_key)[-1:] if latest else [self.active(ctx, id_or_key)]
        if not found or found[0] is None:
            raise self._missing("key", id_or_key)
        return found[0]

    def active(self, ctx: Context, key: str) -> Doc | None:
        """The active version of a key."""
        return ctx.store.first(self.collection, Where(keys=[key], fields={"status": ["active"]}))

    def history(self, ctx: Context, key: str) -> list[Doc]:
        """Every version of a key, the deleted ones too, oldest first."""
        return ctx.store.find(self.collection, Where(keys=[key], live=None), order="version")

    def save(self, ctx: Context, version: Doc) -> Doc:
        """Store one version."""
        return ctx.store.put(self.collection, version, key=version["key"])

    def publish(self, ctx: Context, draft: Doc) -> Doc:
        """Makes a draft active; its active predecessor ends at that very instant."""
        instant = ctx.now()
        active = self.active(ctx, draft["key"])
        published = {**draft, "status": "active", "effectiveFrom": instant, "updatedAt": ctx.later()}
        if active is not None:
            self._end(ctx, active, instant)
        return self.save(ctx, published)

    def archive(self, ctx: Context, active: Doc) -> Doc:
        """Ends an active version now."""
        return self._end(ctx, active, ctx.now())

    def page(self, ctx: Context, request: Request, where: Where, view: Callable[[Doc], Doc]) -> Doc:
        """One page of versions, newest first unless asked otherwise."""
        page = page_of(ctx, request, self.collection, where, order=list_order(request.args), descending=True)
        return {**page, "items": [view(version) for version in page["items"]]}

    def _end(self, ctx: Context, active: Doc, instant: str) -> Doc:
        ended = {**active, "status": "archived", "effectiveTo": instant, "updatedAt": ctx.later()}
        return self.save(ctx, ended)

    def _missing(self, name: str, value: str) -> Problem:
        return not_found(f"{self.noun} not found. [namespace=default {name}={value}]")


def next_version(history: list[Doc]) -> int:
    """One above the highest version ever: deleted rows count, and nothing resets it."""
    return max((version["version"] for version in history), default=0) + 1


def has_draft(history: list[Doc]) -> bool:
    """Whether a live draft stands in the way of another."""
    return any(version["status"] == "draft" and "deletedAt" not in version for version in history)


def named_versions(request: Request) -> list[Where]:
    """The `keyVersion` filters, which need an index: `keyVersion[pro][0]=2`."""
    found: list[Where] = []
    for name, text in request.query:
        if not name.startswith("keyVersion"):
            continue
        match = _KEY_VERSION.fullmatch(name)
        if match is None or not text.isdigit():
            detail = f'parameter "keyVersion" in query has an error: path {name}: value {text}: invalid'
            raise Problem(400, detail, by_validator=True)
        found.append(Where(keys=[match[1]], fields={"version": [int(text)]}, live=None))
    return found
