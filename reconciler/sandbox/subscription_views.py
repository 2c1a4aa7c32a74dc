"""How a subscription looks at a moment: its status, its short form, and which ones are active."""

from __future__ import annotations

from datetime import datetime

from reconciler.sandbox.clock import parse_instant
from reconciler.sandbox.context import Context
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.store import Where
from reconciler.sandbox.tables import SUBSCRIPTIONS
from reconciler.sandbox.values import present

_OPTIONAL = ("activeTo", "annotations", "description", "metadata")
_FIELDS = (
    "id",
    "activeFrom",
    "customerId",
    "currency",
    "name",
    "plan",
    "createdAt",
    "updatedAt",
    "billingCadence",
    "billingAnchor",
    "proRatingConfig",
    "settlementMode",
)


def moment(ctx: Context) -> datetime:
    """The time at which a read looks at subscriptions."""
    return parse_instant(ctx.present())


def starts(part: Doc) -> datetime:
    """When a subscription, phase or item begins."""
    return parse_instant(part["activeFrom"])


def ends(part: Doc) -> datetime | None:
    """When it ends, if that is known."""
    return parse_instant(part["activeTo"]) if "activeTo" in part else None


def is_active(part: Doc, at: datetime) -> bool:
    """Whether the moment lies within; the end itself does not."""
    end = ends(part)
    return starts(part) <= at and (end is None or end > at)


def status(subscription: Doc, at: datetime) -> str:
    """`canceled` means that an end is set but not reached yet."""
    if starts(subscription) > at:
        return "scheduled"
    if not is_active(subscription, at):
        return "inactive"
    return "canceled" if "activeTo" in subscription else "active"


def short_view(subscription: Doc, at: datetime) -> Doc:
    """The form without phases, as in lists and in the answers to most writes."""
    return {
        **present(subscription, _FIELDS),
        **present(subscription, _OPTIONAL),
        "status": status(subscription, at),
        "alignment": {"billablesMustAlign": True},
        "costBasisMode": "dynamic",
        "costBasisPins": [],
    }


def subscriptions_of(ctx: Context, customer_id: str) -> list[Doc]:
    """All subscriptions a customer ever had, oldest first."""
    return ctx.store.find(SUBSCRIPTIONS, Where(parent=customer_id))


def active_subscriptions(ctx: Context, customer_id: str) -> list[Doc]:
    """Those that are running now."""
    at = moment(ctx)
    return [each for each in subscriptions_of(ctx, customer_id) if is_active(each, at)]


def subscribers_of_plan(ctx: Context, plan_key: str) -> list[str]:
    """The ids of the customers with a running subscription to any version of a plan."""
    at = moment(ctx)
    found = ctx.store.find(SUBSCRIPTIONS, Where(keys=[plan_key]))
    return sorted({each["customerId"] for each in found if is_active(each, at)})


def uses_feature(ctx: Context, key: str) -> bool:
    """Whether a running or coming subscription has the feature in any phase, even a past one.

    Such a feature cannot be archived (OpenMeter v1, feature DELETE).
    """
    at = moment(ctx)
    found = ctx.store.find(SUBSCRIPTIONS, Where(contains={"phases": f'"featureKey":"{key}"'}))
    return any((end := ends(each)) is None or end > at for each in found)


def priced_items(subscription: Doc) -> list[Doc]:
    """The items that are billed for."""
    return [item for phase in subscription["phases"] for item in phase["items"] if item["price"] is not None]


def has_entitlements(subscription: Doc) -> bool:
    """Whether anything in it grants access to a feature."""
    return any("entitlement" in item for phase in subscription["phases"] for item in phase["items"])
