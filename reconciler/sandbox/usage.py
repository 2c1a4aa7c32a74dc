"""What is asked about usage (OpenMeter v1): the questions are checked, and answered from the events taken."""

from __future__ import annotations

import re
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reconciler.sandbox import jsontext
from reconciler.sandbox.aggregation import text_at
from reconciler.sandbox.context import Context
from reconciler.sandbox.filters import FILTER_STRING
from reconciler.sandbox.http import CSV, Problem, Request, Response, invalid, not_found
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.meters import find_meter
from reconciler.sandbox.parameters import check_parameter
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.schema import DATE_TIME, ID_OR_KEY, Arr, Obj, Schema, Str
from reconciler.sandbox.tables import CUSTOMERS
from reconciler.sandbox.usage_rows import counted, rows
from reconciler.sandbox.values import present

routes = Routes()

_ITEM: Final = "/api/v1/meters/{meter_id_or_slug}"
_BY_NAME: Final = {"meter_id_or_slug": ID_OR_KEY}
_PERIOD: Final[dict[str, Schema]] = {"from": DATE_TIME, "to": DATE_TIME}
_QUERY: Final[dict[str, Schema]] = {
    **_PERIOD,
    "clientId": Str(min=1, max=36),
    "windowSize": Str(enum=("MINUTE", "HOUR", "DAY", "MONTH")),
    "windowTimeZone": Str(),
    "subject": Arr(Str(), max_items=100),
    "filterCustomerId": Arr(Str(), max_items=100),
    "groupBy": Arr(Str()),
}
_QUERY_BODY: Final = Obj(
    name="MeterQueryRequest",
    optional={
        **_QUERY,
        "filterGroupBy": Obj(extra=Arr(Str())),
        "advancedMeterGroupByFilters": Obj(extra=FILTER_STRING),
    },
)
_ADVANCED: Final = "advancedMeterGroupByFilters"
_FILTER: Final = re.compile(r"filterGroupBy\[([^\]]+)\]")


@routes.get(f"{_ITEM}/query", path=_BY_NAME, query=_QUERY)
def query_meter(ctx: Context, request: Request, meter_id_or_slug: str) -> Response:
    """The question in the query string; `filterGroupBy[name]=value` names one value per dimension."""
    simple = {match[1]: [value] for name, value in request.query if (match := _FILTER.fullmatch(name))}
    advanced = next((_decoded(value) for name, value in request.query if name == _ADVANCED), {})
    return _answer(ctx, request, meter_id_or_slug, {**request.args, "filterGroupBy": simple, _ADVANCED: advanced})


@routes.post(f"{_ITEM}/query", path=_BY_NAME, body=_QUERY_BODY)
def query_meter_by_body(ctx: Context, request: Request, meter_id_or_slug: str) -> Response:
    """The question in the body; changes nothing."""
    return _answer(ctx, request, meter_id_or_slug, request.body)


@routes.get(f"{_ITEM}/subjects", path=_BY_NAME, query=_PERIOD)
def list_subjects(ctx: Context, request: Request, meter_id_or_slug: str) -> Response:
    """Who used it."""
    events = counted(ctx, find_meter(ctx, meter_id_or_slug), request.args, {})
    return Response(200, sorted({event["subject"] for event in events}))


@routes.get(f"{_ITEM}/group-by/{{name}}/values", path=_BY_NAME, query=_PERIOD)
def list_group_by_values(ctx: Context, request: Request, meter_id_or_slug: str, name: str) -> Response:
    """A dimension that the meter does not have is not told from one without values."""
    meter = find_meter(ctx, meter_id_or_slug)
    path = meter.get("groupBy", {}).get(name)
    events = counted(ctx, meter, request.args, {}) if path else ()
    return Response(200, sorted({text_at(event["data"], path) for event in events}))


def _answer(ctx: Context, request: Request, meter_id_or_slug: str, question: Doc) -> Response:
    meter = find_meter(ctx, meter_id_or_slug)
    columns = _columns(ctx, meter, question)
    if request.accept.startswith(CSV):
        return Response(200, ",".join(["window_start", "window_end", *columns, "value"]) + "\n", CSV)
    found = list(rows(ctx, meter, question, columns))
    return Response(200, {"data": found, **present(question, ["from", "to", "windowSize"])})


def _decoded(text: str) -> Doc:
    try:
        found: Doc = jsontext.loads(text)
    except ValueError as error:
        reason = "Error unmarshaling parameter advancedMeterGroupByFilters as JSON"
        raise Problem(400, f"unmarshaling param {_ADVANCED}: {reason}: {error}") from error
    check_parameter(_ADVANCED, "query", Obj(extra=FILTER_STRING), found)
    return found


def _columns(ctx: Context, meter: Doc, question: Doc) -> list[str]:
    """What a row would be told by, the meter's own dimensions last; raises a Problem for unknown ones."""
    dimensions, named = meter.get("groupBy", {}), list(question.get("groupBy", []))
    for name in named:
        if name not in ("subject", "customer_id") and name not in dimensions:
            raise invalid(f"invalid group by: {name}")
    if "subject" in question:
        named.append("subject")
    for customer_id in question.get("filterCustomerId", []):
        if ctx.store.get(CUSTOMERS, customer_id) is None:
            raise not_found(f"customer with id {customer_id} not found")
        named += [] if "customer_id" in named else ["customer_id"]
    _check_zone(question.get("windowTimeZone", "UTC"))
    if question.get(_ADVANCED) and question.get("filterGroupBy"):
        raise invalid("advanced meter group by filters and filter group by cannot be used together")
    for name in (*question.get("filterGroupBy", {}), *(question.get(_ADVANCED) or {})):
        if name not in dimensions:
            raise invalid(f"invalid group by filter: {name}")
    special = [name for name in ("subject", "customer_id") if name in named]
    return special + sorted(name for name in named if name not in special)


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise invalid(f"invalid time zone: unknown time zone {name}") from error
