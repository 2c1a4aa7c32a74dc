"""Filling a sandbox with objects as the API shows them: their ids, versions, states and markers stay what they are.

Bodies go in unchanged, so that the lists show afterwards what was listed; what a field is that the sandbox does not
know does not matter. What the API does not show (which feature a rate card is bound to, which rules an endpoint lets
through) is worked out from what it does show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from reconciler.sandbox.clock import micros_of, parse_instant, read_ulid
from reconciler.sandbox.context import Context
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.marketplace import CUSTOM_INVOICING
from reconciler.sandbox.store import Where
from reconciler.sandbox.tables import (
    ADDONS,
    APPS,
    ASSIGNMENTS,
    CHANNELS,
    FEATURES,
    METERS,
    PLANS,
    PROFILES,
    RULES,
    TAX_CODES,
    WEBHOOKS,
)
from reconciler.sandbox.values import present

Bodies = Mapping[str, Sequence[Mapping[str, Any]]]
"""Per collection (the names of `tables`) what the API lists there; an assignment has its plan's `planId` besides."""

NOWHERE: Final = "00000000000000000000000000"
"""The id of what is not there any more."""

_INSTANTS: Final = ("createdAt", "updatedAt", "effectiveFrom", "effectiveTo", "archivedAt", "deletedAt")


def restore(ctx: Context, bodies: Bodies) -> None:
    """Put everything into an empty store; raises ValueError for what cannot be restored."""
    if unknown := bodies.keys() - _RESTORERS.keys():
        raise ValueError(f"cannot restore {', '.join(sorted(unknown))}")
    for collection, put in _RESTORERS.items():
        # Newest first, as the lists show them: an assignment gets its id only here, and ids order the lists.
        for body in reversed(bodies.get(collection, ())):
            try:
                put(ctx, dict(body))
            except KeyError as missing:
                raise ValueError(f"cannot restore one of the {collection}: it has no {missing}") from missing
    _move_on(ctx, [body for listed in bodies.values() for body in listed])


def _move_on(ctx: Context, bodies: Iterable[Mapping[str, Any]]) -> None:
    """Whatever is made from now on is younger than all that was restored."""
    instants, ids = [0], [0]
    for body in bodies:
        instants += (micros_of(parse_instant(body[name])) for name in _INSTANTS if body.get(name))
        ids.append(read_ulid(body.get("id", NOWHERE)))
    ctx.store.set_counter("instant", max(ctx.store.counter("instant"), *instants))
    ctx.store.set_counter("id", max(ctx.store.counter("id"), *ids))


def _tax_code(ctx: Context, body: Doc) -> None:
    """A tax code: all that shows of one is its id and, where it has one, its Stripe code."""
    if ctx.store.get(TAX_CODES, body["id"]) is not None:
        return
    stripe = body.get("stripe", "")
    taken = ctx.store.first(TAX_CODES, Where(keys=[stripe])) if stripe else None
    if taken is not None:
        ctx.store.remove(TAX_CODES, taken["id"])
    own = {"key": f"stripe_{stripe}" if stripe else body["id"].lower(), "name": stripe or body["id"], "system": False}
    tax_code = {"createdAt": ctx.now(), "updatedAt": ctx.now(), **own, **(taken or {}), "id": body["id"]}
    ctx.store.put(TAX_CODES, {**tax_code, "stripe": stripe}, key=stripe or None)


def _meter(ctx: Context, body: Doc) -> None:
    ctx.store.put(METERS, body, key=body["slug"])


def _feature(ctx: Context, body: Doc) -> None:
    """Of the two spellings of filters one is stored, as everywhere."""
    feature = {name: value for name, value in body.items() if name != "meterGroupByFilters"}
    if "meterSlug" in body:
        meter = ctx.store.first(METERS, Where(keys=[body["meterSlug"]]))
        feature["meterId"] = meter["id"] if meter else NOWHERE
    if "meterGroupByFilters" in body and "advancedMeterGroupByFilters" not in body:
        filters = body["meterGroupByFilters"]
        feature["advancedMeterGroupByFilters"] = {name: {"$eq": value} for name, value in filters.items()}
    ctx.store.put(FEATURES, feature, key=body["key"], parent=feature.get("meterId"))


def _addon(ctx: Context, body: Doc) -> None:
    cards = _cards(ctx, body["rateCards"], _written(body))
    ctx.store.put(ADDONS, {**body, "rateCards": cards}, key=body["key"])


