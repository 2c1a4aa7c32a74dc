"""Apps and the marketplace they are installed from (OpenMeter v1, `/apps`, `/marketplace/listings`).

The sandbox app is there from the first start on. A Stripe app is installed without asking Stripe: its
account is derived from the API key.
"""

from __future__ import annotations

import hashlib
from typing import Final

from reconciler.sandbox.context import Context
from reconciler.sandbox.http import NO_CONTENT, Problem, Request, Response, conflict, invalid, not_found
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.listing import PAGE, page_body, page_numbers, page_of
from reconciler.sandbox.marketplace import (
    CUSTOM_INVOICING,
    LISTINGS,
    SANDBOX,
    STRIPE,
    WITH_API_KEY,
    WITHOUT_CREDENTIALS,
)
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.schema import NULLABLE_METADATA, ULID, Bool, Obj, Schema, Str, Tagged
from reconciler.sandbox.store import LIVE, Where
from reconciler.sandbox.tables import APPS, PROFILES
from reconciler.sandbox.values import present

routes: Final = Routes()

_REFERENCE_LIMIT: Final = 10
_HOOKS: Final = ("enableDraftSyncHook", "enableIssuingSyncHook")
_LISTING_PATH: Final = {"type": Str(enum=(STRIPE, SANDBOX, CUSTOM_INVOICING))}
_PATH: Final = {"id": ULID}
_INSTALL: Final = Obj(optional={"name": Str(), "createBillingProfile": Bool()})
_INSTALL_WITH_KEY: Final = Obj(required={"apiKey": Str()}, optional=_INSTALL.optional)


def _update(app_type: str, required: dict[str, Schema], optional: dict[str, Schema]) -> Obj:
    return Obj(
        required={"name": Str(min=1, max=256), "type": Str(enum=(app_type,)), **required},
        optional={"description": Str(max=1024), "metadata": NULLABLE_METADATA, **optional},
    )


_UPDATE: Final = Tagged(
    "type",
    {
        SANDBOX: _update(SANDBOX, {}, {}),
        CUSTOM_INVOICING: _update(CUSTOM_INVOICING, {name: Bool() for name in _HOOKS}, {}),
        STRIPE: _update(STRIPE, {}, {"secretAPIKey": Str()}),
    },
)


def seed(ctx: Context) -> None:
    """Install the sandbox app where there is none: the server does so at every start."""
    if ctx.store.first(APPS, Where(keys=[SANDBOX])) is None:
        _install(ctx, SANDBOX, "", {})


@routes.get("/api/v1/apps", query=PAGE)
def list_apps(ctx: Context, request: Request) -> Response:
    """The server promises no order; here the newest comes first."""
    page = page_of(ctx, request, APPS, LIVE, descending=True)
    return Response(200, {**page, "items": [view(app) for app in page["items"]]})


@routes.get("/api/v1/apps/{id}", path=_PATH)
def get_app(ctx: Context, request: Request, id: str) -> Response:  # noqa: A002, ARG001
    """Uninstalled ones too, with `deletedAt`."""
    return Response(200, view(find_app(ctx, id)))


@routes.put("/api/v1/apps/{id}", path=_PATH, body=_UPDATE)
def replace_app(ctx: Context, request: Request, id: str) -> Response:  # noqa: A002
    """Omitted description and metadata are cleared; a sandbox app silently accepts any type."""
    app, body = find_app(ctx, id), request.body
    metadata = body.get("metadata") or {}
    if "" in metadata or "" in metadata.values():
        raise invalid("metadata value is required")
    if "deletedAt" in app:
        raise invalid("app is deleted")
    if app["type"] not in (SANDBOX, body["type"]):
        raise Problem(500)
    new = {name: value for name, value in app.items() if name not in ("description", "metadata")}
    new.update(present(body, ["name", "description"]))
    new.update({"metadata": metadata} if metadata else {})
    if app["type"] == CUSTOM_INVOICING:
        new.update(present(body, _HOOKS))
    if "secretAPIKey" in body and app["type"] == STRIPE:
        new.update(_replaced_key(app, body["secretAPIKey"]))
    return Response(200, view(_put(ctx, {**new, "updatedAt": ctx.now()})))


@routes.delete("/api/v1/apps/{id}", path=_PATH)
def uninstall_app(ctx: Context, request: Request, id: str) -> Response:  # noqa: A002, ARG001
    """Refused while a live profile uses the app; repeatable, except for Stripe."""
    app = find_app(ctx, id)
    if users := ctx.store.find(PROFILES, Where(parent=id)):
        names = ",".join(f"{profile['name']}[{profile['id']}]" for profile in users[:_REFERENCE_LIMIT])
        more = f", and {len(users) - _REFERENCE_LIMIT} more" if len(users) > _REFERENCE_LIMIT else ""
        raise conflict(f"app is used in {len(users)} billing profiles: {names}{more}")
    if app["type"] == STRIPE and "deletedAt" in app:
        raise _unknown(id)
    now = ctx.now()
    _put(ctx, {**app, "updatedAt": now, "deletedAt": now})
    return NO_CONTENT


