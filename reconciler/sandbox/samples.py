"""The invented contents of a rule's test message (OpenMeter v1)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from reconciler.sandbox.clock import rfc3339
from reconciler.sandbox.jsontext import Doc

_NEVER: Final = "0001-01-01T00:00:00Z"
_METADATA: Final = {"test-metadata-key": "test-metadata-value"}
_CUSTOMER_ID: Final = "01J5AW2XS6DYHH7E9PNJSQJ341"
_FEATURE_ID: Final = "01J5AVN2T6S0RDGJHVNN0BW3F5"
_ATTRIBUTION: Final = {"subjectKeys": ["test-subject-1"]}


def entitlement(now: datetime, *, with_threshold: bool) -> Doc:
    """What a message about a balance says; the period it tells runs from a day to half a day ago."""
    start, end = rfc3339(now - timedelta(days=1)), rfc3339(now - timedelta(hours=12))
    threshold = {"threshold": {"type": "PERCENT", "value": 50}} if with_threshold else {}
    return {
        "customer": {
            "id": _CUSTOMER_ID,
            "key": "test-customer-1",
            "name": "Test Customer 1",
            "createdAt": start,
            "updatedAt": end,
            "usageAttribution": _ATTRIBUTION,
        },
        "entitlement": _entitlement(start, end),
        "feature": {
            "id": _FEATURE_ID,
            "key": "test-feature-1",
            "name": "test-meter-1",
            "meterSlug": "test-meter-1",
            "metadata": _METADATA,
            "createdAt": start,
            "updatedAt": end,
        },
        "subject": {
            "id": "01J5AW0ZD6T8624PCK0Q5TYX71",
            "key": "test-subject-1",
            "displayName": "Test Subject 1",
            "metadata": _METADATA,
            "stripeCustomerId": _CUSTOMER_ID,
            # The server confuses the two.
            "currentPeriodStart": end,
            "currentPeriodEnd": start,
            "createdAt": _NEVER,
            "updatedAt": _NEVER,
        },
        "value": {"balance": 10000, "hasAccess": True, "overage": 99, "usage": 5001},
        **threshold,
    }


def invoice(now: datetime, ids: list[str], profile: Doc) -> Doc:
    """A draft invoice over 1,000 US dollars; `ids` are those of invoice, customer and line."""
    invoice_id, customer_id, line_id = ids
    instant, day = rfc3339(now), now.replace(microsecond=0)
    period = {"from": rfc3339(day - timedelta(days=30)), "to": rfc3339(day)}
    shared = {"currency": "USD", "invoice": {"id": invoice_id}, "period": period, "totals": _totals()}
    return {
        "id": invoice_id,
        "type": "standard",
        "number": "TEST-INV-1",
        "currency": "USD",
        "status": "draft",
        "statusDetails": {
            "availableActions": {},
            "extendedStatus": "draft.created",
            "failed": False,
            "immutable": False,
        },
        "customer": {
            "id": customer_id,
            "key": "test-customer-1",
            "name": "Test Customer",
            "usageAttribution": _ATTRIBUTION,
        },
        "supplier": {"name": "OpenMeter", "addresses": [{"country": "US"}]},
        **dict.fromkeys(("createdAt", "updatedAt", "collectionAt", "draftUntil"), instant),
        "dueAt": rfc3339(day + timedelta(days=30)),
        "period": period,
        "totals": _totals(),
        "lines": [_line(line_id, instant, rfc3339(day), shared)],
        "workflow": {
            "apps": profile["apps"],
            "sourceBillingProfileId": profile["id"],
            "workflow": profile["workflow"],
        },
    }


def _entitlement(start: str, end: str) -> Doc:
    return {
        "id": "01J5AVNM7H1PT65RDFWGXXPT47",
        "type": "metered",
        "subjectKey": "test-subject-1",
        "featureId": _FEATURE_ID,
        "featureKey": "test-feature-1",
        "isSoftLimit": False,
        "isUnlimited": True,
        "issueAfterReset": 10,
        "issueAfterResetPriority": 5,
        "preserveOverageAtReset": True,
        "currentUsagePeriod": {"from": start, "to": end},
        "usagePeriod": {"anchor": start, "interval": "DAY", "intervalISO": "P1D"},
        "metadata": _METADATA,
        "createdAt": start,
        "updatedAt": end,
        **dict.fromkeys(("activeFrom", "lastReset", "measureUsageFrom"), _NEVER),
    }


def _line(line_id: str, instant: str, day: str, shared: Doc) -> Doc:
    """A flat fee, once as it was ordered and once as it was split."""
    price = {"type": "flat", "amount": "1000", "paymentTerm": "in_advance"}
    common = {**shared, "name": "test flat fee", "invoiceAt": day}
    detail = {
        **common,
        "id": "",
        "type": "flat_fee",
        "category": "regular",
        "managedBy": "system",
        "status": "detailed",
        "paymentTerm": "in_advance",
        "perUnitAmount": "1000",
        "quantity": "1",
        "rateCard": {"price": price, "quantity": "1"},
        "createdAt": _NEVER,
        "updatedAt": _NEVER,
    }
    return {
        **common,
        "id": line_id,
        "type": "usage_based",
        "managedBy": "manual",
        "status": "valid",
        "price": price,
        "rateCard": {"price": price},
        "createdAt": instant,
        "updatedAt": instant,
        "children": [detail],
    }


def _totals() -> Doc:
    nothing = ("chargesTotal", "creditsTotal", "discountsTotal", "taxesExclusiveTotal", "taxesInclusiveTotal")
    return {"amount": "1000", **dict.fromkeys((*nothing, "taxesTotal"), "0"), "total": "1000"}
