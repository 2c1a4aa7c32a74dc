"""Meters (OpenMeter v1, `/api/v1/meters`)."""

from __future__ import annotations

import re
from typing import Final

from reconciler.sandbox.clock import parse_instant, rfc3339
from reconciler.sandbox.context import Context
from reconciler.sandbox.http import NO_CONTENT, Request, Response, conflict, invalid, not_found
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.listing import INCLUDE_DELETED, PAGE, is_descending, order_by
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.schema import DATE_TIME, ID_OR_KEY, KEY, NULLABLE_METADATA, Obj, Schema, Str
from reconciler.sandbox.store import Where
from reconciler.sandbox.tables import FEATURES, METERS
from reconciler.sandbox.values import present

routes = Routes()

LIST_CAP: Final = 1000
"""The list ends here whatever the page parameters say; the rest is readable one by one."""

_BY_NAME: Final = {"meter_id_or_slug": ID_OR_KEY}
_UPDATE: Final[dict[str, Schema]] = {
    "name": Str(min=1, max=256),
    "description": Str(max=1024),
    "groupBy": Obj(extra=Str()),
    "metadata": NULLABLE_METADATA,
}
_AGGREGATION: Final = Str(enum=("SUM", "COUNT", "UNIQUE_COUNT", "AVG", "MIN", "MAX", "LATEST"))
METER_CREATE: Final = Obj(
    name="MeterCreate",
    required={"slug": KEY, "aggregation": _AGGREGATION, "eventType": Str(min=1)},
    optional={**_UPDATE, "eventFrom": DATE_TIME, "valueProperty": Str(min=1)},
)
METER_UPDATE: Final = Obj(name="MeterUpdate", optional=_UPDATE)

_WORD: Final = r'(?:[A-Za-z_][A-Za-z0-9_]*|"[^"]+"|`[^`]+`)'
_INDEX: Final = r"\d+(?:\s+to\s+\d+)?"
_JSON_PATH: Final = re.compile(rf'\$(?:\.{_WORD}|\["[^"]*"\]|\[(?:\*|{_INDEX}(?:\s*,\s*{_INDEX})*)\])*')
"""What the event store's parser takes, as far as the recordings tell."""


@routes.get(
    "/api/v1/meters",
    query={**PAGE, **INCLUDE_DELETED, **order_by("key", "name", "aggregation", "createdAt", "updatedAt")},
)
def list_meters(ctx: Context, request: Request) -> Response:
    """Every meter up to the cap, as a bare array; the page parameters are checked and ignored."""
    where = Where(live=None if request.args.get("includeDeleted") else True)
    order = request.args.get("orderBy", "key")
    descending = is_descending(request.args, default=False)
    return Response(200, ctx.store.find(METERS, where, order=order, descending=descending, limit=LIST_CAP))


@routes.post("/api/v1/meters", body=METER_CREATE)
def create_meter(ctx: Context, request: Request) -> Response:
    """Answers 200, not 201, and echoes `eventFrom` as sent; a read shows it as stored."""
    body = request.body
    slug = body["slug"]
    _check_paths(body)
    _check_aggregation(body)
    _check_texts(body, body.get("valueProperty"))
    if ctx.store.count(METERS, Where(keys=[slug])):
        raise conflict("meter with the same slug already exists")
    meter = {
        **ctx.born(),
        **present(body, ["slug", "aggregation", "eventType", "eventFrom", "valueProperty", "description"]),
        "annotations": None,
        **_replaced(body, slug),
    }
    stored = dict(meter)
    if "eventFrom" in meter:
        stored["eventFrom"] = rfc3339(parse_instant(meter["eventFrom"]))
    ctx.store.put(METERS, stored, key=slug)
    return Response(200, meter)


@routes.get("/api/v1/meters/{meter_id_or_slug}", path=_BY_NAME)
def get_meter(ctx: Context, request: Request, meter_id_or_slug: str) -> Response:  # noqa: ARG001
    """By id a deleted meter is still shown, with its `deletedAt`."""
    return Response(200, find_meter(ctx, meter_id_or_slug))


