"""Somebody who stands in for customers nobody has listed, where only that there are some is known.

How many there are changes no answer of the server: one pins a feature or a billing profile like a thousand.
"""

from __future__ import annotations

from reconciler.sandbox.context import Context
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.profiles import pin
from reconciler.sandbox.store import Where
from reconciler.sandbox.subscription_making import put_subscription
from reconciler.sandbox.tables import CUSTOMERS, PLANS
from reconciler.sandbox.values import present


def subscribe(ctx: Context, plan_key: str) -> None:
    """A customer on every version of a plan that was ever published: which ones have subscribers is not known."""
    customer = _customer(ctx)
    for version in ctx.store.find(PLANS, Where(keys=[plan_key], live=None)):
        if version["status"] != "draft":
            put_subscription(ctx, _subscription(ctx, customer, version))


def pin_somebody(ctx: Context, profile_id: str) -> None:
    """A customer who is billed by this profile."""
    pin(ctx, _customer(ctx)["id"], profile_id, None)


def _customer(ctx: Context) -> Doc:
    customer = {**ctx.born(), "name": "stand-in", "metadata": {}, "subjectKeys": [], "billingAddress": {}}
    return ctx.store.put(CUSTOMERS, customer)


def _subscription(ctx: Context, customer: Doc, version: Doc) -> Doc:
    start = version.get("effectiveFrom") or version["createdAt"]
    terms = present(version, ["name", "currency", "billingCadence", "proRatingConfig", "settlementMode"])
    return {
        **ctx.born(),
        "activeFrom": start,
        "billingAnchor": start,
        "customerId": customer["id"],
        "plan": present(version, ["id", "key", "version"]),
        **terms,
        "phases": [_phase(phase) for phase in version["phases"]],
    }


def _phase(phase: Doc) -> Doc:
    items = [{**present(card, ["key", "name", "featureKey"]), "price": card["price"]} for card in phase["rateCards"]]
    return {**present(phase, ["key", "name"]), "items": items}
