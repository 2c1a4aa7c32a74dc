"""Features (OpenMeter v1, `/api/v1/features`): created and archived, never updated."""

from __future__ import annotations

from typing import Final

from reconciler.sandbox.context import Context
from reconciler.sandbox.filters import FILTER_STRING, check_filter, understood
from reconciler.sandbox.http import NO_CONTENT, Problem, Request, Response, invalid
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.listing import PAGE, PAGE_SIZE, is_descending, order_by, page_body, page_numbers
from reconciler.sandbox.meters import find_meter
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.schema import KEY, METADATA, Arr, Bool, Num, Obj, Str
from reconciler.sandbox.store import Where
from reconciler.sandbox.subscription_views import uses_feature
from reconciler.sandbox.tables import FEATURES, PLANS
from reconciler.sandbox.unitcost import UNIT_COST, read_unit_cost
from reconciler.sandbox.values import is_ulid, present

routes = Routes()

_AGGREGATIONS: Final = ("SUM", "COUNT", "UNIQUE_COUNT", "LATEST")
FEATURE_CREATE: Final = Obj(
    name="FeatureCreateInputs",
    required={"key": KEY, "name": Str()},
    optional={
        "metadata": METADATA,
        "meterSlug": KEY,
        "meterGroupByFilters": Obj(extra=Str()),
        "advancedMeterGroupByFilters": Obj(extra=FILTER_STRING),
        "unitCost": UNIT_COST,
    },
)
_LIST_QUERY: Final = {
    **PAGE,
    **order_by("id", "key", "name", "createdAt", "updatedAt"),
    "meterSlug": Arr(Str()),
    "includeArchived": Bool(),
    "limit": Num(minimum=1, maximum=1000, integer=True),
    "offset": Num(minimum=0, integer=True),
}


@routes.get("/api/v1/features", query=_LIST_QUERY)
def list_features(ctx: Context, request: Request) -> Response:
    """An object with page parameters; without, a bare array that ends after 100 unless told `limit`."""
    args = request.args
    order = args.get("orderBy", "key")
    if order == "id":
        raise invalid("validation error: invalid feature order by: id")
    slugs = args.get("meterSlug")
    where = Where(live=None if args.get("includeArchived") else True, fields={"meterSlug": slugs} if slugs else {})
    paged = "page" in args or "pageSize" in args
    page, size = page_numbers(args)
    limit, offset = (size, (page - 1) * size) if paged else (args.get("limit", PAGE_SIZE), args.get("offset", 0))
    descending = is_descending(args, default=False)
    found = ctx.store.find(FEATURES, where, order=order, descending=descending, limit=limit, offset=offset)
    shown = [feature_view(feature) for feature in found]
    total = ctx.store.count(FEATURES, where) if paged else 0
    return Response(200, page_body(shown, page, size, total) if paged else shown)


@routes.post("/api/v1/features", body=FEATURE_CREATE)
def create_feature(ctx: Context, request: Request) -> Response:
    """Checks the meter, the filters, the cost and the key, in this order."""
    body = request.body
    filters = _read_filters(body)
    meter = _read_meter(ctx, body, filters)
    cost = read_unit_cost(body["unitCost"], meter) if "unitCost" in body else None
    _check_key(ctx, body["key"])
    if not body["name"]:
        # The database refuses an empty name, which the server has no answer for.
        raise Problem(500)
    feature = {**ctx.born(), **present(body, ["key", "name"])}
    optional = {
        "metadata": body.get("metadata"),
        "meterId": meter and meter["id"],
        "meterSlug": meter and meter["slug"],
        "advancedMeterGroupByFilters": filters,
        "unitCost": cost,
    }
    feature.update({name: value for name, value in optional.items() if value})
    ctx.store.put(FEATURES, feature, key=feature["key"], parent=feature.get("meterId"))
    return Response(201, feature_view(feature))