def _plan(ctx: Context, body: Doc) -> None:
    written = _written(body)
    phases = [{**phase, "rateCards": _cards(ctx, phase["rateCards"], written)} for phase in body["phases"]]
    ctx.store.put(PLANS, {**body, "phases": phases}, key=body["key"])


def _written(version: Doc) -> datetime:
    """When a version's rate cards were last bound to features: publishing is refused where that is not so any more."""
    return parse_instant(version.get("effectiveFrom") or version["updatedAt"])


def _cards(ctx: Context, cards: Iterable[Doc], written: datetime) -> list[Doc]:
    found = []
    for card in cards:
        _note_tax_code(ctx, card.get("taxConfig") or {})
        bound = {"featureId": _bound(ctx, card["featureKey"], written)} if "featureKey" in card else {}
        found.append({"price": None, "billingCadence": None, **card, **bound})
    return found


def _bound(ctx: Context, key: str, written: datetime) -> str:
    """The feature with this key that was there at that time: a younger one has another id."""
    features = ctx.store.find(FEATURES, Where(keys=[key], live=None), order="createdAt", descending=True)
    older = (feature["id"] for feature in features if parse_instant(feature["createdAt"]) <= written)
    return next(older, NOWHERE)


def _note_tax_code(ctx: Context, config: Doc) -> None:
    if "taxCodeId" in config:
        stripe = config.get("stripe", {}).get("code", "")
        _tax_code(ctx, {"id": config["taxCodeId"], "stripe": stripe})


def _assignment(ctx: Context, body: Doc) -> None:
    """Neither the add-on inside nor what is found wrong is stored: both are looked up at every read."""
    addon_id = body["addon"]["id"]
    plan = ctx.store.get(PLANS, body["planId"])
    if plan is None or ctx.store.get(ADDONS, addon_id) is None:
        return
    own = {name: value for name, value in body.items() if name not in ("addon", "validationErrors")}
    times = present(plan, ["createdAt", "updatedAt"])
    assignment = {"id": ctx.new_id(), **times, **own, "addonId": addon_id}
    ctx.store.put(ASSIGNMENTS, assignment, key=addon_id, parent=body["planId"])


def _channel(ctx: Context, body: Doc) -> None:
    ctx.store.put(CHANNELS, body, key="disabled" if body["disabled"] else "enabled")
    endpoint = {"id": body["id"], "secret": body.get("signingSecret", ""), "rotations": [], "rules": []}
    if "deletedAt" not in body:
        ctx.store.put(WEBHOOKS, endpoint)


def _rule(ctx: Context, body: Doc) -> None:
    """A read shows the enabled channels only, so that is all it has here."""
    rule = {**body, "channels": sorted(channel["id"] for channel in body["channels"])}
    if "features" in body:
        rule["features"] = [feature["id"] for feature in body["features"]]
    ctx.store.put(RULES, rule, key="disabled" if body["disabled"] else "enabled")
    for channel_id in rule["channels"] if "deletedAt" not in body else []:
        endpoint = ctx.store.get(WEBHOOKS, channel_id)
        if endpoint is not None:
            ctx.store.put(WEBHOOKS, {**endpoint, "rules": [*endpoint["rules"], body["id"]]})


def _app(ctx: Context, body: Doc) -> None:
    ctx.store.put(APPS, body, key=body["type"])


def _profile(ctx: Context, body: Doc) -> None:
    """All three apps of a profile are the same one; one that is not listed any more was uninstalled."""
    app_id = body["apps"]["invoicing"]["id"]
    if ctx.store.get(APPS, app_id) is None:
        gone = {**present(body, ["createdAt", "updatedAt"]), "type": CUSTOM_INVOICING, "name": "", "status": "ready"}
        _app(ctx, {"id": app_id, **gone, "deletedAt": body["updatedAt"]})
    _note_tax_code(ctx, body["workflow"].get("invoicing", {}).get("defaultTaxConfig") or {})
    profile = {name: value for name, value in body.items() if name != "apps"}
    key = "default" if body["default"] else None
    ctx.store.put(PROFILES, {**profile, "app": app_id}, key=key, parent=app_id)


_RESTORERS: Final[Mapping[str, Callable[[Context, Doc], None]]] = {
    TAX_CODES: _tax_code,
    METERS: _meter,
    FEATURES: _feature,
    ADDONS: _addon,
    PLANS: _plan,
    ASSIGNMENTS: _assignment,
    CHANNELS: _channel,
    RULES: _rule,
    APPS: _app,
    PROFILES: _profile,
}
"""In the order in which one needs the other."""
