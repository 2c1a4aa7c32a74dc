"""What a customer may use now (OpenMeter v1, customer access), as long as nothing was used."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from reconciler.sandbox import jsontext
from reconciler.sandbox.context import Context
from reconciler.sandbox.customers import customer_by_id_or_key, live_customer
from reconciler.sandbox.http import Request, Response
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.subscription_views import active_subscriptions, is_active, moment

routes: Final = Routes()


@routes.get("/api/v1/customers/{id_or_key}/access")
def get_access(ctx: Context, request: Request, id_or_key: str) -> Response:  # noqa: ARG001
    """The entitlements of the running phases of the running subscriptions, by feature."""
    customer, at = live_customer(customer_by_id_or_key(ctx, id_or_key)), moment(ctx)
    items = [
        item
        for subscription in active_subscriptions(ctx, customer["id"])
        for phase in subscription["phases"]
        if is_active(phase, at)
        for item in phase["items"]
        if "entitlement" in item
    ]
    entitlements = {item["featureKey"]: _value(item["entitlement"]) for item in items}
    return Response(200, {"entitlements": dict(sorted(entitlements.items()))})


def _value(entitlement: Doc) -> Doc:
    template = entitlement["template"]
    if template["type"] == "static":
        return {"hasAccess": True, "config": _as_stored(template["config"])}
    if template["type"] != "metered":
        return {"hasAccess": True}
    issued = jsontext.number(Decimal(template["issueAfterReset"]))
    # No access is told by leaving the field out.
    access = {"hasAccess": True} if issued > 0 or template.get("isSoftLimit", False) else {}
    return {
        **access,
        "balance": issued,
        "overage": 0,
        "totalAvailableGrantAmount": issued,
        "usage": 0,
        # A grant has an id of its own on the server; here it shares that of its entitlement.
        "grantBalances": {entitlement["id"]: issued} if issued else {},
    }


def _as_stored(config: str) -> str:
    """The database keeps a configuration parsed: short names come first, and one blank after each mark."""
    return jsontext.spaced(_ordered(jsontext.loads(config)))


def _ordered(value: jsontext.Json) -> jsontext.Json:
    match value:
        case dict():
            names = sorted(value, key=lambda name: (len(name.encode()), name.encode()))
            return {name: _ordered(value[name]) for name in names}
        case list():
            return [_ordered(item) for item in value]
        case _:
            return value
