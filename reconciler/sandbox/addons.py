"""Add-ons (OpenMeter v1, `/api/v1/addons`)."""

from __future__ import annotations

from typing import Final

from reconciler.sandbox.alignment import same_length
from reconciler.sandbox.context import Context
from reconciler.sandbox.currencies import FIAT
from reconciler.sandbox.durations import DurationError
from reconciler.sandbox.http import NO_CONTENT, Problem, Request, Response, invalid
from reconciler.sandbox.issues import Issue, issue, refusal, refuse, refuse_critical, selected, shown
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.prices import is_flat
from reconciler.sandbox.ratecards import (
    RATE_CARD,
    card_issues,
    publish_issues,
    read_cards,
    resolve_features,
    resolve_taxes,
    shuffled,
    unwritable_cards,
    view_card,
)
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.schema import ID_OR_KEY, KEY, NULLABLE_METADATA, ULID, Arr, Obj, Schema, Str
from reconciler.sandbox.store import Where
from reconciler.sandbox.tables import ADDONS, ASSIGNMENTS
from reconciler.sandbox.values import present
from reconciler.sandbox.versions import (
    CURRENCY,
    GET_QUERY,
    Versions,
    has_draft,
    list_query,
    named_versions,
    next_version,
)

routes = Routes()
ADDON_VERSIONS: Final = Versions(ADDONS, "add-on")

_REQUIRED: Final[dict[str, Schema]] = {
    "name": Str(min=1, max=256),
    "instanceType": Str(enum=("single", "multiple")),
    "rateCards": Arr(RATE_CARD),
}
_OPTIONAL: Final[dict[str, Schema]] = {"description": Str(max=1024), "metadata": NULLABLE_METADATA}
ADDON_CREATE: Final = Obj(
    name="AddonCreate", required={**_REQUIRED, "key": KEY, "currency": CURRENCY}, optional=_OPTIONAL
)
ADDON_UPDATE: Final = Obj(name="AddonReplaceUpdate", required=_REQUIRED, optional=_OPTIONAL)
_BY_ID: Final = {"addon_id": ULID}


@routes.get("/api/v1/addons", query=list_query("draft", "active", "archived"))
def list_addons(ctx: Context, request: Request) -> Response:
    """Every version is an item. The filters are joined by AND, unlike those of plans."""
    args = request.args
    where = Where(
        live=None if args.get("includeDeleted") else True,
        ids=args.get("id"),
        keys=args.get("key"),
        fields={name: args[name] for name in ("status", "currency") if name in args},
        any_of=named_versions(request),
    )
    return Response(200, ADDON_VERSIONS.page(ctx, request, where, view_addon))


@routes.post("/api/v1/addons", body=ADDON_CREATE)
def create_addon(ctx: Context, request: Request) -> Response:
    """A new draft version. What cannot be decoded is a 500 here, where a plan says 400."""
    body = request.body
    if body["currency"] not in FIAT:
        raise Problem(500)
    addon = {**present(body, ["key", "currency"]), **_read_content(body)}
    refuse_critical(addon_issues(addon), "add-on")
    history = ADDON_VERSIONS.history(ctx, body["key"])
    if has_draft(history):
        raise invalid("only a single draft version is allowed for add-on")
    _resolve(ctx, addon)
    refuse(unwritable_cards(body["rateCards"]), "add-on")
    born = {**ctx.born(), **addon, "version": next_version(history), "status": "draft"}
    return Response(201, view_addon(_save(ctx, born)))


@routes.get("/api/v1/addons/{id_or_key}", path={"id_or_key": ID_OR_KEY}, query=GET_QUERY)
def get_addon(ctx: Context, request: Request, id_or_key: str) -> Response:
    """By id any version, deleted or not; by key the active one."""
    latest = request.args.get("includeLatest", False)
    return Response(200, view_addon(ADDON_VERSIONS.find(ctx, id_or_key, latest=latest)))


@routes.put("/api/v1/addons/{addon_id}", path=_BY_ID, body=ADDON_UPDATE)
def update_addon(ctx: Context, request: Request, addon_id: str) -> Response:
    """Replaces the rate cards, keeps description and metadata if omitted.

    `updatedAt` stays when the server sees no change, and it overlooks some that it stores.
    """
    content = _read_content(request.body)
    refuse_critical(card_issues(content["rateCards"]), "add-on")
    addon = ADDON_VERSIONS.get(ctx, addon_id)
    _require_status(addon, "draft")
    changed = {**addon, **content}
    _resolve(ctx, changed)
    refuse_critical(addon_issues(changed), "add-on")
    refuse(unwritable_cards(request.body["rateCards"]), "add-on")
    if _noticed(changed) != _noticed(addon):
        changed["updatedAt"] = ctx.now()
    return Response(200, view_addon(_save(ctx, changed)))


