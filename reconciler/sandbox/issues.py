"""Validation issues of the catalogue: what each code says, and the two shapes they are shown in.

A critical issue refuses a write. A warning is accepted on a draft, is shown by every read and
refuses publishing. Source: OpenMeter v1, issue codes of plans, add-ons and rate cards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from reconciler.sandbox.http import Problem
from reconciler.sandbox.jsontext import Doc

_HTTP_STATUS: Final = "commonhttp.httpAttributeKey:openmeter.http.status_code"
"""An internal attribute of the server that leaks into its answers."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding; `field` is the JSONPath without its `$.`, an empty `code` marks an uncoded rule."""

    message: str
    field: str = ""
    code: str = ""
    critical: bool = True
    has_status: bool = False

    def under(self, *path: str) -> Issue:
        """The same issue, found below a path; a coded issue without a field of its own gets none."""
        if self.code and not self.field:
            return self
        return replace(self, field=".".join(part for part in (*path, self.field) if part))

    def refusal(self) -> Doc:
        """An entry of a problem's `extensions.validationErrors`."""
        entry = {"code": self.code, "field": f"$.{self.field}" if self.field else "", "message": self.message}
        shown = {name: value for name, value in entry.items() if value}
        status = {_HTTP_STATUS: 400} if self.has_status else {}
        return {**shown, "severity": "critical" if self.critical else "warning", **status}

    def finding(self) -> Doc:
        """An entry of an object's `validationErrors`, which shows no severity but keeps its fields."""
        status = {"attributes": {_HTTP_STATUS: 400}} if self.has_status else {}
        field = f"$.{self.field}" if self.field else ""
        return {"code": self.code, "field": field, "message": self.message, **status}


def selected(collection: str, key: str) -> str:
    """The step of a field path that picks an item by its key."""
    return f"{collection}[?(@.key=='{key}')]"


def issue(code: str) -> Issue:
    """The issue with this code, at its own field."""
    return _BY_CODE[code]


def uncoded(message: str, field: str = "") -> Issue:
    """A violation of a rule that has no code: always critical."""
    return Issue(message, field)


def refusal(found: Iterable[Issue], resource: str) -> Problem:
    """400 `invalid plan` or `invalid add-on`, with the issues as extensions."""
    errors = [each.refusal() for each in found]
    return Problem(400, f"invalid {resource}", extensions={"validationErrors": errors})


def refuse(found: Iterable[Issue], resource: str) -> None:
    """Raise the refusal if anything was found."""
    listed = list(found)
    if listed:
        raise refusal(listed, resource)


def refuse_critical(found: Iterable[Issue], resource: str) -> None:
    """Raise the refusal for the critical issues; warnings are not mentioned (draft writes)."""
    refuse((each for each in found if each.critical), resource)


def shown(found: Sequence[Issue]) -> list[Doc] | None:
    """The `validationErrors` of an object: null, never an empty list, when there are none."""
    return [each.finding() for each in found] or None


def _warning(code: str, field: str, message: str, *, has_status: bool = True) -> Issue:
    return Issue(message, field, code, critical=False, has_status=has_status)


def _critical(code: str, field: str, message: str, *, has_status: bool = True) -> Issue:
    return Issue(message, field, code, critical=True, has_status=has_status)


_CADENCES: Final = "P1W, P2W, P4W, P1M, P3M, P6M, P12M, P1Y"

