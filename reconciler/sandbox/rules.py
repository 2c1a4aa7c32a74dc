"""Notification rules (OpenMeter v1, `/notification/rules`).

A rule names its channels by id and its features by id or key, and both are looked up again on every
PUT. Reads show a feature exactly as it was written, under `id`, and only the channels that are
enabled; the answers to writes show all of them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from reconciler.sandbox import webhooks
from reconciler.sandbox.context import Context
from reconciler.sandbox.http import NO_CONTENT, Problem, Request, Response, invalid
from reconciler.sandbox.jsontext import Doc, number
from reconciler.sandbox.listing import INCLUDE_DELETED, PAGE, order_by, page_of
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.schema import (
    ID_OR_KEY,
    NULLABLE_METADATA,
    ULID,
    Arr,
    Bool,
    Num,
    Obj,
    Schema,
    Str,
    Tagged,
)
from reconciler.sandbox.store import LIVE, Where
from reconciler.sandbox.tables import CHANNELS, FEATURES, RULES

routes: Final = Routes()

MAX_CHANNELS: Final = 5
_THRESHOLD: Final = "entitlements.balance.threshold"
_RESET: Final = "entitlements.reset"
_INVOICES: Final = ("invoice.created", "invoice.updated")

_FEATURES: Final = Arr(ID_OR_KEY, min_items=1)
_THRESHOLDS: Final = Arr(
    Obj(
        required={
            "type": Str(enum=("PERCENT", "NUMBER", "balance_value", "usage_percentage", "usage_value")),
            "value": Num(),
        }
    ),
    min_items=1,
    max_items=10,
)


def _body(kind: str, required: dict[str, Schema], optional: dict[str, Schema]) -> Obj:
    common: dict[str, Schema] = {
        "type": Str(enum=(kind,)),
        "name": Str(min=1, max=256),
        "channels": Arr(ULID, min_items=1),
    }
    return Obj(
        required={**common, **required},
        optional={"disabled": Bool(), "metadata": NULLABLE_METADATA, **optional},
    )


_BODY: Final = Tagged(
    "type",
    {
        _THRESHOLD: _body(_THRESHOLD, {"thresholds": _THRESHOLDS}, {"features": _FEATURES}),
        _RESET: _body(_RESET, {}, {"features": _FEATURES}),
        **{kind: _body(kind, {}, {}) for kind in _INVOICES},
    },
)
_COLLECTION: Final = "/api/v1/notification/rules"
_ITEM: Final = f"{_COLLECTION}/{{rule_id}}"
_PATH: Final = {"rule_id": ULID}
_LIST: Final = {
    **PAGE,
    **INCLUDE_DELETED,
    **order_by("id", "type", "createdAt", "updatedAt"),
    "includeDisabled": Bool(),
}


@routes.get(_COLLECTION, query=_LIST)
def list_rules(ctx: Context, request: Request) -> Response:
    """Oldest first; disabled rules only on demand. The filters by feature and channel are ignored."""
    shown = LIVE if request.args.get("includeDisabled") else Where(keys=["enabled"])
    order = request.args.get("orderBy", "id")
    page = page_of(ctx, request, RULES, shown, order=order, descending=False)
    return Response(200, {**page, "items": [view_rule(ctx, rule) for rule in page["items"]]})


@routes.post(_COLLECTION, body=_BODY)
def create_rule(ctx: Context, request: Request) -> Response:
    """Names are not unique; a channel given twice counts once."""
    content = _content(request.body)
    _check_features(ctx, content)
    channels = _named_channels(ctx, content["channels"])
    rule = {**ctx.born(), **content}
    for channel in channels:
        webhooks.add_rule(ctx, channel, rule["id"])
    return Response(201, _written(ctx, rule))


@routes.get(_ITEM, path=_PATH)
def get_rule(ctx: Context, request: Request, rule_id: str) -> Response:  # noqa: ARG001
    """Deleted ones too, with `deletedAt`."""
    return Response(200, view_rule(ctx, rule_by_id(ctx, rule_id)))


@routes.put(_ITEM, path=_PATH, body=_BODY)
def replace_rule(ctx: Context, request: Request, rule_id: str) -> Response:
    """Full replacement, refused while a named feature is archived or a named channel deleted."""
    content = _content(request.body)
    old = rule_by_id(ctx, rule_id)
    if "deletedAt" in old:
        raise Problem(409, "not allowed to update deleted rule")
    _check_features(ctx, content)
    if content["type"] != old["type"]:
        raise invalid(f"cannot change rule type: {old['type']} to {content['type']}")
    channels = _named_channels(ctx, content["channels"])
    _move(ctx, old, channels)
    new = {"id": rule_id, "createdAt": old["createdAt"], "updatedAt": ctx.now(), **content}
    return Response(200, _written(ctx, new))


@routes.delete(_ITEM, path=_PATH)
def delete_rule(ctx: Context, request: Request, rule_id: str) -> Response:  # noqa: ARG001
    """Repeatable. A disabled channel's endpoint is not told, and keeps counting the rule."""
    rule = rule_by_id(ctx, rule_id)
    for channel_id in _shown_channels(ctx, rule):
        webhooks.remove_rule(ctx, channel_id, rule_id)
    now = ctx.now()
    _put(ctx, {**rule, "disabled": True, "updatedAt": now, "deletedAt": now})
    return NO_CONTENT