@routes.put("/api/v1/meters/{meter_id_or_slug}", path=_BY_NAME, body=METER_UPDATE)
def update_meter(ctx: Context, request: Request, meter_id_or_slug: str) -> Response:
    """Resets name, groupBy and metadata when omitted, keeps the description; the rest is immutable.

    Writing to a deleted meter by its id is accepted and revives nothing.
    """
    meter, body = find_meter(ctx, meter_id_or_slug), request.body
    _check_paths(body)
    _check_texts(body, meter.get("valueProperty"))
    dropped = meter.get("groupBy", {}).keys() - body.get("groupBy", {}).keys()
    _check_dropped(ctx, meter["id"], sorted(dropped))
    kept = {name: value for name, value in meter.items() if name != "groupBy"}
    changed = {**kept, **present(body, ["description"]), **_replaced(body, meter["slug"])}
    return Response(200, ctx.store.put(METERS, {**changed, "updatedAt": ctx.now()}, key=meter["slug"]))


@routes.delete("/api/v1/meters/{meter_id_or_slug}", path=_BY_NAME)
def delete_meter(ctx: Context, request: Request, meter_id_or_slug: str) -> Response:  # noqa: ARG001
    """Refused while a live feature reads the meter; deleting again is fine."""
    meter = find_meter(ctx, meter_id_or_slug)
    if "deletedAt" in meter:
        return NO_CONTENT
    if ctx.store.count(FEATURES, Where(parent=meter["id"])):
        raise conflict("meter has active features and cannot be deleted")
    deleted = {**meter, "deletedAt": ctx.now(), "updatedAt": ctx.now()}
    ctx.store.put(METERS, deleted, key=meter["slug"])
    return NO_CONTENT


def find_meter(ctx: Context, id_or_slug: str) -> Doc:
    """The meter with this id, deleted or not, or the live one with this slug; else a Problem 404."""
    by_slug = ctx.store.first(METERS, Where(keys=[id_or_slug]))
    meter = by_slug or ctx.store.get(METERS, id_or_slug)
    if meter is None:
        raise not_found(f"meter not found: {id_or_slug}")
    return meter


def _replaced(body: Doc, slug: str) -> Doc:
    """The fields that each write sets, sent or not."""
    group_by = body.get("groupBy")
    fields: Doc = {"name": body.get("name", slug), "metadata": body.get("metadata")}
    return {**fields, "groupBy": group_by} if group_by else fields


def _check_paths(body: Doc) -> None:
    """The handler's check, before the service's: whether the event store reads these paths."""
    value = body.get("valueProperty") if "slug" in body else None
    if value is not None and not _JSON_PATH.fullmatch(value):
        raise invalid("invalid JSONPath: %!w(<nil>)")
    if not all(_JSON_PATH.fullmatch(path) for path in body.get("groupBy", {}).values()):
        raise invalid("invalid JSONPath for a group by: %!w(<nil>)")


def _check_aggregation(body: Doc) -> None:
    counts, has_value = body["aggregation"] == "COUNT", "valueProperty" in body
    if counts and has_value:
        reason = "meter value property is not allowed when the aggregation is count"
        raise invalid(f"invalid meter aggregation: {reason}")
    if not counts and not has_value:
        reason = "meter value property is required when the aggregation is not count"
        raise invalid(f"invalid meter aggregation: {reason}")


def _check_texts(body: Doc, value_property: str | None) -> None:
    if body.get("description") == "":
        raise invalid("description must not be empty string")
    for name, path in body.get("groupBy", {}).items():
        if not name:
            raise invalid("meter group by key cannot be empty")
        if not re.fullmatch(r"[a-zA-Z_][0-9a-zA-Z_]*", name):
            reason = "is invalid, only alphanumeric and underscore characters are allowed"
            raise invalid(f"meter group by key {name} {reason}")
        if path == value_property:
            raise invalid(f"meter group by value {name} cannot be the same as value property")


def _check_dropped(ctx: Context, meter_id: str, dropped: list[str]) -> None:
    """A dimension that a live feature filters by cannot be dropped."""
    features = ctx.store.find(FEATURES, Where(parent=meter_id)) if dropped else []
    for feature in features:
        for name in dropped:
            if name in feature.get("advancedMeterGroupByFilters", {}):
                reason = f"cannot be dropped because it is used by feature: {feature['key']}"
                raise conflict(f"meter group by: {name} {reason}")