@routes.delete("/api/v1/addons/{addon_id}", path=_BY_ID)
def delete_addon(ctx: Context, request: Request, addon_id: str) -> Response:  # noqa: ARG001
    """Refused while any assignment is left, even one of an archived or deleted plan, which stays for good."""
    addon = ADDON_VERSIONS.get(ctx, addon_id)
    if "deletedAt" in addon:
        return NO_CONTENT
    if ctx.store.count(ASSIGNMENTS, Where(keys=[addon_id])):
        what = f"[namespace=default id={addon_id} key={addon['key']}]"
        raise invalid(f"failed to delete add-on {what}: add-on has active assignments")
    _require_status(addon, "draft", "archived")
    ADDON_VERSIONS.save(ctx, {**addon, "deletedAt": ctx.now(), "updatedAt": ctx.now()})
    return NO_CONTENT


@routes.post("/api/v1/addons/{addon_id}/publish", path=_BY_ID)
def publish_addon(ctx: Context, request: Request, addon_id: str) -> Response:  # noqa: ARG001
    """Archives the version active until now, on which assignments to it become invalid."""
    addon = ADDON_VERSIONS.get(ctx, addon_id)
    if "deletedAt" in addon:
        raise invalid("cannot publish a deleted add-on")
    refuse(_publish_issues(ctx, addon), "add-on")
    return Response(200, view_addon(ADDON_VERSIONS.publish(ctx, addon)))


@routes.post("/api/v1/addons/{addon_id}/archive", path=_BY_ID)
def archive_addon(ctx: Context, request: Request, addon_id: str) -> Response:  # noqa: ARG001
    """Nobody is asked: an active plan that offers the add-on then lists it with a validation error."""
    addon = ADDON_VERSIONS.get(ctx, addon_id)
    if "deletedAt" in addon:
        raise invalid("cannot archive a deleted add-on")
    _require_status(addon, "active")
    return Response(200, view_addon(ADDON_VERSIONS.archive(ctx, addon)))


def addon_issues(addon: Doc) -> list[Issue]:
    """Everything wrong with an add-on by itself, as every read shows it."""
    if not addon["rateCards"]:
        return [issue("addon_has_no_rate_cards")]
    return card_issues(addon["rateCards"])


def view_addon(addon: Doc) -> Doc:
    """An add-on version as shown; empty metadata is left out."""
    shown_fields = {name: value for name, value in addon.items() if name != "metadata" or value}
    return {**shown_fields, "rateCards": [view_card(card) for card in addon["rateCards"]]}


def _read_content(body: Doc) -> Doc:
    try:
        cards = read_cards(body["rateCards"])
    except DurationError as error:
        raise Problem(500) from error
    content = {**present(body, ["name", "description", "instanceType"]), "rateCards": cards}
    metadata = body.get("metadata")
    return content if metadata is None else {**content, "metadata": metadata}


def _resolve(ctx: Context, addon: Doc) -> None:
    refuse(resolve_features(ctx, addon["rateCards"]), "add-on")
    resolve_taxes(ctx, addon["rateCards"])


def _require_status(addon: Doc, *allowed: str) -> None:
    if addon["status"] not in allowed:
        raise refusal([issue("addon_invalid_status")], "add-on")


def _publish_issues(ctx: Context, addon: Doc) -> list[Issue]:
    found = addon_issues(addon)
    if addon["status"] != "draft":
        found.append(issue("addon_invalid_status_for_publish"))
    priced = [card for card in addon["rateCards"] if card["price"] is not None]
    cadences = {same_length(card["billingCadence"]) for card in priced if card["billingCadence"]}
    if len(cadences) > 1:
        found.append(issue("rate_card_multiple_billing_cadence").under("ratecards[*]"))
    metered = [card for card in priced if not is_flat(card["price"])]
    if addon["instanceType"] == "multiple" and metered:
        path = selected("ratecards", metered[0]["key"])
        found.append(issue("addon_invalid_ratecard_price_for_multi_instance").under(path))
    return found + publish_issues(ctx, addon["rateCards"])


def _noticed(addon: Doc) -> Doc:
    """What the server compares to tell a change: no rate card's metadata, no template's soft limit."""
    fields = present(addon, ["name", "instanceType"])
    texts = {"description": addon.get("description", ""), "metadata": addon.get("metadata", {})}
    return {**fields, **texts, "rateCards": {card["key"]: _noticed_card(card) for card in addon["rateCards"]}}


def _noticed_card(card: Doc) -> Doc:
    noticed = {name: value for name, value in card.items() if name != "metadata"}
    if "entitlementTemplate" in card:
        template = card["entitlementTemplate"].items()
        noticed["entitlementTemplate"] = {name: value for name, value in template if name != "isSoftLimit"}
    return noticed


def _save(ctx: Context, addon: Doc) -> Doc:
    """Store content that was just written: rate cards lose their order, the findings are noted."""
    findings = shown(addon_issues(addon))
    cards = shuffled(addon["rateCards"])
    return ADDON_VERSIONS.save(ctx, {**addon, "rateCards": cards, "validationErrors": findings})
