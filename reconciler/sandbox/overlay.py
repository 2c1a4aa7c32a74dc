"""Whether an add-on fits a plan (OpenMeter v1, plan add-on compatibility)."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.sandbox.alignment import aligned
from reconciler.sandbox.issues import Issue, issue, selected
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.prices import is_flat


def assignment_issues(plan: Doc, addon: Doc, assignment: Doc) -> list[Issue]:
    """Everything wrong with an assignment; asked by its PUT, by every read and by the plan's publishing.

    Creating one asks only `currency_issues`.
    """
    found: list[Issue] = []
    if plan["status"] not in ("draft", "active"):
        found.append(issue("plan_addon_incompatible_status").under("plan"))
    if addon["status"] != "active":
        found.append(issue("plan_addon_incompatible_status").under("addon"))
    found.extend(_quantity_issues(addon, assignment))
    found.extend(_cadence_issues(plan, addon))
    phases = _phases_from(plan, assignment["fromPlanPhase"])
    if not phases:
        return [*found, issue("plan_addon_unknown_plan_phase_key")]
    for phase in phases:
        found.extend(each.under("addon") for each in _overlay_issues(phase, addon))
    return found + currency_issues(plan, addon, assignment["fromPlanPhase"])


def currency_issues(plan: Doc, addon: Doc, from_phase: str) -> list[Issue]:
    """An add-on in another currency, said once for itself and once per priced rate card and phase."""
    if plan["currency"] == addon["currency"]:
        return []
    found = [issue("plan_multiple_fiat_currencies").under("addon")]
    for phase in _phases_from(plan, from_phase):
        priced = {card["key"] for card in phase["rateCards"] if card["price"] is not None}
        for card in addon["rateCards"]:
            if card["price"] is None:
                continue
            code = "plan_addon_currency_mismatch" if card["key"] in priced else "plan_multiple_fiat_currencies"
            found.append(issue(code).under("addon", selected("ratecards", card["key"]), "currency"))
    return found


def _phases_from(plan: Doc, key: str) -> list[Doc]:
    """The phase with this key and all after it; none if there is no such phase."""
    keys = [phase["key"] for phase in plan["phases"]]
    return list(plan["phases"][keys.index(key) :]) if key in keys else []


def _quantity_issues(addon: Doc, assignment: Doc) -> list[Issue]:
    if "maxQuantity" not in assignment:
        return []
    if addon["instanceType"] == "single":
        return [issue("plan_addon_max_quantity_must_not_be_set")]
    return [issue("plan_addon_max_quantity_must_be_set")] if assignment["maxQuantity"] <= 0 else []


def _cadence_issues(plan: Doc, addon: Doc) -> list[Issue]:
    """Free rate cards are asked too, unlike in the plan itself; the first misfit is the only one named."""
    cadences = [card["billingCadence"] for card in addon["rateCards"]]
    misfits = (cadence for cadence in cadences if cadence and not aligned(plan["billingCadence"], cadence))
    return [issue("rate_card_billing_cadence_unaligned") for _ in range(any(misfits))]


def _overlay_issues(phase: Doc, addon: Doc) -> Iterator[Issue]:
    """A rate card of the add-on lies over the phase's rate card with the same key, if there is one."""
    by_key = {card["key"]: card for card in phase["rateCards"]}
    for overlay in addon["rateCards"]:
        base = by_key.get(overlay["key"])
        if base is not None:
            path = selected("ratecards", base["key"])
            yield from (each.under(path) for each in _pair_issues(base, overlay))


def _pair_issues(base: Doc, overlay: Doc) -> Iterator[Issue]:
    if base["price"] is not None and overlay["price"] is not None:
        yield from _price_issues(base, overlay)
    for name, code in (
        ("featureKey", "rate_card_feature_key_mismatch"),
        ("featureId", "rate_card_feature_id_mismatch"),
        ("billingCadence", "rate_card_billing_cadence_mismatch"),
    ):
        if base.get(name) and overlay.get(name) and base[name] != overlay[name]:
            yield issue(code)
    yield from _template_issues(base, overlay)
    if all("percentage" in card.get("discounts", {}) for card in (base, overlay)):
        yield issue("rate_card_percentage_discount_not_allowed").under("discounts")


def _price_issues(base: Doc, overlay: Doc) -> Iterator[Issue]:
    if base["price"]["type"] != overlay["price"]["type"]:
        yield issue("rate_card_price_type_mismatch")
    if not is_flat(base["price"]):
        yield issue("rate_card_only_flat_price_allowed")
    elif _term(base) != _term(overlay):
        yield issue("rate_card_price_payment_term_mismatch")


def _term(card: Doc) -> str | None:
    """The payment term as the server compares it: none of a price that is not flat, or was sent without on usage."""
    return None if "termNotSent" in card else card["price"].get("paymentTerm")


def _template_issues(base: Doc, overlay: Doc) -> Iterator[Issue]:
    one, other = base.get("entitlementTemplate"), overlay.get("entitlementTemplate")
    if one is None or other is None:
        return
    if one["type"] != other["type"]:
        yield issue("rate_card_entitlement_template_type_mismatch").under("entitlementTemplate")
    elif one["type"] == "static":
        yield issue("rate_card_static_entitlement_template_not_allowed").under("entitlementTemplate")
    elif one["type"] == "metered" and one["usagePeriod"] != other["usagePeriod"]:
        code = "rate_card_metered_entitlement_template_usage_period_mismatch"
        yield issue(code).under("entitlementTemplate")