def _content(body: Doc) -> Doc:
    """What a body says, with the server's defaults; refuses what needs no look at other objects."""
    kind = body["type"]
    content = {
        "type": kind,
        "name": body["name"],
        "disabled": body.get("disabled", False),
        "channels": sorted(set(body["channels"])),
    }
    # Rules about invoices silently drop features and thresholds.
    if kind not in _INVOICES and "features" in body:
        if len(set(body["features"])) < len(body["features"]):
            raise invalid("validation error: duplicated features")
        content["features"] = body["features"]
    if kind == _THRESHOLD:
        content["thresholds"] = [_threshold(threshold) for threshold in body["thresholds"]]
    if len(body["channels"]) > MAX_CHANNELS:
        raise invalid(f"too many channels: {len(body['channels'])} > {MAX_CHANNELS}")
    if body.get("metadata") is not None:
        content["metadata"] = body["metadata"]
    return content


def _threshold(threshold: Doc) -> Doc:
    kind, value = threshold["type"], Decimal(threshold["value"])
    lowest_is_zero = kind == "balance_value"
    if value < 0 or (value == 0 and not lowest_is_zero):
        bound = "greater than or equal to 0" if lowest_is_zero else "greater than 0"
        raise invalid(f"validation error: invalid threshold with type {kind}: value must be {bound}: {value:.2f}")
    return {"type": kind, "value": number(value)}


def _check_features(ctx: Context, content: Doc) -> None:
    named = content.get("features", [])
    found = ctx.store.find(FEATURES, Where(keys=named, ids=named, either=True))
    known = {name for feature in found for name in (feature["id"], feature["key"])}
    if missing := [name for name in named if name not in known]:
        raise invalid(f"validation error: non-existing features: [{' '.join(missing)}]")


def _named_channels(ctx: Context, ids: list[str]) -> list[Doc]:
    found = ctx.store.find(CHANNELS, Where(ids=ids))
    known = {channel["id"] for channel in found}
    if missing := [channel_id for channel_id in ids if channel_id not in known]:
        raise invalid(f"non-existing channels: [{' '.join(missing)}]")
    return found


def _move(ctx: Context, old: Doc, channels: list[Doc]) -> None:
    """Tell the endpoints about added and dropped channels; only enabled ones count as had before."""
    before = _shown_channels(ctx, old)
    now = [channel["id"] for channel in channels]
    for channel in channels:
        if channel["id"] not in before:
            webhooks.add_rule(ctx, channel, old["id"])
    for channel_id in before:
        if channel_id not in now:
            webhooks.remove_rule(ctx, channel_id, old["id"])


def _shown_channels(ctx: Context, rule: Doc) -> list[str]:
    enabled = ctx.store.find(CHANNELS, Where(ids=rule["channels"], keys=["enabled"]))
    return [channel["id"] for channel in enabled]


def _written(ctx: Context, rule: Doc) -> Doc:
    """Store a rule and show it as the answer to a write does: with all its channels."""
    return _shown(_put(ctx, rule), rule["channels"])


def view_rule(ctx: Context, rule: Doc) -> Doc:
    """A rule as reads show it: with its enabled channels only."""
    return _shown(rule, _shown_channels(ctx, rule))


def _shown(rule: Doc, channels: list[str]) -> Doc:
    shown = {**rule, "channels": [{"id": channel_id, "type": "WEBHOOK"} for channel_id in channels]}
    if "features" in rule:
        shown["features"] = [{"id": name, "key": ""} for name in rule["features"]]
    return shown


def _put(ctx: Context, rule: Doc) -> Doc:
    return ctx.store.put(RULES, rule, key="disabled" if rule["disabled"] else "enabled")


def rule_by_id(ctx: Context, rule_id: str) -> Doc:
    """The rule with this id, deleted or not; else a Problem 404."""
    rule = ctx.store.get(RULES, rule_id)
    if rule is None:
        raise Problem(404, f"resource with id {rule_id} not found in default namespace")
    return rule