_ISSUES: Final = (
    _critical("rate_card_feature_not_found", "featureKey", "feature not found"),
    _critical("rate_card_duplicated_key", "key", "duplicated key", has_status=False),
    _critical("rate_card_key_feature_key_mismatch", "key", "rate card key must match feature key"),
    _critical(
        "plan_billing_cadence_invalid",
        "billingCadence",
        f"billing cadence must be one of the following: {_CADENCES}",
    ),
    _critical("plan_phase_duplicated_key", "key", "duplicated key"),
    _critical("addon_invalid_status", "status", "invalid status"),
    _critical("addon_invalid_status_for_publish", "status", "only draft add-ons can be published"),
    _warning("plan_has_incompatible_addon", "", "plan has incompatible add-on assignment"),
    _warning("plan_phase_has_no_rate_cards", "rateCards", "plan phase must have at least one rate card"),
    _warning("plan_phase_with_negative_duration", "duration", "duration must be positive"),
    _warning("plan_phase_duration_less_then_an_hour", "duration", "duration must be at least 1 hour"),
    _warning(
        "plan_has_non_last_phase_with_no_duration",
        "duration",
        "duration must be set for plan phase if it is not the last one",
    ),
    _warning("plan_has_last_phase_with_duration", "duration", "duration must not be set for the last plan phase"),
    _warning(
        "billing_cadence_invalid_value",
        "billingCadence",
        "billing cadence must be positive and 1 hour long duration at least",
    ),
    _warning(
        "rate_card_billing_cadence_unaligned",
        "billingCadence",
        "ratecards with prices must have compatible billing cadence",
    ),
    _warning(
        "rate_card_multiple_billing_cadence",
        "billingCadence",
        "ratecards with prices must have the exact same billing cadence",
    ),
    _warning(
        "usage_based_price_with_no_feature",
        "featureKey",
        "usage-based price requires feature to be associated with",
    ),
    _warning(
        "usage_based_price_with_feature_and_no_meter",
        "featureKey",
        "usage-based price requires feature with meter to be associated with",
    ),
    _warning("usage_discount_negative_quantity", "quantity", "usage must be greater than 0"),
    _warning("usage_discount_with_flat_price", "", "usage discount is not supported for flat price"),
    _warning(
        "entitlement_template_with_no_feature",
        "featureKey",
        "entitlement template requires feature to be associated with",
    ),
    _warning(
        "entitlement_template_issue_after_reset_required",
        "entitlementTemplate.issueAfterReset",
        "issueAfterReset is required for metered entitlement templates",
    ),
    _warning(
        "entitlement_template_invalid_issue_after_reset_with_priority",
        "issueAfterReset",
        "invalid entitlement template as issue after reset is required if issue after reset priority is set",
    ),
    _warning(
        "entitlement_template_negative_usage_period",
        "usagePeriod",
        "usage period must be positive",
        has_status=False,
    ),
    _warning(
        "entitlement_template_usage_period_less_then_an_hour",
        "usagePeriod",
        "usage period must be at least 1 hour",
    ),
    _warning("addon_has_no_rate_cards", "rateCards", "add-on must have at least one rate card"),
    _warning(
        "addon_invalid_ratecard_price_for_multi_instance",
        "price",
        "only free or flat price ratecards are allowed for add-on with multiple instance type",
    ),
    _warning("plan_addon_incompatible_status", "status", "plan status is incompatible with the addon status"),
    _warning(
        "plan_addon_max_quantity_must_be_set",
        "maxQuantity",
        "maximum quantity, when set, must be a positive integer for add-ons with multiple instance type",
    ),
    _warning(
        "plan_addon_max_quantity_must_not_be_set",
        "maxQuantity",
        "maximum quantity must not be set for add-on with single instance type",
    ),
    _warning(
        "plan_addon_unknown_plan_phase_key",
        "fromPlanPhase",
        "add-on must define valid/existing plan phase key from which the add-on is available for purchase",
        has_status=False,
    ),
    _warning("plan_addon_currency_mismatch", "currency", "add-on cannot change an existing rate card's currency"),
    _warning("plan_multiple_fiat_currencies", "currency", "plan cannot contain more than one fiat currency"),
    _warning("rate_card_price_type_mismatch", "price", "price type must match", has_status=False),
    _warning("rate_card_price_payment_term_mismatch", "price", "price payment term must match", has_status=False),
    _warning("rate_card_only_flat_price_allowed", "price", "only flat price is allowed", has_status=False),
    _warning("rate_card_feature_id_mismatch", "featureId", "feature identifiers id must match"),
    _warning("rate_card_feature_key_mismatch", "featureKey", "feature key must match"),
    _warning("rate_card_billing_cadence_mismatch", "billingCadence", "billing cadence must match"),
    _warning("rate_card_entitlement_template_type_mismatch", "type", "entitlement template type must match"),
    _warning(
        "rate_card_static_entitlement_template_not_allowed",
        "type",
        "static entitlement template is not allowed",
        has_status=False,
    ),
    _warning(
        "rate_card_metered_entitlement_template_usage_period_mismatch",
        "usagePeriod",
        "usage period for metered entitlement template must match",
    ),
    _warning(
        "rate_card_percentage_discount_not_allowed",
        "percentage",
        "percentage discount is not allowed",
        has_status=False,
    ),
)
_BY_CODE: Final = {each.code: each for each in _ISSUES}
