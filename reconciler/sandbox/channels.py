"""Notification channels (OpenMeter v1, `/notification/channels`).

A PUT replaces everything: what it omits is reset, and an omitted signing secret is refused, so the
live one has to be echoed. A deleted channel can still be read by its id.
"""

from __future__ import annotations

from typing import Final

from reconciler.sandbox import webhooks
from reconciler.sandbox.context import Context
from reconciler.sandbox.http import NO_CONTENT, Problem, Request, Response, invalid
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.listing import INCLUDE_DELETED, PAGE, order_by, page_of
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.schema import NULLABLE_METADATA, ULID, Bool, Obj, Str
from reconciler.sandbox.store import LIVE, Where
from reconciler.sandbox.tables import CHANNELS, RULES

routes: Final = Routes()

_COLLECTION: Final = "/api/v1/notification/channels"
_ITEM: Final = f"{_COLLECTION}/{{channel_id}}"
_PATH: Final = {"channel_id": ULID}
_LIST: Final = {
    **PAGE,
    **INCLUDE_DELETED,
    **order_by("id", "type", "createdAt", "updatedAt"),
    "includeDisabled": Bool(),
}
_BODY: Final = Obj(
    name="NotificationChannelCreateRequest",
    required={"type": Str(enum=("WEBHOOK",)), "name": Str(min=1, max=256), "url": Str()},
    optional={
        "disabled": Bool(),
        "customHeaders": Obj(extra=Str()),
        "signingSecret": Str(pattern="^(whsec_)?[a-zA-Z0-9+/=]{32,100}$"),
        "metadata": NULLABLE_METADATA,
    },
)


@routes.get(_COLLECTION, query=_LIST)
def list_channels(ctx: Context, request: Request) -> Response:
    """Newest first; disabled channels only on demand, deleted ones never (`includeDeleted` is ignored)."""
    shown = LIVE if request.args.get("includeDisabled") else Where(keys=["enabled"])
    order = request.args.get("orderBy", "id")
    return Response(200, page_of(ctx, request, CHANNELS, shown, order=order, descending=True))


@routes.post(_COLLECTION, body=_BODY)
def create_channel(ctx: Context, request: Request) -> Response:
    """Names are not unique; a secret is generated unless one is given."""
    now = ctx.now()
    channel = {"id": ctx.new_id(), **_content(request.body), "createdAt": now}
    channel.setdefault("signingSecret", webhooks.new_secret())
    webhooks.create_endpoint(ctx, channel)
    channel["updatedAt"] = ctx.later()
    return Response(201, _put(ctx, channel))


@routes.get(_ITEM, path=_PATH)
def get_channel(ctx: Context, request: Request, channel_id: str) -> Response:  # noqa: ARG001
    """Deleted ones too, with `deletedAt`."""
    return Response(200, _found(ctx, channel_id))


@routes.put(_ITEM, path=_PATH, body=_BODY)
def replace_channel(ctx: Context, request: Request, channel_id: str) -> Response:
    """Full replacement; `updatedAt` moves even if nothing changes."""
    content = _content(request.body)
    old = _found(ctx, channel_id)
    if "deletedAt" in old:
        raise Problem(409, "not allowed to update deleted channel")
    new = {"id": channel_id, **content, "createdAt": old["createdAt"], "updatedAt": ctx.now()}
    new.setdefault("signingSecret", "")
    webhooks.update_endpoint(ctx, new, _rules_of(ctx, channel_id))
    return Response(200, _put(ctx, new))


@routes.delete(_ITEM, path=_PATH)
def delete_channel(ctx: Context, request: Request, channel_id: str) -> Response:  # noqa: ARG001
    """Refused while any live rule names the channel, even a disabled one; repeatable."""
    channel = _found(ctx, channel_id)
    if rules := _rules_of(ctx, channel_id):
        raise invalid(
            "failed to delete channel as it is assigned to one or more rules "
            f"[namespace=default channel.id={channel_id}]: [{' '.join(rules)}]"
        )
    webhooks.delete_endpoint(ctx, channel_id)
    now = ctx.now()
    _put(ctx, {**channel, "disabled": True, "updatedAt": now, "deletedAt": now})
    return NO_CONTENT


def _content(body: Doc) -> Doc:
    """What a body says, with the server's defaults; refuses what the service itself checks."""
    if not body["url"]:
        raise invalid("validation error: missing URL")
    content = {
        "type": body["type"],
        "name": body["name"],
        "disabled": body.get("disabled", False),
        "url": body["url"],
    }
    if body.get("customHeaders"):
        content["customHeaders"] = dict(sorted(body["customHeaders"].items()))
    if "signingSecret" in body:
        webhooks.check_secret(body["signingSecret"])
        content["signingSecret"] = body["signingSecret"]
    if body.get("metadata") is not None:
        content["metadata"] = body["metadata"]
    return content


def _put(ctx: Context, channel: Doc) -> Doc:
    return ctx.store.put(CHANNELS, channel, key="disabled" if channel["disabled"] else "enabled")


def _found(ctx: Context, channel_id: str) -> Doc:
    channel = ctx.store.get(CHANNELS, channel_id)
    if channel is None:
        raise Problem(404, f"resource with id {channel_id} not found in default namespace")
    return channel


def _rules_of(ctx: Context, channel_id: str) -> list[str]:
    return [rule["id"] for rule in ctx.store.find(RULES) if channel_id in rule["channels"]]