@routes.get("/api/v1/features/{id_or_key}")
def get_feature(ctx: Context, request: Request, id_or_key: str) -> Response:  # noqa: ARG001
    """Only a live feature is found, by id as well."""
    return Response(200, feature_view(find_feature(ctx, id_or_key)))


@routes.delete("/api/v1/features/{id_or_key}")
def archive_feature(ctx: Context, request: Request, id_or_key: str) -> Response:  # noqa: ARG001
    """Refused while an active plan or a live subscription names the feature, by id or key.

    Drafts, add-ons and notification rules are not asked.
    """
    feature = find_feature(ctx, id_or_key)
    if _is_in_active_plan(ctx, feature):
        raise _forbidden(feature, "plan")
    if uses_feature(ctx, feature["key"]):
        raise _forbidden(feature, "subscription")
    archived = {**feature, "archivedAt": ctx.now(), "updatedAt": ctx.later()}
    ctx.store.put(FEATURES, archived, key=feature["key"], parent=feature.get("meterId"))
    return NO_CONTENT


def find_feature(ctx: Context, id_or_key: str) -> Doc:
    """The live feature with this id or key; else a Problem 404."""
    feature = ctx.store.first(FEATURES, Where(ids=[id_or_key], keys=[id_or_key], either=True))
    if feature is None:
        raise Problem(404, f"feature not found: {id_or_key}")
    return feature


def feature_view(feature: Doc) -> Doc:
    """A feature as shown; filters that all compare for equality, whatever else they ask, appear in both spellings."""
    shown = {name: value for name, value in feature.items() if name != "meterId"}
    filters: Doc = feature.get("advancedMeterGroupByFilters", {})
    if filters and all("$eq" in filter_ for filter_ in filters.values()):
        shown["meterGroupByFilters"] = {name: filter_["$eq"] for name, filter_ in filters.items()}
    return shown


def _read_filters(body: Doc) -> Doc:
    """The newer spelling wins if it says anything; the older one is then ignored."""
    advanced = body.get("advancedMeterGroupByFilters")
    if advanced:
        return {name: understood(filter_) for name, filter_ in advanced.items()}
    return {name: {"$eq": value} for name, value in body.get("meterGroupByFilters", {}).items()}


def _read_meter(ctx: Context, body: Doc, filters: Doc) -> Doc | None:
    """The meter the feature reads. Without one, filters are stored unchecked."""
    if "meterSlug" not in body:
        return None
    meter = find_meter(ctx, body["meterSlug"])
    if meter["aggregation"] not in _AGGREGATIONS:
        allowed = f"but features can only be created for {', '.join(_AGGREGATIONS)}"
        raise Problem(400, f"meter {meter['slug']}'s aggregation is {meter['aggregation']} {allowed}")
    columns = meter.get("groupBy", {})
    if not filters.keys() <= columns.keys():
        raise Problem(400, f"invalid filters for feature: {filters}, available columns: {sorted(columns)}")
    for filter_ in filters.values():
        check_filter(filter_)
    return meter


def _check_key(ctx: Context, key: str) -> None:
    if is_ulid(key):
        raise invalid("Feature key cannot be a valid ULID")
    taken = ctx.store.first(FEATURES, Where(keys=[key]))
    if taken is not None:
        raise Problem(409, f"feature {taken['id']} with key {key} already exists")


def _is_in_active_plan(ctx: Context, feature: Doc) -> bool:
    mentions = (f'"featureKey":"{feature["key"]}"', f'"featureId":"{feature["id"]}"')
    active = {"status": ["active"]}
    return any(ctx.store.count(PLANS, Where(fields=active, contains={"phases": mention})) for mention in mentions)


def _forbidden(feature: Doc, referrer: str) -> Problem:
    reason = f"feature is referenced by active {referrer}, it cannot be archived"
    return Problem(400, f"forbidden for feature {feature['id']}: {reason}")