@routes.get("/api/v1/marketplace/listings", query=PAGE)
def list_listings(ctx: Context, request: Request) -> Response:  # noqa: ARG001
    """What can be installed; the server's order is different at every call."""
    page, size = page_numbers(request.args)
    items = list(LISTINGS.values())
    return Response(200, page_body(items[(page - 1) * size : page * size], page, size, len(items)))


@routes.get("/api/v1/marketplace/listings/{type}", path=_LISTING_PATH)
def get_listing(ctx: Context, request: Request, type: str) -> Response:  # noqa: A002, ARG001
    """One kind of app."""
    return Response(200, LISTINGS[type])


@routes.post("/api/v1/marketplace/listings/{type}/install", path=_LISTING_PATH, body=_INSTALL)
def install(ctx: Context, request: Request, type: str) -> Response:  # noqa: A002
    """There is one sandbox app at most; `createBillingProfile` is parsed and ignored."""
    _check_method(type, WITHOUT_CREDENTIALS)
    taken = ctx.store.first(APPS, Where(keys=[SANDBOX])) if type == SANDBOX else None
    if taken is not None:
        raise conflict(f"sandbox app: {taken['name']} already exists")
    return _installed(_install(ctx, type, request.body.get("name", ""), {}))


@routes.post("/api/v1/marketplace/listings/{type}/install/apikey", path=_LISTING_PATH, body=_INSTALL_WITH_KEY)
def install_with_key(ctx: Context, request: Request, type: str) -> Response:  # noqa: A002
    """One app per Stripe account and mode."""
    _check_method(type, WITH_API_KEY)
    account = _account(request.body["apiKey"])
    for app in ctx.store.find(APPS, Where(keys=[STRIPE])):
        if all(app[name] == account[name] for name in ("stripeAccountId", "livemode")):
            raise conflict(f"stripe app already exists with stripe account id: {account['stripeAccountId']}")
    return _installed(_install(ctx, type, request.body.get("name", ""), account))


def find_app(ctx: Context, app_id: str) -> Doc:
    """The app with this id, uninstalled or not; else a Problem 404."""
    app = ctx.store.get(APPS, app_id)
    if app is None:
        raise _unknown(app_id)
    return app


def view(app: Doc) -> Doc:
    """An app as shown; description and metadata of a sandbox app are stored but never shown."""
    hidden = ("description", "metadata") if app["type"] == SANDBOX else ()
    shown = {name: value for name, value in app.items() if name not in hidden}
    # A restored app of a type that only a newer server has brings its own listing along.
    return {**shown, "listing": LISTINGS.get(app["type"]) or app["listing"]}


def _install(ctx: Context, app_type: str, name: str, own: Doc) -> Doc:
    app = {**ctx.born(), "type": app_type, "name": name or LISTINGS[app_type]["name"], "status": "ready"}
    hooks = dict.fromkeys(_HOOKS, False) if app_type == CUSTOM_INVOICING else {}
    return _put(ctx, {**app, "description": "", **hooks, **own})


def _installed(app: Doc) -> Response:
    return Response(200, {"app": view(app), "defaultForCapabilityTypes": []})


def _check_method(app_type: str, method: str) -> None:
    supported = LISTINGS[app_type]["installMethods"]
    if method not in supported:
        reason = "app does not support this installation method. Supported methods:"
        raise invalid(f"{reason} [{' '.join(supported)}]")


def _account(key: str) -> Doc:
    """The account a key would belong to; keys of one account cannot be told without Stripe."""
    account = f"acct_{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    return {
        "description": f"Stripe account {account}",
        "stripeAccountId": account,
        "livemode": key.startswith(("sk_live", "rk_live")),
        "maskedAPIKey": _masked(key),
    }


def _replaced_key(app: Doc, key: str) -> Doc:
    if _account(key)["livemode"] != app["livemode"]:
        raise invalid("new stripe api key is for a different mode than the app")
    return {"maskedAPIKey": _masked(key)}


def _masked(key: str) -> str:
    return f"{key[:8]}***{key[-3:]}"


def _put(ctx: Context, app: Doc) -> Doc:
    return ctx.store.put(APPS, app, key=app["type"])


def _unknown(app_id: str) -> Problem:
    return not_found(f"app with id {app_id} not found in default namespace")
